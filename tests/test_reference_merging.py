"""The chapter merging, and how a dialect finds its reading."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from conformance.judge import Judge
from reference import CHAPTERS
from reference.clause import READINGS, Reading, find, reading, strength
from reference.dialects import DIALECTS, lineage, release
from reference.errors import LengthMismatch, NotAList, Refused, ShapeMismatch
from reference.outcomes import AnyOf, Setting

T, F = True, False
X = np.zeros((1, 2, 1), np.float32)


def said(dialect: str, masks: Any, inputs: Any = None, version: str | None = None) -> Any:
    """What the dialect says, arrays as lists and refusals as their class."""
    if isinstance(masks, (list, tuple)):
        masks = type(masks)(None if mask is None else np.array(mask) for mask in masks)
    inputs = inputs if inputs is not None else [X] * (len(masks) if isinstance(masks, (list, tuple)) else 2)
    judge = Judge(dialect, version, Setting())
    outcome = judge.expects("merging.mask", {"layer": "Add", "inputs": inputs, "masks": masks})
    if isinstance(outcome, AnyOf):
        return [type(one) if isinstance(one, Refused) else one.tolist() for one in outcome.allowed]
    return type(outcome) if isinstance(outcome, Refused) else None if outcome is None else outcome.tolist()


A, B = [[T, T, F, F]], [[T, F, T, F]]
AND, OR = [[T, F, F, F]], [[T, T, T, F]]


@pytest.mark.parametrize(
    ("masks", "and_reading", "or_reading"),
    [
        (None, None, None),
        ([A, B], AND, OR),
        ([B, A], AND, OR),
        ([A, B, A], AND, OR),
        ([A], A, A),
        ([None], None, None),
        ([None, None], None, None),
        ([A, None], A, None),
        ([None, A, B], AND, None),
        ([np.zeros((0, 2), bool), np.zeros((0, 2), bool)], [], []),
        ([[[T, T]], [[T]]], ShapeMismatch, [ShapeMismatch, [[T, T]]]),
        ([[[T, F]], [[F]]], ShapeMismatch, [ShapeMismatch, [[T, F]]]),
        ([[[T, T]], [[T, T, T]]], ShapeMismatch, ShapeMismatch),
        ([[[T, T]], [[T]], None], ShapeMismatch, None),
        (np.array(A), NotAList, NotAList),
        ("masks", NotAList, NotAList),
    ],
)
def test_masks_are_merged_by_hand(masks: Any, and_reading: Any, or_reading: Any) -> None:
    for dialect, version in (
        ("keras-2.2", None),
        ("keras-2.3", None),
        ("keras-2", None),
        ("keras-3", "3.3.3"),
    ):
        assert said(dialect, masks, version=version) == and_reading
    for version in ("3.4", "3.15.1", None):
        assert said("keras-3", masks, version=version) == or_reading


def test_the_form_of_the_lists_is_checked_before_the_masks() -> None:
    for dialect in ("keras-2.2", "keras-2", "keras-3"):
        assert said(dialect, [A, B], inputs=X) is NotAList
        assert said(dialect, [A], inputs=[X, X]) is LengthMismatch
        assert said(dialect, [A, B, None], inputs=[X, X]) is LengthMismatch
        assert said(dialect, None, inputs=X) is None, "without masks nothing is checked"


def test_a_tuple_is_no_list_in_keras_2_2_and_one_from_keras_2_on() -> None:
    assert said("keras-2.2", (A, B)) is NotAList
    assert said("keras-2.2", [A, B], inputs=(X, X)) is NotAList
    assert said("keras-2", (A, B), inputs=(X, X)) == AND
    assert said("keras-3", (A, B), inputs=(X, X)) == OR


def test_a_refusal_names_the_value() -> None:
    judge = Judge("keras-2", None, Setting())
    for masks, words in (("masks", "'masks'"), ([None], "1 masks, 2 inputs")):
        outcome = judge.expects("merging.mask", {"layer": "Add", "inputs": [X, X], "masks": masks})
        assert words in str(outcome)


@pytest.mark.parametrize(("dialect", "version"), [("keras-2.2", None), ("keras-2", None), ("keras-3", None)])
@pytest.mark.parametrize("number", [1, 2])
def test_a_merge_neither_changes_nor_shares_its_masks(dialect: str, version: str | None, number: int) -> None:
    masks = [np.array(A), np.array(B)][:number]
    before = [mask.tobytes() for mask in masks]
    judge = Judge(dialect, version, Setting())
    result = judge.expects("merging.mask", {"layer": "Add", "inputs": [X] * number, "masks": masks})
    assert [mask.tobytes() for mask in masks] == before
    assert not any(np.shares_memory(result, mask) for mask in masks)


# Dialects and versions


@pytest.mark.parametrize(
    ("dialect", "version", "name"),
    [
        ("keras-2.2", None, "keras-2.2"),
        ("keras-2.2", "2.2.5", "keras-2.2"),
        ("keras-2.3", "2.3.1", "keras-2.2"),
        ("keras-2", "2.21.0", "keras-2"),
        ("keras-3", "3.0.0", "keras-3 before 3.4"),
        ("keras-3", "3.3.3", "keras-3 before 3.4"),
        ("keras-3", "3.4", "keras-3 from 3.4"),
        ("keras-3", "3.4.0", "keras-3 from 3.4"),
        ("keras-3", "3.15.1", "keras-3 from 3.4"),
        ("keras-3", None, "keras-3 from 3.4"),
        ("torch", None, None),
        ("transformers", "5.23.0", None),
        ("suite", None, None),
    ],
)
def test_a_reading_is_found_by_dialect_and_version(
    dialect: str, version: str | None, name: str | None
) -> None:
    found = find("merging.mask", dialect, version)
    assert (found and found.name) == name


def test_lineage_is_nearest_first_and_names_the_dialects_when_it_fails() -> None:
    assert lineage("keras-3") == ("keras-3", "keras-2", "keras-2.3", "keras-2.2")
    assert lineage("transformers") == ("transformers", "torch")
    with pytest.raises(KeyError, match=r"no dialect 'keras-4'; the dialects are keras-2\.2, "):
        lineage("keras-4")
    assert all(lineage(name)[-1] in DIALECTS for name in DIALECTS)


def test_an_unknown_clause_has_no_reading() -> None:
    assert find("merging.nosuch", "keras-3") is None


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("3.15.1", (3, 15, 1)),
        ("3.15.1+cpu", (3, 15, 1)),
        ("3.4.0rc1", (3, 4, 0)),
        ("2.13.0.dev20260101", (2, 13, 0)),
        ("", ()),
        ("nightly", ()),
    ],
)
def test_a_version_is_its_leading_numbers(text: str, numbers: tuple[int, ...]) -> None:
    assert release(text) == numbers


def test_versions_are_compared_as_numbers() -> None:
    reading = Reading("c", "keras-3", "3.4", "3.12", (), len)
    assert [v for v in ("3.3.9", "3.4", "3.4.0", "3.10", "3.11.9", "3.12", "4") if reading.covers(v)] == [
        "3.4",
        "3.4.0",
        "3.10",
        "3.11.9",
    ]
    assert not reading.covers(None)
    assert Reading("c", "keras-3", "3.4", None, (), len).covers(None)


def test_points_are_read_from_the_docstring() -> None:
    def function() -> None:
        """The law.

        A term.

        [first] It MUST hold,
            on two lines.
        [second] It SHOULD hold, where it MUST not be OPEN.
        """

    one, two = Reading("c", "torch", None, None, (), function).points
    assert (one.label, one.strength, one.text) == ("first", "MUST", "It MUST hold, on two lines.")
    assert (two.label, two.strength) == ("second", "OPEN")
    with pytest.raises(ValueError, match="MUST, SHOULD or OPEN"):
        strength("it must")


def test_every_reading_of_the_book_has_a_law_in_one_sentence() -> None:
    assert {clause.partition(".")[0] for clause in READINGS} == set(CHAPTERS)
    laws = [(one.clause, one.law) for readings in READINGS.values() for one in readings]
    assert [law for law in laws if not re.fullmatch(r"[^\n]{20,}\.", law[1])] == []


def test_dialects_that_differ_in_a_parameter_have_their_own_readings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(READINGS, "c.d", raising=False)
    source = READINGS["merging.mask"][0].sources

    def plus(x: int, *, step: int) -> int:
        """Adds."""
        return x + step

    for dialect, step in (("keras-2.2", 1), ("keras-2", 1), ("keras-3", 2)):
        assert reading("c.d", dialect, source=source, step=step)(plus) is plus
    first, second, third = READINGS.pop("c.d")
    assert first.function is second.function is not third.function
    assert [one.function(3) for one in (first, second, third)] == [4, 4, 5]
    assert {one.parameters for one in (first, third)} == {frozenset({"x"})}
    assert first.law == "Adds."
    with pytest.raises(TypeError, match="plus has no keyword-only parameter sice"):
        reading("c.d", "torch", source=source, sice="2.0")(plus)
