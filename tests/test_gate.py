"""The gate: what is objected to, over every combination of what there was and what there is."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from conformance.gate import objections
from conformance.run import Run
from conformance.verdict import State, Verdict

ID = "conformance/laws/test_merging.py::test_a_law[tf]"
NAME = "test_a_law[tf]"

# What is wrong with a verdict by itself: (state, expected) → the sentence's middle.
ALONE = {
    (State.FAIL, False): " diverges: ",
    (State.ERROR, False): " ended in an error: ",
    (State.ERROR, True): " ended in an error: ",
    (State.NOT_RUN, False): " was not run",
    (State.NOT_RUN, True): " was not run",
}
TOLD_APART = {State.PASS, State.FAIL}
TELLS_NOTHING = {State.UNSUPPORTED, State.INCONCLUSIVE, State.NOT_APPLICABLE}


def verdict(state: State, *, expected: bool = False, law: str = "test_a_law", backend: str = "tf") -> Verdict:
    return Verdict(law, "merging.mask", ("rule",), backend, "keras-3", state, expected=expected, reason="why")


def baseline(*verdicts: Verdict, surveys: list[dict[str, Any]] | None = None, ended: bool = True) -> Run:
    footer = {"type": "footer", "verdicts": {}} if ended else None
    return Run(Path("tf.jsonl"), {}, verdicts=list(verdicts), surveys=surveys or [], footer=footer)


def line(name: str, outcome: str, backend: str = "tf") -> dict[str, Any]:
    return {"backend": backend, "clause": "merging.mask", "name": name, "outcome": outcome}


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "selected"])
@pytest.mark.parametrize("before", [None, *State], ids=lambda state: f"was-{state}".replace(" ", "-"))
def test_each_verdict_is_objected_to_just_when_it_should_be(before: State | None, whole: bool) -> None:
    baselines = {} if before is None else {"tf": baseline(verdict(before))}
    for state, expected in product(State, (False, True)):
        found = objections({ID: verdict(state, expected=expected)}, [ID], baselines, whole=whole)
        wanted = [f"{NAME}{ALONE[state, expected]}"] if (state, expected) in ALONE else []
        if before in TOLD_APART and state in TELLS_NOTHING:
            wanted.append(f"{NAME} is newly {state}; it was {before} in the baseline: why")
        assert len(found) == len(wanted), (state, expected, found)
        for sentence, start in zip(found, wanted, strict=True):
            assert sentence.startswith(start)
            assert sentence.endswith("why") or state is State.NOT_RUN


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "selected"])
@pytest.mark.parametrize("before", State)
def test_what_has_vanished_is_missed_by_a_run_of_all_laws_alone(before: State, whole: bool) -> None:
    found = objections({}, [], {"tf": baseline(verdict(before))}, whole=whole)
    assert [sentence.startswith(f"{NAME} has vanished") for sentence in found] == [True] * whole


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "selected"])
@pytest.mark.parametrize("with_baseline", [True, False])
def test_a_selected_law_must_have_a_verdict(whole: bool, with_baseline: bool) -> None:
    baselines = {"tf": baseline()} if with_baseline else {}
    found = objections({}, [ID], baselines, whole=whole)
    assert found == [f"{ID} was selected and has no verdict"]
    assert objections({ID: verdict(State.PASS)}, [ID], baselines, whole=whole) == []


def test_a_law_that_the_baseline_does_not_have_yet_is_welcome() -> None:
    other = verdict(State.PASS, law="test_another")
    for state in TELLS_NOTHING | {State.PASS}:
        assert objections({ID: verdict(state)}, [ID], {"tf": baseline(other)}, whole=False) == []


def test_a_baseline_speaks_of_its_own_backend_alone() -> None:
    before = {"torch": baseline(verdict(State.PASS, backend="torch"))}
    found = objections({ID: verdict(State.UNSUPPORTED)}, [ID], before, whole=True)
    assert [sentence.partition(":")[0] for sentence in found] == ["test_a_law[torch] has vanished"]


def test_every_reason_is_given_at_once() -> None:
    verdicts = {
        f"{state}{number}": verdict(state, law=f"test_{state}_{number}")
        for state in (State.FAIL, State.ERROR)
        for number in range(3)
    }
    assert len(objections(verdicts, ["missing"], {}, whole=True)) == 7


def test_an_objection_is_one_line_however_long_the_reason() -> None:
    long = Verdict("test_a_law", "c", (), "tf", "keras-3", State.ERROR, reason="\n first \nsecond")
    assert objections({ID: long}, [ID], {}, whole=True) == [f"{NAME} ended in an error: first"]


@pytest.mark.parametrize(
    ("state", "drawn", "held"),
    [
        (State.INCONCLUSIVE, 0, False),
        (State.UNSUPPORTED, 3, False),
        (State.UNSUPPORTED, 0, True),
        (State.NOT_APPLICABLE, 0, True),
    ],
)
def test_with_fewer_cases_than_the_baseline_had_draws_are_not_held_against_a_run(
    state: State, drawn: int, held: bool
) -> None:
    before = baseline(verdict(State.PASS))
    before.header["cases"] = 100
    now = {ID: replace(verdict(state), unsupported_cases=drawn)}
    assert len(objections(now, [ID], {"tf": before}, whole=False, structures=100)) == 1
    assert len(objections(now, [ID], {"tf": before}, whole=False, structures=5)) == held


def test_a_baseline_that_did_not_end_is_no_baseline() -> None:
    (sentence,) = objections({}, [], {"tf": baseline(ended=False)}, whole=True)
    assert sentence == "the baseline tf.jsonl has no footer, so it did not end; make it anew"


BEFORE = [line("same", "1"), line("other", "1"), line("gone", "1"), line("other", "9", backend="torch")]
TODAY = [line("same", "1"), line("other", "2"), line("new", "3"), line("other", "8", backend="jax")]
CHANGED = "changed: merging.mask, other, on tf was 1 and is 2"
GONE = "changed: merging.mask, gone, on tf was 1 and is surveyed no more"


@pytest.mark.parametrize(
    ("asked", "whole", "wanted"),
    [
        (True, True, [CHANGED, GONE]),
        (True, False, [CHANGED]),
        (False, True, []),
        (False, False, []),
    ],
)
def test_a_changed_survey_fails_only_against_a_baseline_that_was_asked_for(
    asked: bool, whole: bool, wanted: list[str]
) -> None:
    baselines = {"tf": baseline(surveys=BEFORE)}
    assert objections({}, [], baselines, whole=whole, surveys=TODAY if asked else None) == wanted
    assert objections({}, [], {}, whole=whole, surveys=TODAY if asked else None) == []
