"""Structures for the chapter text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.strategies.common import SEEDS
from conformance.structure import Structure

PIECES = (
    "the",
    "The",
    "cat",
    "it's",
    "A.B",
    "ab",
    "xaby",
    "Ünïcode",
    "İx",
    "日本",
    "x_y",
    "",
    "#",
    "a-b",
    "CAT",
    "e\u0301",
    "1,5",
)
GAPS = (" ", " ", " ", "  ", "\t", "\n", ",", "!", "-", "ab", "\r", "\u00a0", " .")


@dataclass(frozen=True)
class Text(Structure):
    """A text, and how it is cut into words.

    pieces: how many pieces the text is made of. lower, split: as the functions take them.
    filters: None for the default.
    """

    pieces: int
    filters: Any
    lower: bool
    split: str

    @property
    def options(self) -> dict[str, Any]:
        """The inputs beside the text."""
        filters = list(self.filters) if isinstance(self.filters, tuple) else self.filters
        return {"filters": filters, "lower": self.lower, "split": self.split}

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        parts = [random.choice(GAPS) + random.choice(PIECES) for _ in range(self.pieces)]
        return {"text": "".join(map(str, parts)), **self.options}

    @property
    def fillable(self) -> bool:
        return self.pieces > 0


@dataclass(frozen=True)
class Hashed(Text):
    """A text whose words become numbers. n: size of the hashing space."""

    n: int
    hash_function: str

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        return {**super().fill(random), "n": self.n, "hash_function": self.hash_function}


@dataclass(frozen=True)
class OneHot(Text):
    """A text for `one_hot`, in one of its spellings."""

    n: int
    spelling: str

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        return {**super().fill(random), "n": self.n, "spelling": self.spelling}


@dataclass(frozen=True)
class Processes(Structure):
    """Sixteen words for two fresh processes."""

    @property
    def fillable(self) -> bool:
        return False

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        text = " ".join(f"word{i}" for i in range(16))
        return {"text": text, "n": 2**40, "hash_seeds": (1, 2)}


_cut = {
    "seed": SEEDS,
    "pieces": st.sampled_from((6, 1, 0, 3, 12)),
    "filters": st.sampled_from((None, None, "", "a", "A", "ab", "#", "-_", ("a", "."))),
    "lower": st.booleans(),
    "split": st.sampled_from((" ", " ", "ab", ",", "-", "\n")),
}

texts = st.builds(Text, **_cut)
framed_texts = st.builds(Text, **{**_cut, "split": st.sampled_from((" ", ",", "-", "\n"))})
hashed = st.builds(
    Hashed,
    **_cut,
    n=st.sampled_from((50, 2, 3, 4, 10, 1, 1000)),
    hash_function=st.sampled_from(("md5", "length", "minus length")),
)
one_hots = st.builds(
    OneHot,
    **_cut,
    n=st.sampled_from((5, 2, 3, 50, 1000)),
    spelling=st.sampled_from(("one_hot", "hash", "default")),
)
processes = st.builds(Processes, seed=st.just(0))
