"""From a law and a backend to a verdict: counts, seeds, shrinking, minimizing, reproducing."""

from __future__ import annotations

import sys
import time
from typing import Any, ClassVar

import numpy as np
import pytest
from examined import (
    COUNTS,
    LAWS,
    LOOKUP,
    MERGED,
    SUMS,
    SWAPPED,
    Control,
    FirstRow,
    Noted,
    examined,
    hold,
)
from hypothesis import given

from backends import Choice
from backends.base import operation
from backends.codec import from_json
from backends.numpy_control import settle
from conformance.divergence import point_of
from conformance.examine import Options, examine
from conformance.handle import LocalHandle, WorkerHandle
from conformance.judge import Judge
from conformance.law import Law
from conformance.strategies.embedding import gradient, lookup
from conformance.trial import Trial
from conformance.verdict import State, Verdict
from reference import embedding, merging
from reference.errors import Refused
from reference.outcomes import Bounded, Setting

# Counts and seeds


@pytest.mark.parametrize("structures", [1, 2, 7, 30])
def test_the_number_of_structures_is_honored_exactly(structures: int) -> None:
    verdict, handle = examined(LOOKUP, Control, structures=structures)
    assert verdict.state is State.PASS
    assert verdict.structures == len(handle.batches) == structures
    assert 1 <= verdict.distinct <= structures
    assert verdict.cases == sum(map(len, handle.batches)) <= 12 * structures


def test_a_law_with_a_number_of_its_own_draws_that_many() -> None:
    law = LAWS["test_embedding_table.py::test_an_embedding_holds_one_table_and_nothing_else"]
    assert examined(law, Control, structures=500)[0].structures == law.structures == 20


def flat(handle: Noted) -> str:
    return repr(handle.batches)


def test_the_same_seed_gives_the_same_cases_and_another_seed_others() -> None:
    first, again, other = (examined(LOOKUP, Control, seed=seed)[1] for seed in (5, 5, 6))
    assert flat(first) == flat(again) != flat(other)


def test_a_run_leaves_the_law_as_it_was() -> None:
    before = LOOKUP.test._hypothesis_internal_use_settings  # type: ignore[attr-defined]
    examined(LOOKUP, Control, structures=3)
    assert LOOKUP.test._hypothesis_internal_use_settings is before  # type: ignore[attr-defined]


# Verdicts that are neither pass nor fail


def law(test: Any, clause: str = "embedding.lookup", *points: str) -> Law:
    """A law that is not registered."""
    return Law(test.__name__, "test_examine.py", clause, points or ("gather",), None, test)


@given(structure=lookup.lookups)
def idle(backend: Trial, structure: Any) -> None:
    """It never asks the backend."""


@given(structure=gradient.gradients)
def vague(backend: Trial, structure: Any) -> None:
    """Its bound is wider than the result."""

    def rule(inputs: dict[str, Any]) -> Bounded:
        said = embedding.gradient(**inputs)
        return Bounded(said.value, np.ones(said.value.shape), np.full(said.value.shape, 10**17), said.dtype)

    backend.gives(structure, rule)


class Nothing(Control):
    dtypes = ()


class HalfOnly(Control):
    dtypes = ("float16",)


class Mood(Control):
    """It is wrong once, and never again."""

    turns: ClassVar[list[int]] = []

    @operation("embedding.lookup")
    def looked_up(self, table: Any, ids: Any) -> Any:
        self.turns.append(1)
        right = embedding.lookup_torch(table, ids, setting=Setting())
        return right[None] if len(self.turns) == 3 else right


def test_a_law_that_runs_no_case_is_an_error() -> None:
    verdict, _ = examined(law(idle), Control)
    assert (verdict.state, verdict.reason) == (State.ERROR, "the law ran no case")


def test_a_backend_that_takes_no_case_is_unsupported_with_its_reason() -> None:
    verdict, _ = examined(LOOKUP, Nothing)
    assert verdict.state is State.UNSUPPORTED
    assert verdict.reason.startswith("control holds no ")
    assert (verdict.cases, verdict.unsupported_cases > 0) == (0, True)


