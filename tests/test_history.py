"""The history of backends: what changed at which release, explained both ways."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.explanation import Explanation, load, problems
from conformance.history import (
    BrokenHistory,
    History,
    Line,
    Release,
    Span,
    gather,
    read,
    read_all,
    together,
    write,
)
from conformance.report.history import story, write_page
from conformance.run import RunWriter, read_run
from conformance.verdict import State, Verdict

COMMITTED = Path(__file__).resolve().parent.parent / "reports" / "history"


def ran(folder: Path, version: str, *verdicts: tuple[str, State, str], outcome: str = "value: 1") -> None:
    """Write a run of keras-torch at a release: laws with states and readings, and one pinned case."""
    name = f"keras-torch@keras=={version}"
    writer = RunWriter(folder / version, {"suite": "1", "backends": [name], "cases": 5, "seed": 1})
    identity = {"dialect": "keras-3", "packages": {"keras": version, "torch": "2.13.0"}}
    writer.write({"type": "identity", "backend": name, "identity": identity})
    for law, state, reading in verdicts:
        verdict = Verdict(law, "merging.mask", ("rule",), name, "keras-3", state, reading)
        writer.write(verdict.to_json())
    survey = {"type": "survey", "backend": name, "clause": "merging.mask", "point": "rule", "name": "a case"}
    writer.write({**survey, "outcome": outcome})
    writer.close()


def history_of(folder: Path) -> History:
    return gather("keras-torch", "keras", [read_run(path.parent) for path in folder.glob("*/run.jsonl")])


@pytest.fixture
def three(tmp_path: Path) -> History:
    ran(tmp_path, "3.9.0", ("test_a", State.FAIL, "old"), ("test_b", State.PASS, "old"))
    ran(tmp_path, "3.10.0", ("test_a", State.PASS, "old"), ("test_b", State.PASS, "new"))
    ran(
        tmp_path, "3.11.0", ("test_a", State.PASS, "old"), ("test_b", State.PASS, "new"), outcome="refusal: X"
    )
    RunWriter(tmp_path / "3.12.0", {"backends": ["keras-torch@keras==3.12.0"], "cases": 5}).close(
        not_run="it cannot be installed"
    )
    return history_of(tmp_path)


def test_a_verdict_a_reading_and_an_outcome_that_differ_are_changes(three: History) -> None:
    steps = [
        (c.release, c.before, step.kind, step.before, step.after) for c in three.changes() for step in c.steps
    ]
    assert steps == [
        ("3.10.0", "3.9.0", "law", "fail", "pass"),
        ("3.10.0", "3.9.0", "reading", "old", "new"),
        ("3.11.0", "3.10.0", "case", "value: 1", "refusal: X"),
    ]


def test_releases_are_in_the_order_of_versions_and_one_that_was_not_run_says_why(three: History) -> None:
    assert three.ran == ["3.9.0", "3.10.0", "3.11.0"]
    assert three.releases[-1] == Release("3.12.0", 5, "it cannot be installed")


def test_an_expectation_that_begins_is_no_change_of_the_backend() -> None:
    spans = (Span("1.0", "fail", "r"), Span("2.0", "expected fail", "r"))
    history = History("b", "p", "d", "1", {}, [Release("1.0", 5), Release("2.0", 5)])
    history.lines.append(Line("merging.mask", "law", "test_a", spans))
    assert history.changes() == []


def test_a_later_matrix_of_some_laws_replaces_their_verdicts(tmp_path: Path) -> None:
    ran(tmp_path / "a", "3.9.0", ("test_a", State.FAIL, "old"), ("test_b", State.PASS, "old"))
    ran(tmp_path / "b", "3.9.0", ("test_a", State.PASS, "old"))
    runs = [read_run(tmp_path / part / "3.9.0") for part in ("a", "b")]
    words = {line.name: line.spans[0].word for line in gather("keras-torch", "keras", runs).lines}
    assert words == {"a case": "value: 1", "test_a": "pass", "test_b": "pass"}


def test_a_matrix_of_some_laws_leaves_what_is_known_of_the_others(three: History, tmp_path: Path) -> None:
    for version in three.ran:
        ran(tmp_path / "some", version, ("test_c", State.PASS, "new"), outcome="value: 2")
    some = history_of(tmp_path / "some")
    both = together(three, some)
    assert {line.name for line in both.lines} == {"test_a", "test_b", "test_c", "a case"}
    assert next(line for line in both.lines if line.name == "a case").spans == (Span("3.9.0", "value: 2"),)
    some.beside = {"torch": "2.14.0"}
    assert together(three, some) is some


def test_a_law_that_some_releases_were_run_without_is_not_run_there(three: History, tmp_path: Path) -> None:
    ran(tmp_path / "ends", "3.9.0", ("test_c", State.PASS, "new"))
    ran(tmp_path / "ends", "3.11.0", ("test_c", State.FAIL, "new"), outcome="refusal: X")
    ran(tmp_path / "ends", "3.13.0", ("test_c", State.FAIL, "new"))
    both = together(three, history_of(tmp_path / "ends"))
    assert both.ran == ["3.9.0", "3.10.0", "3.11.0", "3.13.0"]
    assert [release.version for release in both.releases if release.not_run] == ["3.12.0"]
    words = {line.name: [(span.since, span.word) for span in line.spans] for line in both.lines}
    assert words["test_a"] == [("3.9.0", "fail"), ("3.10.0", "pass"), ("3.13.0", "not run")]
    assert words["test_c"] == [("3.9.0", "pass"), ("3.10.0", "not run"), ("3.11.0", "fail")]
    assert words["a case"] == [("3.9.0", "value: 1"), ("3.11.0", "refusal: X"), ("3.13.0", "value: 1")]
    steps = [(c.release, c.before, step.name) for c in both.changes() for step in c.steps]
    assert steps == [
        ("3.10.0", "3.9.0", "test_a"),
        ("3.10.0", "3.9.0", "test_b"),
        ("3.11.0", "3.10.0", "a case"),
        ("3.11.0", "3.10.0", "test_c"),
        ("3.13.0", "3.11.0", "a case"),
    ]
    (row,) = story(both, []).rows
    assert [cell.mark.word for cell in row.cells] == ["fail", "pass", "fail", "fail"]
    without_c = replace(both, lines=[line for line in both.lines if line.name == "test_a"])
    (row,) = story(without_c, []).rows
    assert [cell.mark.word for cell in row.cells] == ["fail", "pass", "pass", "not run"]


def test_a_history_is_read_as_it_was_written(three: History, tmp_path: Path) -> None:
    assert read(write(three, tmp_path / "data")) == three


def test_a_file_that_is_no_history_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"schema": 99}', encoding="utf-8")
    with pytest.raises(BrokenHistory, match="its schema is not 1"):
        read(tmp_path / "x.json")
    with pytest.raises(BrokenHistory, match="no history lies there"):
        read_all(tmp_path / "nowhere")


def because(release: str, *clauses: str) -> Explanation:
    return Explanation(("keras-torch",), release, clauses, "", False, "", True, "since it is so")


def test_a_change_without_an_explanation_is_missed(three: History) -> None:
    assert problems([three], [because("3.10.0", "merging.mask")]) == [
        "merging.mask on keras-torch changed at 3.11.0, and nothing explains it"
    ]


def test_an_explanation_without_a_change_is_missed_too(three: History) -> None:
    both = [because("3.10.0", "merging.mask", "merging.value"), because("3.11.0", "merging.mask")]
    assert problems([three], both) == [
        "merging.value on keras-torch is said to change at 3.10.0, and it does not"
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[[change]]\nrelease = '1'\n", "its keys must be"),
        ("other = 1\n", "tables \\[\\[change\\]\\] and nothing else"),
        ("[[change\n", "not TOML"),
    ],
)
def test_explanations_that_are_not_written_rightly_are_refused(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "explanations.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BrokenHistory, match=why):
        load(tmp_path)


def test_the_page_says_what_changed_and_why_and_loads_nothing(three: History, tmp_path: Path) -> None:
    page = write_page([three], [because("3.10.0", "merging.mask")], tmp_path).read_text(encoding="utf-8")
    assert "since it is so" in page
    assert "not explained" in page
    assert "it cannot be installed" in page
    assert "<script" not in page
    assert "src=" not in page


def test_every_committed_change_is_explained_and_every_explanation_is_of_a_change() -> None:
    assert problems(read_all(COMMITTED), load(COMMITTED)) == []


def test_the_committed_history_names_no_folder_of_a_machine() -> None:
    for path in COMMITTED.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not any(place in text for place in ("/tmp/", "/home/", "/root/", "/work/")), path
