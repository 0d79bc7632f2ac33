"""Miniatures of the chapter text."""

from __future__ import annotations

from typing import Any

from backends.base import operation
from conformance.miniatures import Miniature
from reference import text as reference_text
from reference.text import FILTERS, HASHES


class CaseKept(Miniature):
    """`lower` has no effect."""

    dialect = "keras-2"
    clause = "text.words"
    law = "test_a_text_becomes_the_words_of_the_reading"
    notice = "The and the are two words"

    @operation("text.words")
    def cut(self, text: str, filters: Any, lower: bool, split: str) -> Any:
        return reference_text.words(text, filters, False, split)


class LoweredAfterFilters(Miniature):
    """The text is filtered first and put in lower case then."""

    dialect = "keras-2"
    clause = "text.words"
    law = "test_a_text_becomes_the_words_of_the_reading"
    notice = "an upper-case letter among the filters ends words that it should not"

    @operation("text.words")
    def cut(self, text: str, filters: Any, lower: bool, split: str) -> Any:
        found = reference_text.words(text, filters, False, split)
        return [word.lower() for word in found] if lower else found


class ApostropheFiltered(Miniature):
    """The default filters include the apostrophe."""

    dialect = "keras-2"
    clause = "text.words"
    law = "test_a_text_becomes_the_words_of_the_reading"
    notice = "it's becomes it and s"

    @operation("text.words")
    def cut(self, text: str, filters: Any, lower: bool, split: str) -> Any:
        return reference_text.words(text, FILTERS + "'" if filters is None else filters, lower, split)


class FiltersRemoved(Miniature):
    """Filtered characters are removed, and do not end a word."""

    dialect = "keras-2"
    clause = "text.words"
    law = "test_a_text_becomes_the_words_of_the_reading"
    notice = "a-b becomes ab"

    @operation("text.words")
    def cut(self, text: str, filters: Any, lower: bool, split: str) -> Any:
        ending = set(FILTERS if filters is None else filters) - set(split)
        kept = "".join(c for c in (text.lower() if lower else text) if c not in ending)
        return reference_text.words(kept, "", False, split)


class AnySpaceSplits(Miniature):
    """The text is cut at every kind of white space."""

    dialect = "keras-2"
    clause = "text.words"
    law = "test_a_text_becomes_the_words_of_the_reading"
    notice = "a no-break space ends a word, and a split of one's own is ignored"

    @operation("text.words")
    def cut(self, text: str, filters: Any, lower: bool, split: str) -> Any:
        return [part for word in reference_text.words(text, filters, lower, split) for part in word.split()]


class EmptyWordsKept(Miniature):
    """Two splits in a row make an empty word."""

    dialect = "keras-2"
    clause = "text.words"
    law = "test_a_split_before_and_after_the_text_changes_nothing"
    notice = "the id of the empty word is all over the corpus"

    @operation("text.words")
    def cut(self, text: str, filters: Any, lower: bool, split: str) -> Any:
        ending = set(FILTERS if filters is None else filters)
        return "".join(split if c in ending else c for c in (text.lower() if lower else text)).split(split)


class RangeFromZero(Miniature):
    """The numbers go from 0 to n - 1: the remainder by n."""

    dialect = "keras-2"
    clause = "text.hashing"
    law = "test_words_become_the_numbers_of_the_reading"
    notice = "words share the id of padding"

    @operation("text.hashing")
    def hashed(self, **inputs: Any) -> Any:
        reference_text.hashing(**inputs)
        return [value % inputs["n"] for value in _hashes(inputs)]


class RangeToN(Miniature):
    """The numbers go from 1 to n: one more than the remainder by n."""

    dialect = "keras-2"
    clause = "text.hashing"
    law = "test_words_become_the_numbers_of_the_reading"
    notice = "now and then an id is outside an embedding of n rows"

    @operation("text.hashing")
    def hashed(self, **inputs: Any) -> Any:
        reference_text.hashing(**inputs)
        return [1 + value % inputs["n"] for value in _hashes(inputs)]


class RemainderNegative(Miniature):
    """A negative hash has a negative remainder, as in C."""

    dialect = "keras-2"
    clause = "text.hashing"
    law = "test_words_become_the_numbers_of_the_reading"
    notice = "negative ids, with hash functions that give negative numbers"

    @operation("text.hashing")
    def hashed(self, **inputs: Any) -> Any:
        right = reference_text.hashing(**inputs)
        sign = -1 if inputs["hash_function"] == "minus length" else 1
        space = max(inputs["n"] - 1, 1)
        return [1 + sign * (abs(v) % space) for v in _hashes(inputs)] if right else right


class OneHotVectors(Miniature):
    """`one_hot` gives a vector of zeros and a one for each word."""

    dialect = "keras-2"
    clause = "text.one-hot"
    law = "test_one_hot_gives_one_number_a_word_and_no_vectors"
    notice = "what the name promises, and no id"

    @operation("text.one-hot")
    def encoded(self, text: str, n: int, filters: Any, lower: bool, split: str, spelling: str) -> Any:
        found = reference_text.words(text, filters, lower, split)
        return [[int(1 + hash(word) % (n - 1) == i) for i in range(n)] for word in found]


class OneHotToN(Miniature):
    """The numbers of `one_hot` reach n, as its documentation says."""

    dialect = "keras-2"
    clause = "text.one-hot"
    law = "test_one_hot_gives_one_number_a_word_and_no_vectors"
    notice = "now and then an id is outside an embedding of n rows"

    @operation("text.one-hot")
    def encoded(self, text: str, n: int, filters: Any, lower: bool, split: str, spelling: str) -> Any:
        return [1 + hash(word) % n for word in reference_text.words(text, filters, lower, split)]


class NumbersByPosition(Miniature):
    """Every word gets a number of its own, by its position."""

    dialect = "keras-2"
    clause = "text.one-hot"
    law = "test_one_hot_gives_one_number_a_word_and_no_vectors"
    notice = "a word that comes twice has two ids"

    @operation("text.one-hot")
    def encoded(self, text: str, n: int, filters: Any, lower: bool, split: str, spelling: str) -> Any:
        return [1 + i % (n - 1) for i, _ in enumerate(reference_text.words(text, filters, lower, split))]


class DefaultIsMd5(Miniature):
    """Without a hash function the numbers come from MD5, and not from Python's hash."""

    dialect = "keras-2"
    clause = "text.one-hot"
    law = "test_one_hot_is_the_hashing_trick_with_the_hash_of_python"
    notice = "one_hot and hashing_trick give one word two ids"

    @operation("text.one-hot")
    def encoded(self, spelling: str, **inputs: Any) -> Any:
        if spelling == "default":
            return reference_text.hashing(**inputs, hash_function="md5")
        return reference_text.one_hot(**inputs, spelling=spelling)


class Md5ByProcess(Miniature):
    """The md5 of a word is salted by the process."""

    dialect = "keras-2"
    clause = "text.processes"
    law = "test_md5_is_the_same_in_every_process_and_hash_is_not"
    notice = "a model serves other ids than it was trained on"

    @operation("text.processes")
    def compared(self, text: str, n: int, hash_seeds: Any) -> Any:
        return {"md5": False, "hash": False}


def _hashes(inputs: dict[str, Any]) -> list[int]:
    found = reference_text.words(inputs["text"], inputs["filters"], inputs["lower"], inputs["split"])
    return [HASHES[inputs["hash_function"]](word) for word in found]
