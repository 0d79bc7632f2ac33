"""Backends that die, hang, answer garbage or cannot be started: a verdict each, and the run goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from pathlib import Path

import faults
import numpy as np
import pytest

from backends import Choice
from conformance import handle as handles
from conformance.handle import Lost, WorkerHandle
from conformance.run import read_run
from conformance.trial import FILLS
from conformance.verdict import State

BROKEN, SURVEY, SOUND = (
    "test_merging_gives_the_mask_of_the_reading",
    "test_open_points_are_surveyed",
    "test_lookup_gives_the_rows_of_the_reading",
)
# The law that breaks comes first, so that the others show that the run goes on.
LAWS = [f"conformance/laws/test_{name}.py" for name in ("merging", "survey", "embedding")]
SELECTED = [*LAWS, "-k", "merging_gives or surveyed or lookup_gives", "--limit=2"]

SENTENCES = {
    "Dies": "the worker of faults:Dies died (signal SIGKILL) during merging.mask; the law was at Merge(",
    "Hangs": "faults:Hangs hung: no answer to merging.mask within 2 s; its worker was ended; the law",
    "HangsWithHelper": "faults:HangsWithHelper hung: no answer to merging.mask within 2 s; its worker was",
    "ReturnsGarbage": "merging.mask broke in faults:ReturnsGarbage: the adapter returned what is no data: "
    "cannot carry an instance of object",
    "AnswersGarbage": "the worker of faults:AnswersGarbage answered garbage: ",
    "BreaksThePipe": "the worker of faults:BreaksThePipe died (exit status 0: it left, or its connection "
    "broke) during merging.mask",
    "Exits": "the worker of faults:Exits failed in merging.mask: SystemExit: 3; the law was at Merge(",
    "LosesItsFramework": "merging.mask broke in faults:LosesItsFramework: cannot import name 'merging'",
}
UNSTARTED = {
    "CannotStart": "faults:CannotStart could not be started: RuntimeError: this build needs a processor",
    "DiesAtImport": "the worker of faults:DiesAtImport died (signal SIGILL) during start; its last words: "
    "Fatal Python error: Illegal instruction",
}


def named(*names: str) -> str:
    return "--backend=" + ",".join(f"faults:{name}" for name in names)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> faults.Session:
    """One session over every fault, with a sound backend before, between and after them."""
    every = [*SENTENCES, "Sound", *UNSTARTED]
    return faults.session(tmp_path_factory.mktemp("faulty"), named(*every), *SELECTED)


@pytest.mark.parametrize("name", SENTENCES)
def test_a_lost_backend_is_an_error_with_a_sentence_and_the_following_laws_run(
    faulty: faults.Session, name: str
) -> None:
    verdicts = {v.law: v for v in faulty.run.verdicts if v.backend == f"faults:{name}"}
    assert verdicts[BROKEN].reason.startswith(SENTENCES[name])
    assert {law: v.state for law, v in verdicts.items()} == {
        BROKEN: State.ERROR,
        SURVEY: State.ERROR,
        SOUND: State.PASS,
    }


@pytest.mark.parametrize("name", UNSTARTED)
def test_a_backend_that_cannot_be_started_is_tried_twice_and_then_given_up(
    faulty: faults.Session, name: str
) -> None:
    verdicts = {v.law: v for v in faulty.run.verdicts if v.backend == f"faults:{name}"}
    given_up = f"faults:{name} was given up after 2 failed starts: {UNSTARTED[name]}"
    assert verdicts[BROKEN].reason.startswith(UNSTARTED[name])
    assert verdicts[SOUND].reason.startswith(given_up)
    assert {v.state for v in verdicts.values()} == {State.ERROR}
    assert faulty.deaths.count(name) == 2


def test_a_sound_backend_among_faulty_ones_passes(faulty: faults.Session) -> None:
    verdicts = [v for v in faulty.run.verdicts if v.backend == "faults:Sound"]
    assert {v.law: v.state for v in verdicts} == {BROKEN: State.PASS, SOUND: State.PASS}


def test_no_hang_is_called_a_death_and_no_death_a_hang(faulty: faults.Session) -> None:
    errors = [verdict for verdict in faulty.run.verdicts if verdict.state is State.ERROR]
    for word in ("hung", "died"):
        assert any(word in verdict.reason for verdict in errors), word
    for verdict in errors:
        assert ("hung" in verdict.reason) == ("Hangs" in verdict.backend)
        assert not ("hung" in verdict.reason and "died" in verdict.reason)


@pytest.mark.parametrize("name", ["Dies", "Hangs", "HangsWithHelper", "Exits"])
def test_a_law_ends_at_the_first_death_without_shrinking(faulty: faults.Session, name: str) -> None:
    laws = [v for v in faulty.run.verdicts if v.backend == f"faults:{name}" and v.state is State.ERROR]
    assert faulty.deaths.count(name) == len(laws)


@pytest.mark.parametrize("name", ["ReturnsGarbage", "AnswersGarbage", "BreaksThePipe", "LosesItsFramework"])
def test_a_law_ends_at_the_first_message_that_broke(faulty: faults.Session, name: str) -> None:
    laws = [v for v in faulty.run.verdicts if v.backend == f"faults:{name}" and v.state is State.ERROR]
    assert 0 < faulty.deaths.count(name) <= len(laws) * FILLS


def test_a_run_with_errors_has_a_footer_a_bad_status_and_no_process_left(faulty: faults.Session) -> None:
    assert faulty.run.footer is not None
    assert faulty.run.footer["exit"] == faulty.status == 1
    assert len(faulty.run.footer["objections"]) == 3 * (len(SENTENCES) + len(UNSTARTED)) - len(SENTENCES)
    assert faulty.left == []


def test_an_error_is_told_in_a_sentence_and_not_in_a_traceback(faulty: faults.Session) -> None:
    assert "Traceback" not in faulty.text
    assert "During handling" not in faulty.text


def test_faults_under_xdist_are_the_same_verdicts(tmp_path: Path) -> None:
    names = ["Dies", "Hangs", "ReturnsGarbage", "LosesItsFramework", "Sound"]
    done = faults.session(tmp_path, named(*names), *SELECTED, "-n2")
    broken = {v.backend.partition(":")[2]: v for v in done.run.verdicts if v.law == BROKEN}
    assert set(broken) == set(names)
    assert all(broken[name].reason.startswith(SENTENCES[name]) for name in names[:-1])
    assert {v.state for v in done.run.verdicts if v.law == SOUND} == {State.PASS}
    assert done.run.footer is not None
    assert (done.status, done.left) == (1, [])
    assert Counter(v.law for v in done.run.verdicts)[SOUND] == len(names)


def test_a_divergence_that_was_found_before_the_death_is_kept(tmp_path: Path) -> None:
    done = faults.session(tmp_path, named("WrongThenDies"), *SELECTED)
    (verdict,) = [v for v in done.run.verdicts if v.law == BROKEN]
    assert verdict.state is State.ERROR
    assert "died (signal SIGKILL)" in verdict.reason
    assert "a divergence had been found before: merging.mask: expected an array" in verdict.reason
    assert verdict.divergence is not None
    assert verdict.divergence["actual"] == {"dict": [["kind", "value"], ["value", None], ["changed", []]]}


def test_in_process_what_is_no_data_is_an_error_too(tmp_path: Path) -> None:
    done = faults.session(tmp_path, named("ReturnsGarbage"), *SELECTED, "--in-process")
    (verdict,) = [v for v in done.run.verdicts if v.law == BROKEN]
    assert verdict.state is State.ERROR
    assert verdict.reason.startswith("the adapter faults:ReturnsGarbage returned what is no data")


@pytest.mark.parametrize("processes", [[], ["-n2"]])
def test_a_killed_run_keeps_what_it_had_and_leaves_no_process(tmp_path: Path, processes: list[str]) -> None:
    mark = uuid.uuid4().hex
    arguments = [named("Sound", "Hangs"), *SELECTED[:-1], "--limit=300", *processes]
    started = subprocess.Popen(
        faults.command(*arguments, folder=tmp_path),
        cwd=faults.REPOSITORY,
        env=faults.environment(tmp_path, mark),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        run = tmp_path / "run.jsonl"
        assert faults.wait_until(lambda: (tmp_path / "deaths").exists() and run.exists())
        assert faults.wait_until(lambda: read_run(tmp_path).verdicts)
        assert len(faults.processes(mark)) >= 2
    finally:
        started.send_signal(signal.SIGKILL)
        started.wait()
    kept = read_run(tmp_path)
    assert not kept.complete
    assert kept.verdicts[0].backend == "faults:Sound"
    assert faults.wait_until(lambda: not faults.processes(mark), 30), faults.processes(mark)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """What this process's own workers bear, so that they can be told."""
    mark = uuid.uuid4().hex
    for name, value in faults.environment(tmp_path, mark).items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(str(faults.REPOSITORY / "tests"))
    return mark


