"""From a law and a backend to a verdict: counts, seeds, shrinking, minimizing, reproducing."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given

from backends import Choice
from backends.base import Backend, Outcome, operation
from backends.codec import dtype_named, from_json
from backends.numpy_control import NumpyControl, settle
from conformance.divergence import point_of
from conformance.examine import Options, examine
from conformance.handle import LocalHandle, WorkerHandle
from conformance.judge import Judge
from conformance.law import Law, load_laws
from conformance.reproduction import script_of
from conformance.strategies.embedding import gradient, lookup
from conformance.trial import Trial
from conformance.verdict import State, Verdict
from reference import embedding, merging
from reference.errors import IndexOutOfRange, Refused
from reference.outcomes import Bounded, Setting

LAWS = load_laws()
LOOKUP = LAWS["test_embedding.py::test_lookup_gives_the_rows_of_the_reading"]
OUTSIDE = LAWS["test_embedding.py::test_an_id_outside_the_table_does_what_the_reading_says"]
SUMS = LAWS["test_embedding_gradient.py::test_the_gradient_of_a_row_is_the_sum_over_its_positions"]
COUNTS = LAWS["test_embedding_gradient.py::test_the_gradient_of_whole_numbers_is_counted_exactly"]
SWAPPED = LAWS["test_embedding.py::test_swapping_two_rows_and_their_ids_changes_nothing"]
MERGED = LAWS["test_merging.py::test_merging_gives_the_mask_of_the_reading"]


class Control(NumpyControl):
    name = "control"
    dialect = "torch"


class Noted(LocalHandle):
    """A handle that keeps every batch that it was given."""

    def __init__(self, choice: Choice, device: str) -> None:
        super().__init__(choice, device)
        self.batches: list[list[dict[str, Any]]] = []

    def perform(self, operation: str, batch: list[dict[str, Any]]) -> list[Outcome]:
        self.batches.append(batch)
        return super().perform(operation, batch)


def hold(adapter: type[Backend]) -> Noted:
    return Noted(Choice(adapter.name, f"{adapter.__module__}:{adapter.__name__}"), "cpu")


def examined(law: Law, adapter: type[Backend], **settings: Any) -> tuple[Verdict, Noted]:
    handle = hold(adapter)
    options = Options(**{"structures": 40, "seed": 1, "shrinking": 1.0, **settings})
    return examine(law, handle, options)[0], handle


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


class FirstRow(Control):
    """Every id looks up the first row."""

    @operation("embedding.lookup", script="actual = np.take(table, 0 * ids, axis=0)")
    def looked_up(self, table: Any, ids: Any) -> Any:
        return embedding.lookup_torch(table, 0 * ids, setting=Setting())


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


# Reproductions


class Wraps(Control):
    """Ids outside are taken modulo the vocabulary; the script shows it."""

    @operation("embedding.lookup", script='actual = np.take(table, ids, axis=0, mode="wrap")')
    def looked_up(self, table: Any, ids: Any) -> Any:
        return np.take(table, ids, axis=0, mode="wrap")


class WrapsElsewhere(Wraps):
    """The same, and its script does not show it."""

    @operation("embedding.lookup", script="actual = np.take(table, ids, axis=0)")
    def looked_up(self, table: Any, ids: Any) -> Any:
        return np.take(table, ids, axis=0, mode="wrap")


class WrapsAndBreaks(Wraps):
    """The same, and its script is none."""

    @operation("embedding.lookup", script="actual = = 1")
    def looked_up(self, table: Any, ids: Any) -> Any:
        return np.take(table, ids, axis=0, mode="wrap")


def run(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=False)


def test_a_reproduction_exits_1_while_it_diverges_and_0_once_it_agrees(tmp_path: Path) -> None:
    verdict, _ = examined(OUTSIDE, Wraps, folder=tmp_path / "scripts")
    assert verdict.state is State.FAIL
    assert verdict.divergence is not None
    path = Path(verdict.divergence["script_path"])
    assert path.read_text() == verdict.divergence["script"]
    imported = {line for line in path.read_text().splitlines() if line.startswith(("import", "from"))}
    assert imported == {"import numpy as np"}
    done = run(path)
    assert (done.returncode, done.stdout.splitlines()[-1], done.stderr) == (1, "diverges", "")
    assert "expected: a refusal with IndexError" in done.stdout
    path.write_text(path.read_text().replace(', mode="wrap"', ""))
    done = run(path)
    assert (done.returncode, done.stdout.splitlines()[-1], done.stderr) == (0, "agrees", "")


@pytest.mark.parametrize("adapter", [WrapsElsewhere, WrapsAndBreaks])
def test_a_reproduction_that_shows_nothing_makes_the_verdict_an_error(
    tmp_path: Path, adapter: type[Backend]
) -> None:
    verdict, _ = examined(OUTSIDE, adapter, folder=tmp_path)
    assert verdict.state is State.ERROR
    assert "does not show the divergence in a fresh process" in verdict.reason
    assert verdict.divergence is not None
    assert (verdict.divergence["script_path"], bool(verdict.divergence["script"])) == (None, True)


FLOAT = np.array([[1.5, -0.0], [np.inf, np.nan]], np.float32)
EDGES = np.array([1.0, np.inf, np.nan])
SUM = Bounded(EDGES, 2 * EDGES, np.ones(3), np.dtype(np.float32))
NEXT = np.nextafter(FLOAT, np.float32(0))
JUST = np.array([1 + 2**-23, np.inf, np.nan], np.float32)
HALF = np.array([0.1, -0.0, np.nan], dtype_named("bfloat16"))
SAID: list[tuple[Any, list[Any], list[Any]]] = [
    (None, [None], [FLOAT, np.zeros((0, 2)), False, np.array([[True, False]])]),
    (
        FLOAT,
        [FLOAT, FLOAT.copy("F")],
        [NEXT, FLOAT.T, FLOAT.astype(np.float64), None, abs(FLOAT), FLOAT[:1], 3],
    ),
    (HALF, [HALF], [HALF.astype(np.float32), abs(HALF), HALF[::-1]]),
    (
        np.zeros((0, 2), np.int32),
        [np.zeros((0, 2), np.int32)],
        [np.zeros((0, 2)), np.zeros((0, 3), np.int32)],
    ),
    (
        np.array([[True, False]]),
        [np.array([[True, False]])],
        [np.array([[True, True]]), np.array([[1, 0]]), None],
    ),
    (np.array(5), [np.array(5)], [5, np.array([5]), np.array(6)]),
    (
        {"shapes": [(2, 1)], "dtype": "float32"},
        [{"shapes": [(2, 1)], "dtype": "float32"}],
        [{"shapes": [(1, 2)], "dtype": "float32"}, {"shapes": [(2, 1), (1,)], "dtype": "float32"}, None],
    ),
    (
        SUM,
        [JUST, EDGES.astype(np.float32)],
        [JUST + np.float32(1e-5), JUST[:2], JUST.astype(np.float64), None, -JUST],
    ),
    (
        (SUM, FLOAT),
        [(JUST, FLOAT)],
        [[JUST, FLOAT], (JUST,), (JUST, NEXT), (JUST + np.float32(1), FLOAT), None],
    ),
    (IndexOutOfRange("no"), [IndexError("x")], [ValueError("x"), FLOAT, None]),
]


@pytest.mark.parametrize("position", range(len(SAID)))
@pytest.mark.filterwarnings("ignore")
def test_a_script_judges_as_the_suite_does(
    position: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever was expected: the script agrees with the right outcome, and with no other."""
    said, right, wrong = SAID[position]
    handle = hold(FirstRow)
    handle.start()
    judge = Options().judge(handle)
    verdict = Verdict("test_a_law", "embedding.lookup", ("gather",), "control", "torch")
    trial = Trial(handle, judge, LOOKUP, verdict)
    inputs = {"table": HALF[:, None], "ids": np.array([0])}
    entry = FirstRow.operations["embedding.lookup"]
    for outcome, status in [(one, 0) for one in right] + [(one, 1) for one in wrong]:
        body = "raise given" if isinstance(outcome, Exception) else "actual = given"
        changed = type(entry)(entry.id, entry.kind, entry.method, body)
        monkeypatch.setitem(FirstRow.operations, "embedding.lookup", changed)
        text = script_of(trial, inputs, said)
        assert text is not None
        with pytest.raises(SystemExit) as left:
            exec(compile(text, "script", "exec"), {"given": outcome, "__name__": "script"})
        assert int(left.value.code or 0) == status, f"{outcome!r} for {said!r}"
        assert capsys.readouterr().out.splitlines()[-1] == ("diverges" if status else "agrees")


def test_what_a_script_says_of_its_inputs_is_exact() -> None:
    from conformance.reproduction import source

    for value in (
        FLOAT,
        HALF,
        np.zeros((0, 2)),
        np.array(3, np.uint64),
        [FLOAT, None],
        (1,),
        float("-inf"),
        -0.0,
    ):
        again = eval(source(value), {"np": np})
        assert repr(again) == repr(value)


def test_settle_is_the_first_of_what_is_allowed() -> None:
    """The domain of a law is decided by the reading's own outcome, so it must be one."""
    with pytest.raises(Refused):
        settle(embedding.lookup_keras_3(np.zeros((1, 1), np.float32), np.array([3])))
    assert merging.mask_keras_2("Add", [], []) is None
