"""Scripts of divergences: they run alone, and judge as the suite does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examined import LOOKUP, OUTSIDE, Control, FirstRow, examined, hold

from backends.base import Backend, operation
from backends.codec import dtype_named
from conformance.examine import Options
from conformance.reproduction import script_of
from conformance.trial import Trial
from conformance.verdict import State, Verdict
from reference.errors import IndexOutOfRange
from reference.outcomes import Bounded


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