def test_a_hang_at_the_start_is_called_so_and_ended(monkeypatch: pytest.MonkeyPatch, watched: str) -> None:
    monkeypatch.setattr(handles, "START_LIMIT", 1.0)
    handle = WorkerHandle(Choice("late", "faults:HangsAtImport"), "cpu")
    with pytest.raises(Lost, match=r"^late hung: no answer to start within 1 s; its worker was ended$"):
        handle.start()
    assert faults.processes(watched) == []


def test_a_worker_that_takes_no_request_is_hung_and_not_waited_for(watched: str) -> None:
    """A stopped process does not empty its pipe, so that a large request cannot even be sent."""
    handle = WorkerHandle(Choice("stopped", "faults:Sound"), "cpu", limit=1.0)
    handle.start()
    os.kill(handle._process().pid, signal.SIGSTOP)
    large = {"table": np.zeros((1000, 1000)), "ids": np.zeros(1, np.int64)}
    begin = time.monotonic()
    with pytest.raises(Lost, match="stopped hung: no answer to embedding"):
        handle.perform("embedding.lookup", [large])
    assert time.monotonic() - begin < 30
    assert faults.processes(watched) == []


def test_a_lost_handle_can_be_used_again(watched: str) -> None:
    handle = WorkerHandle(Choice("again", "faults:Dies"), "cpu")
    two = [np.ones((1, 1), np.bool_)] * 2
    merge = {"layer": "Add", "inputs": [np.zeros((1, 1, 1), np.float32)] * 2, "masks": two}
    with pytest.raises(Lost, match="died"):
        handle.perform("merging.mask", [merge])
    (outcome,) = handle.perform("merging.mask", [merge | {"masks": None}])
    assert outcome.kind == "value"
    handle.close()
    assert faults.processes(watched) == []


def test_making_a_choice_makes_no_adapter() -> None:
    """The operations of a backend are known without a start, which could end this very process."""
    code = (
        "from backends import choose\n"
        "from conformance.handle import WorkerHandle\n"
        "assert 'merging.mask' in choose('faults:DiesAtImport').operations()\n"
        "assert 'embedding.lookup' in choose('numpy:torch').operations()\n"
        "assert 'merging.mask' not in choose('numpy:torch').operations()\n"
    )
    environment = faults.environment(Path(os.devnull).parent, "")
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
