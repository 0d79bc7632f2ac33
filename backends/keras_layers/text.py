"""The operations of the chapter text, where a Keras still offers keras.preprocessing.text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from backends.base import Fault, operation
from backends.keras_layers.base import KerasBase

_KEEP = (
    "options = {} if filters is None else {'filters': filters}\noptions |= {'lower': lower, 'split': split}\n"
)
_HASHES = "hashes = {'md5': 'md5', 'length': len, 'minus length': lambda word: -len(word)}\n"
_ONE_HOT = """\
functions = keras.preprocessing.text
if spelling == "one_hot":
    actual = functions.one_hot(text, n, **options)
elif spelling == "hash":
    actual = functions.hashing_trick(text, n, hash_function=hash, **options)
else:
    actual = functions.hashing_trick(text, n, **options)"""

WITHOUT_TEXT = {
    clause: "outside TensorFlow, Keras 3 keeps keras.preprocessing.text only in its private "
    f"keras.src.legacy; {instead} is what replaces it"
    for clause, instead in {
        "text.words": "keras.layers.TextVectorization",
        "text.hashing": "keras.layers.Hashing",
        "text.one-hot": "keras.layers.Hashing",
        "text.processes": "keras.layers.Hashing",
    }.items()
}

PROCESS_LIMIT = 100.0
"""Seconds that a fresh process may take, the import of its framework included."""


class KerasText(KerasBase):
    """keras.preprocessing.text."""

    @property
    def text_functions(self) -> Any:
        """The module of the functions."""
        return self.keras.preprocessing.text

    @operation(
        "text.words",
        script=_KEEP + "actual = keras.preprocessing.text.text_to_word_sequence(text, **options)",
    )
    def text_words(self, text: str, filters: Any, lower: bool, split: str) -> Any:
        """The words of a text."""
        return self.text_functions.text_to_word_sequence(text, **_options(filters, lower, split))

    @operation(
        "text.hashing",
        script=_KEEP + _HASHES + "functions = keras.preprocessing.text\n"
        "actual = functions.hashing_trick(text, n, hash_function=hashes[hash_function], **options)",
    )
    def text_hashing(
        self, text: str, n: int, hash_function: str, filters: Any, lower: bool, split: str
    ) -> Any:
        """The numbers of the words."""
        hashes = {"md5": "md5", "length": len, "minus length": lambda word: -len(word)}
        return self.text_functions.hashing_trick(
            text, n, hashes[hash_function], **_options(filters, lower, split)
        )

    @operation("text.one-hot", script=_KEEP + _ONE_HOT)
    def text_one_hot(self, text: str, n: int, filters: Any, lower: bool, split: str, spelling: str) -> Any:
        """The numbers of the words, by Python's hash."""
        options = _options(filters, lower, split)
        if spelling == "one_hot":
            return self.text_functions.one_hot(text, n, **options)
        chosen = {"hash_function": hash} if spelling == "hash" else {}
        return self.text_functions.hashing_trick(text, n, **chosen, **options)

    @operation("text.processes")
    def text_processes(self, text: str, n: int, hash_seeds: tuple[int, int]) -> Any:
        """Whether two fresh processes give the same numbers, by md5 and by hash."""
        calls = ", ".join(
            f"keras.preprocessing.text.hashing_trick({text!r}, {n}, {h})" for h in ("'md5'", "hash")
        )
        script = f"{self.preamble}\nimport json\nprint(json.dumps([{calls}]))"
        running = [
            subprocess.Popen(
                [sys.executable, "-c", script],
                env=os.environ | {"PYTHONHASHSEED": str(seed)},
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            for seed in hash_seeds
        ]
        said = [process.communicate(timeout=PROCESS_LIMIT)[0] for process in running]
        if any(process.returncode for process in running):
            raise Fault("a fresh process did not come to its end")
        (md5, hashed), (md5_again, hashed_again) = map(json.loads, said)
        return {"md5": md5 == md5_again, "hash": hashed == hashed_again}


def _options(filters: Any, lower: bool, split: str) -> dict[str, Any]:
    """The keyword arguments; filters of None leave the default."""
    return {"lower": lower, "split": split} | ({} if filters is None else {"filters": filters})
