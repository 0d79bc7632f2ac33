"""The laws of the chapter text."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from conformance.law import law
from conformance.strategies import text as structures
from conformance.strategies.text import Hashed, OneHot, Processes, Text
from conformance.trial import Trial


@law("text.words", "lower", "filters", "default", "split", "order")
@given(structure=structures.texts)
def test_a_text_becomes_the_words_of_the_reading(backend: Trial, structure: Text) -> None:
    backend.agrees(structure)


@law("text.words", "lower", "split", "order")
@given(structure=structures.framed_texts)
def test_a_split_before_and_after_the_text_changes_nothing(backend: Trial, structure: Text) -> None:
    """There is no empty word at either end. (A split of several characters may be filtered away itself.)"""
    backend.same_after(
        structure, lambda inputs: {**inputs, "text": f"{inputs['split']}{inputs['text']}{inputs['split']}"}
    )


@law("text.hashing", "words", "range", "md5", "one")
@given(structure=structures.hashed)
def test_words_become_the_numbers_of_the_reading(backend: Trial, structure: Hashed) -> None:
    backend.agrees(structure)


@law("text.one-hot", "numbers", "range", "same")
@given(structure=structures.one_hots)
def test_one_hot_gives_one_number_a_word_and_no_vectors(backend: Trial, structure: OneHot) -> None:
    """`one_hot` is not one-hot encoding: its outcome is a list of ids, as long as the text has words."""
    backend.agrees(structure)


@law("text.one-hot", "hash")
@given(structure=structures.one_hots)
def test_one_hot_is_the_hashing_trick_with_the_hash_of_python(backend: Trial, structure: OneHot) -> None:
    def otherwise(inputs: dict[str, Any]) -> dict[str, Any]:
        others = {"one_hot": "hash", "hash": "default", "default": "one_hot"}
        return {**inputs, "spelling": others[inputs["spelling"]]}

    backend.same_after(structure, otherwise)


@law("text.processes", "md5", "hash", structures=1)
@given(structure=structures.processes)
def test_md5_is_the_same_in_every_process_and_hash_is_not(backend: Trial, structure: Processes) -> None:
    backend.agrees(structure)