def test_a_backend_that_takes_some_cases_is_judged_by_them() -> None:
    verdict, _ = examined(LOOKUP, HalfOnly)
    assert verdict.state is State.PASS
    assert verdict.cases > 0 < verdict.unsupported_cases


def test_a_bound_that_tells_nothing_apart_is_inconclusive() -> None:
    verdict, _ = examined(law(vague, "embedding.gradient", "duplicates"), Control)
    assert verdict.state is State.INCONCLUSIVE
    assert "narrow enough" in verdict.reason


def test_a_clause_that_the_dialect_does_not_state_is_not_applicable() -> None:
    verdict, _ = examined(MERGED, Control)
    assert (verdict.state, verdict.cases) == (State.NOT_APPLICABLE, 0)
    assert "torch does not state merging.mask" in verdict.reason


def test_a_backend_without_the_operation_is_unsupported() -> None:
    handle = LocalHandle(Choice("torch", "backends.torch_nn:Torch"), "cpu")
    verdict, _ = examine(MERGED, handle, Options(against="keras-3"))
    assert verdict.state is State.UNSUPPORTED
    assert "PyTorch has no masks" in verdict.reason


def test_a_backend_that_answers_now_so_now_so_is_an_error() -> None:
    Mood.turns.clear()
    verdict, _ = examined(LOOKUP, Mood)
    assert verdict.state is State.ERROR
    assert "Flaky" in verdict.reason


# Divergences


class Overwrites(Control):
    """The last position of a row wins."""

    @operation(
        "embedding.gradient",
        script="actual = np.zeros_like(table)\n"
        "actual[ids.reshape(-1)] = upstream.reshape(-1, table.shape[1])",
    )
    def derived(self, table: Any, ids: Any, upstream: Any) -> Any:
        gradient = np.zeros_like(table)
        gradient[ids.reshape(-1)] = upstream.reshape(-1, table.shape[1])
        return gradient


class Scales(Control):
    """The table is changed in place, and what comes out is right."""

    @operation("embedding.lookup")
    def looked_up(self, table: Any, ids: Any) -> Any:
        rows = embedding.lookup_torch(table, ids, setting=Setting())
        table[:] = 7
        return rows


class Slow(FirstRow):
    """It takes its time, and is wrong for larger tables alone, so that there is much to shrink."""

    @operation("embedding.lookup")
    def looked_up(self, table: Any, ids: Any) -> Any:
        time.sleep(0.002)
        wrong = len(table) > 1
        return embedding.lookup_torch(table, 0 * ids if wrong else ids, setting=Setting())


def case_of(verdict: Verdict) -> dict[str, Any]:
    assert verdict.state is State.FAIL, verdict.reason
    assert verdict.divergence is not None
    return dict(from_json(verdict.divergence["case"]))


def test_a_counterexample_is_what_a_person_would_have_written() -> None:
    case = case_of(examined(SUMS, Overwrites)[0])
    assert case["table"].size == 1
    assert 2 <= case["ids"].size <= 6
    for array in case.values():
        assert set(array.reshape(-1).astype(float)) <= {0.0, 1.0, 2.0, 3.0}


def test_a_law_of_its_own_shows_inputs_that_it_speaks_of() -> None:
    """Upstream gradients of ones are what the law counts; zeros would be simpler, and no divergence."""
    verdict, _ = examined(COUNTS, Overwrites)
    case = case_of(verdict)
    assert (case["upstream"] == 1).all()
    data = verdict.divergence or {}
    assert case["table"].size == 1
    assert from_json(data["expected"])["value"].tolist() == [[case["ids"].size]]
    assert from_json(data["actual"])["value"].tolist() == [[1]]


def test_a_law_of_two_calls_shows_the_call_that_was_judged() -> None:
    verdict, _ = examined(SWAPPED, FirstRow)
    case, data = case_of(verdict), verdict.divergence or {}
    shown = from_json(data["actual"])["value"]
    assert shown.tobytes() == FirstRow().looked_up(**case).tobytes()
    assert from_json(data["expected"])["value"].tobytes() != shown.tobytes()
    assert case["ids"].min() >= 0
    assert case["ids"].max() < len(case["table"])


