"""The chapter text, checked by hand and along a second path."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.strategies.text import Hashed, Text
from reference.errors import Refused
from reference.outcomes import Codes
from reference.text import FILTERS, hashing, one_hot, words


@pytest.mark.parametrize(
    ("text", "filters", "lower", "split", "expected"),
    [
        ("The cat, the-dog!\tIt's  A.B\n", None, True, " ", ["the", "cat", "the", "dog", "it's", "a", "b"]),
        ("The Cat", None, False, " ", ["The", "Cat"]),
        ("xaby", "", True, "ab", ["x", "y"]),
        ("ab", "a", True, "ab", ["b"]),
        ("aAb", "A", True, " ", ["aab"]),
        ("aAb", "A", False, " ", ["a", "b"]),
        ("one,two three", None, True, ",", ["one", "two three"]),
        ("a\u00a0b\rc", None, True, " ", ["a\u00a0b\rc"]),
        ("a.b", ["a", "."], True, " ", ["b"]),
        ("", None, True, " ", []),
        (" .,! ", None, True, " ", []),
    ],
)
def test_words_by_hand(text: str, filters: str | None, lower: bool, split: str, expected: list[str]) -> None:
    assert words(text, filters, lower, split) == expected


def test_the_default_filters_are_all_ascii_punctuation_but_the_apostrophe() -> None:
    import string

    assert set(FILTERS) == set(string.punctuation) - {"'"} | {"\t", "\n"}


def test_numbers_by_hand() -> None:
    assert hashing("the cat sat on the mat", 50, "md5", None, True, " ") == [43, 32, 29, 3, 43, 29]
    assert hashing("a bb ccc", 4, "length", None, True, " ") == [2, 3, 1]
    assert hashing("seven77", 10, "minus length", None, True, " ") == [3]
    assert hashing("any words at all", 2, "md5", None, True, " ") == [1, 1, 1, 1]
    assert hashing(" ", 1, "md5", None, True, " ") == []
    with pytest.raises(Refused, match="leaves no number for 'word'"):
        hashing("word", 1, "md5", None, True, " ")


def test_one_hot_is_a_number_a_word() -> None:
    assert one_hot("a b a", 5, None, True, " ", "one_hot") == Codes(("a", "b", "a"), 1, 4)


def test_words_along_a_second_path() -> None:
    """With str.translate, as the frameworks do it, over many drawn texts."""
    random = np.random.default_rng(0)
    for split in (" ", "ab", ",", "\n"):
        for filters in (None, "", "a", "A", "ab", "-_"):
            for lower in (True, False):
                for case in (Text(0, 9, filters, lower, split).fill(random) for _ in range(20)):
                    text = case["text"].lower() if lower else case["text"]
                    table = str.maketrans(dict.fromkeys(FILTERS if filters is None else filters, split))
                    expected = [word for word in text.translate(table).split(split) if word]
                    assert words(**case) == expected


def test_every_number_lies_in_the_range() -> None:
    random = np.random.default_rng(0)
    for n in (2, 3, 50):
        for name in ("md5", "length", "minus length"):
            numbers = hashing(**Hashed(0, 12, None, True, " ", n, name).fill(random))
            assert all(1 <= number <= n - 1 for number in numbers)
