"""The gate's truth table: each verdict in each situation → the exit status and the sentence that says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.baseline import write_baselines
from conformance.cli import main
from conformance.run import RunWriter, read_run
from conformance.verdict import State, Verdict

PASS, FAIL, ERROR = State.PASS, State.FAIL, State.ERROR
UNSUPPORTED, INCONCLUSIVE = State.UNSUPPORTED, State.INCONCLUSIVE
NOT_APPLICABLE, NOT_RUN = State.NOT_APPLICABLE, State.NOT_RUN
OTHERWISE = "the backend behaves otherwise than its expectation says"

# verdict, whether expected, its reason; what the baseline has; whether all laws were selected → a sentence.
TABLE: dict[str, tuple[tuple[State, bool, str] | None, State | None, bool, str]] = {
    "pass": ((PASS, False, ""), None, True, ""),
    "pass, as before": ((PASS, False, ""), PASS, True, ""),
    "pass, after a fail": ((PASS, False, ""), FAIL, True, ""),
    "fail, unexpected": ((FAIL, False, "at [0]"), None, True, "diverges: at [0]"),
    "fail, unexpected, as before": ((FAIL, False, "at [0]"), FAIL, True, "diverges: at [0]"),
    "fail, unexpected, of a selection": ((FAIL, False, "at [0]"), PASS, False, "diverges: at [0]"),
    "fail, expected": ((FAIL, True, "known"), None, True, ""),
    "fail, expected, after a pass": ((FAIL, True, "known"), PASS, True, ""),
    "fail, otherwise than expected": ((FAIL, False, OTHERWISE), FAIL, True, f"diverges: {OTHERWISE}"),
    "unsupported": ((UNSUPPORTED, False, "no axis"), None, True, ""),
    "unsupported, as before": ((UNSUPPORTED, False, "no axis"), UNSUPPORTED, True, ""),
    "newly unsupported": ((UNSUPPORTED, False, "no axis"), PASS, True, "is newly unsupported; it was pass"),
    "newly unsupported, of a selection": (
        (UNSUPPORTED, False, "no axis"),
        FAIL,
        False,
        "is newly unsupported; it was fail in the baseline: no axis",
    ),
    "inconclusive": ((INCONCLUSIVE, False, "wide"), None, True, ""),
    "newly inconclusive": ((INCONCLUSIVE, False, "wide"), PASS, True, "is newly inconclusive; it was pass"),
    "error": ((ERROR, False, "it crashed"), None, True, "ended in an error: it crashed"),
    "error, as before": ((ERROR, False, "it crashed"), ERROR, True, "ended in an error: it crashed"),
    "not applicable": ((NOT_APPLICABLE, False, "no clause"), None, True, ""),
    "newly not applicable": (
        (NOT_APPLICABLE, False, "no clause"),
        PASS,
        True,
        "is newly not applicable; it was pass in the baseline: no clause",
    ),
    "not run": ((NOT_RUN, False, ""), None, True, "was not run"),
    "no verdict": (None, None, True, "was selected and has no verdict"),
    "no verdict, of a selection": (None, None, False, "was selected and has no verdict"),
    "vanished": (None, PASS, True, "has vanished: it is in the baseline"),
}


def written(folder: Path, law: str, said: tuple[State, bool, str] | None, place: str, **how: bool) -> Path:
    """A run with one verdict, or none. ended, whole: how the run was."""
    selection = {"keyword": "" if how.get("whole", True) else "a_law", "marker": "", "paths": []}
    header = {
        "suite": "0.1.0",
        "started": "2026-11-22T11:30:00+00:00",
        "seed": 7,
        "cases": 100,
        "backends": ["numpy"],
        "device": "cpu",
        "against": None,
        "selection": {**selection, "whole": how.get("whole", True), "shard": place},
    }
    writer = RunWriter(folder, header)
    if said is not None:
        state, expected, reason = said
        verdict = Verdict(law, "merging.mask", ("and",), "numpy", "keras-2.2", state, None, expected, reason)
        writer.write(verdict.to_json())
    if how.get("ended", True):
        ids = [f"test_merging.py::{law}[numpy]"] if how.get("selected", True) else []
        writer.close(ended="2026-11-22T11:31:00+00:00", exit=0, objections=[], selected=ids)
    return writer.path


def gate(folder: Path, *runs: Path) -> int:
    """The exit status of the gate."""
    baselines = str(folder / "baselines")
    return main(["merge", *map(str, runs), "-o", str(folder / "whole"), "--baseline", baselines])


@pytest.mark.parametrize("name", TABLE)
def test_each_verdict_in_each_situation(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said, before, whole, sentence = TABLE[name]
    if before is not None:
        earlier = written(tmp_path / "before", "test_a_law", (before, before is FAIL, ""), "1/1")
        write_baselines(read_run(earlier), tmp_path / "baselines")
    selected = name != "vanished"
    run = written(tmp_path / "now", "test_a_law", said, "1/1", whole=whole, selected=selected)
    capsys.readouterr()
    assert gate(tmp_path, run) == (1 if sentence else 0)
    *objections, last = capsys.readouterr().out.splitlines()
    assert last.startswith("wrote ")
    assert len(objections) == bool(sentence)
    assert all("test_a_law[numpy]" in line and sentence in line for line in objections)
    footer = read_run(tmp_path / "whole").footer
    assert footer is not None
    assert (footer["exit"], footer["objections"]) == (int(bool(sentence)), objections)


@pytest.mark.parametrize(
    ("places", "ended", "status", "sentence"),
    [
        (["1/2", "2/2"], True, 0, "2 verdicts of 2 shards"),
        (["1/2"], True, 2, "shard 2/2 is missing; run pytest --shard=2/2"),
        (["1/2", "1/2"], True, 2, "shard 1/2 is given 2 times; give each once"),
        (["1/2", "2/3"], True, 2, "the runs are shards of 2 and 3 parts; merge one set"),
        (["1/2", "2/2"], False, 2, "the shard has no footer, so it did not end; run it again"),
    ],
)
def test_complete_and_incomplete_shards(
    places: list[str],
    ended: bool,
    status: int,
    sentence: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    runs = [
        written(tmp_path / f"{number}", f"test_{number}", (PASS, False, ""), place, ended=ended)
        for number, place in enumerate(places)
    ]
    assert gate(tmp_path, *runs) == status
    told = capsys.readouterr()
    assert sentence in (told.out if status == 0 else told.err)