@pytest.mark.parametrize("handle_type", [LocalHandle, WorkerHandle])
def test_a_change_of_an_input_in_place_is_caught_and_the_case_shown_as_it_was(handle_type: Any) -> None:
    target = "conformance.miniatures.embedding:InputsChanged"
    handle = handle_type(Choice(target, target), "cpu")
    try:
        verdict, _ = examine(LOOKUP, handle, Options(structures=10, shrinking=1.0))
    finally:
        handle.close()
    assert verdict.reason.endswith("the operation changed its input table in place")
    assert case_of(verdict)["table"].astype(float).max() == 0


def test_a_change_in_place_leaves_our_own_arrays_alone() -> None:
    table = np.zeros((1, 1), np.float32)
    (outcome,) = hold(Scales).perform("embedding.lookup", [{"table": table, "ids": np.array([0])}])
    assert outcome.changed == ("table",)
    assert table[0, 0] == 0


def test_the_budget_for_shrinking_is_kept() -> None:
    spent = {}
    for budget in (0.0, 5.0):
        _, handle = examined(LOOKUP, Slow, shrinking=budget, fills=6)
        spent[budget] = sum(len(batch) > 1 for batch in handle.batches)
    assert spent[0.0] * 2 < spent[5.0]


POINTS = [
    ("torch", "embedding.lookup", {"ids": np.array([0.5])}, (), "ids-dtype"),
    ("torch", "embedding.lookup", {"ids": np.array([9])}, (), "range"),
    ("torch", "embedding.lookup", {"ids": np.array([1])}, (), "gather"),
    ("torch", "embedding.lookup", {"ids": np.array([1])}, ("shape",), "shape"),
    ("torch", "embedding.lookup", {"ids": np.array([1])}, ("range", "dtype"), "dtype"),
    ("keras-2", "embedding.lookup", {"ids": np.array([9])}, (), "range"),
    ("keras-2", "embedding.lookup", {"ids": np.array([1.5])}, ("cast",), "cast"),
    ("keras-2", "merging.mask", {"masks": None}, (), "no-masks"),
    ("keras-2", "merging.mask", {"masks": np.array([True])}, (), "masks-list"),
    ("keras-2", "merging.mask", {"masks": [None]}, (), "length"),
    ("keras-2", "merging.mask", {"masks": [None, None]}, (), "all-absent"),
    ("keras-2", "merging.mask", {"masks": [np.ones(2) > 0, np.ones(3) > 0]}, (), "shape"),
    ("keras-2", "merging.mask", {"masks": [np.ones(2) > 0, None]}, ("some-absent", "rule"), "rule"),
    ("keras-3", "merging.mask", {"masks": [np.ones(2) > 0, None]}, (), "some-absent"),
    ("keras-3", "merging.mask", {"masks": [np.ones(1) > 0, np.ones(3) > 0]}, (), "broadcast"),
]


@pytest.mark.parametrize(("dialect", "clause", "inputs", "among", "label"), POINTS)
def test_the_point_of_a_case_is_the_last_that_the_reading_went_through(
    dialect: str, clause: str, inputs: dict[str, Any], among: tuple[str, ...], label: str
) -> None:
    table, pair = np.zeros((3, 1), np.float32), [np.zeros((1, 1, 1), np.float32)] * 2
    rest = {"table": table} if clause == "embedding.lookup" else {"layer": "Add", "inputs": pair}
    judge = Judge(dialect, None, Setting())
    reading = judge.reading(clause)
    assert reading is not None
    before = sys.gettrace()
    assert point_of(reading, rest | inputs, judge, among) == label
    assert sys.gettrace() is before


def test_settle_is_the_first_of_what_is_allowed() -> None:
    """The domain of a law is decided by the reading's own outcome, so it must be one."""
    with pytest.raises(Refused):
        settle(embedding.lookup_keras_3(np.zeros((1, 1), np.float32), np.array([3])))
    assert merging.mask_keras_2("Add", [], []) is None
