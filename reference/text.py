"""Text: words, and a number for each word.

Keras calls one of these functions `one_hot`. It is NOT one-hot encoding: it gives one whole number
a word, the id that an embedding looks up, and two words may get the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from reference.clause import reading
from reference.errors import Refused
from reference.outcomes import Codes
from reference.sources import keras, keras_preprocessing, tf_keras

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
"""The characters that are filtered unless told otherwise: ASCII punctuation but for ', tab and newline."""

HASHES: dict[str, Callable[[str], int]] = {
    "md5": lambda word: int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16),
    "length": len,
    "minus length": lambda word: -len(word),
}
"""Hash functions that give the same number in every process: "md5" by name, the others as functions."""


@reading("text.words", "keras-2.2", source=keras_preprocessing("text.py", "text_to_word_sequence"))
@reading(
    "text.words",
    "keras-2",
    source=(
        keras("v2.15.0", "preprocessing/text.py", "text_to_word_sequence"),
        tf_keras("preprocessing/text.py", "text_to_word_sequence"),
    ),
)
@reading(
    "text.words", "keras-3", source=keras("v3.15.1", "legacy/preprocessing/text.py", "text_to_word_sequence")
)
def words(text: str, filters: str | list[str] | None, lower: bool, split: str) -> list[str]:
    r"""A text becomes the list of its words, in order, with repetitions.

    text: str. filters: characters that end a word, in a string or a list, None for the default.
    lower: whether case is lost.
    split: what separates words, one character or several. Returns a list of str.

    >>> words("The cat, the-dog!\tIt's  A.B\n", None, True, " ")
    ['the', 'cat', 'the', 'dog', "it's", 'a', 'b']

    [lower] With `lower` the text MUST be put in lower case, before it is filtered; without it the
        case of every word MUST stay.
    [filters] Every character of `filters` MUST end a word just as `split` does.
    [default] Without filters of one's own they MUST be the ASCII punctuation except ', and tab and
        newline.
    [split] The text MUST be cut at each `split`, and at no other space.
    [order] Words MUST stay in order, with their repetitions, and there MUST be no empty word.
    """
    if lower:
        text = text.lower()  # [lower]
    ending = set(FILTERS if filters is None else filters)  # [default]
    text = "".join(split if character in ending else character for character in text)  # [filters]
    return [word for word in text.split(split) if word]  # [split] [order]


@reading("text.hashing", "keras-2.2", source=keras_preprocessing("text.py", "hashing_trick"))
@reading(
    "text.hashing",
    "keras-2",
    source=(
        keras("v2.15.0", "preprocessing/text.py", "hashing_trick"),
        tf_keras("preprocessing/text.py", "hashing_trick"),
    ),
)
@reading("text.hashing", "keras-3", source=keras("v3.15.1", "legacy/preprocessing/text.py", "hashing_trick"))
def hashing(
    text: str, n: int, hash_function: str, filters: str | list[str] | None, lower: bool, split: str
) -> list[int]:
    """Each word of a text becomes a number from 1 to n - 1, the remainder of its hash.

    text, filters, lower, split: as for `text.words`. n: int > 1, the size of the hashing space.
    hash_function: name of one of `HASHES`. Returns a list of int.

    >>> hashing("the cat sat on the mat", 50, "md5", None, True, " ")
    [43, 32, 29, 3, 43, 29]

    [words] There MUST be one number for each word of `text.words`, in order.
    [range] 0 is reserved: a number MUST be 1 + (hash mod (n - 1)), the remainder never negative.
    [md5] The hash "md5" MUST be the MD5 digest of the word in UTF-8, read as one whole number.
    [one] With n = 1 there is no number to give, and a text with a word MUST be refused.
    """
    found = words(text, filters, lower, split)  # [words]
    if n == 1 and found:
        raise Refused(
            f"n = {n} leaves no number for {found[0]!r}", shows_as=("ZeroDivisionError", "ValueError")
        )  # [one]
    hashed = [HASHES[hash_function](word) for word in found]  # [md5]
    return [1 + value % (n - 1) for value in hashed]  # [range]


@reading("text.one-hot", "keras-2.2", source=keras_preprocessing("text.py", "one_hot"))
@reading(
    "text.one-hot",
    "keras-2",
    source=(
        keras("v2.15.0", "preprocessing/text.py", "one_hot"),
        tf_keras("preprocessing/text.py", "one_hot"),
    ),
)
@reading("text.one-hot", "keras-3", source=keras("v3.15.1", "legacy/preprocessing/text.py", "one_hot"))
def one_hot(
    text: str, n: int, filters: str | list[str] | None, lower: bool, split: str, spelling: str
) -> Codes:
    """`one_hot` gives one whole number a word, never a vector: it is not one-hot encoding.

    text, n, filters, lower, split: as for `text.hashing`.
    spelling: "one_hot" calls one_hot(text, n); "hash" calls hashing_trick with Python's hash;
    "default" calls hashing_trick without a hash function.
    Returns a list of int.

    [numbers] The outcome MUST be a flat list with one int a word, in order: no zeros and ones.
    [range] Every number MUST lie in 1 … n - 1, although the documentation of `one_hot` says [1, n].
    [same] Equal words MUST get equal numbers; different words may collide.
    [hash] The three spellings MUST give the same numbers in one process: the hash is Python's own.
    """
    found = tuple(words(text, filters, lower, split))  # [numbers]
    return Codes(found, 1, n - 1)  # [range] [same] [hash]


@reading("text.processes", "keras-2.2", source=keras_preprocessing("text.py", "hashing_trick"))
@reading(
    "text.processes",
    "keras-2",
    source=(
        keras("v2.15.0", "preprocessing/text.py", "hashing_trick"),
        tf_keras("preprocessing/text.py", "hashing_trick"),
    ),
)
@reading(
    "text.processes", "keras-3", source=keras("v3.15.1", "legacy/preprocessing/text.py", "hashing_trick")
)
def processes(text: str, n: int, hash_seeds: tuple[int, int]) -> dict[str, bool]:
    """Numbers by "md5" are the same in every process, numbers by Python's `hash` are not.

    text: a dozen words or more. n: int, 2^30 or more, so that chance cannot make numbers equal.
    hash_seeds: the PYTHONHASHSEED of two fresh processes, different.
    Returns, for each of the two hashes, whether both processes gave the same numbers.

    [md5] With "md5" the numbers MUST be the same: they can be kept, and used at another time.
    [hash] With "hash", the default, the numbers MUST differ: a model trained on them is lost.
    """
    same = {"md5": True}  # [md5]
    return same | {"hash": False}  # [hash]
