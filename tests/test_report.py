"""The report, held by runs that are made line by line."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from pages import (
    EXPECTATION,
    REPOSITORY,
    VERSIONS,
    Parsed,
    cell,
    divergence,
    every_state,
    identity,
    large,
    make_run,
    verdict,
    written,
)

from backends.codec import to_json
from conformance.report import write_report
from conformance.report.marks import MARKS
from conformance.run import Run
from conformance.verdict import State
from reference.clause import READINGS, clauses


@pytest.fixture
def full(tmp_path: Path) -> str:
    """The page of a run in which every mark stands."""
    return written([make_run(tmp_path / "run", every_state())], tmp_path)


def test_the_page_is_one_file_that_loads_nothing(full: str, tmp_path: Path) -> None:
    page = Parsed(full)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "architectures.html",
        "index.html",
        "report.json",
        "teeth.html",
    ]
    assert page.loads == ["data:,"]
    assert not {"img", "iframe", "object", "embed"} & set(page.tags)
    assert "@import" not in full and "url(" not in full
    beside = {"architectures.html", "teeth.html"}
    assert all(link in beside or link.startswith(("#", "https://github.com/")) for link in page.links)


def test_the_page_about_the_suite_itself_loads_nothing_and_leads_back(full: str, tmp_path: Path) -> None:
    text = (tmp_path / "teeth.html").read_text(encoding="utf-8")
    page = Parsed(text)
    assert page.loads == ["data:,"]
    assert "<script" not in text
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert "index.html" in page.links


def test_every_link_inside_the_page_arrives(full: str) -> None:
    page = Parsed(full)
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


def test_every_clause_and_every_cell_can_be_linked_to(full: str) -> None:
    ids = set(Parsed(full).ids)
    assert set(clauses()) <= ids
    assert {f"{clause}/{backend}" for clause in clauses() for backend in VERSIONS} <= ids


@pytest.mark.parametrize(
    ("clause", "backend", "said"),
    [
        ("merging.mask", "numpy", "✓ pass"),
        ("merging.mask", "tf", "✗ fail"),
        ("merging.mask", "tf-legacy", "≠ expected fail"),
        ("merging.mask", "torch", "\N{EN DASH} not applicable"),
        ("merging.mask", "hf", "⊘ unsupported"),
        ("embedding.lookup", "tf", "! error"),
        ("embedding.lookup", "torch", "? inconclusive"),
        ("embedding.lookup", "tf-legacy", "○ not run"),
    ],
)
def test_every_state_has_a_sign_and_a_word(full: str, clause: str, backend: str, said: str) -> None:
    assert cell(full, clause, backend) == said


def test_no_two_marks_look_alike() -> None:
    assert (
        len({mark.sign for mark in MARKS})
        == len({mark.word for mark in MARKS})
        == len(MARKS)
        == len(State) + 1
    )


def test_a_cell_is_the_worst_of_its_laws(tmp_path: Path) -> None:
    lines = [
        identity("tf"),
        verdict("merging.mask", "tf"),
        verdict("merging.mask", "tf", State.FAIL, law="test_another_law", reason="no"),
    ]
    page = written([make_run(tmp_path / "run", iter(lines))], tmp_path)
    assert cell(page, "merging.mask", "tf") == "✗ fail 1 of 2 laws"


def test_a_selected_law_without_a_verdict_is_shown_as_not_run(tmp_path: Path) -> None:
    law = "test_merging_mask_gives_what_the_reading_says"
    selected = [f"test_merging.py::{law}[{name}]" for name in ("tf", "torch")] + [
        "test_merging.py::test_lost[tf]"
    ]
    lines = iter([identity("tf"), verdict("merging.mask", "tf")])
    page = written([make_run(tmp_path / "run", lines, complete=False, selected=selected)], tmp_path)
    assert cell(page, "merging.mask", "torch") == "○ not run"
    assert "selected, and the run holds no verdict of it" in page
    assert "test_merging.py::test_lost[tf]" in page


def test_an_incomplete_run_is_said_in_words(tmp_path: Path) -> None:
    page = written([make_run(tmp_path / "run", every_state(), complete=False)], tmp_path)
    assert "The run is incomplete: it has no footer" in page
    assert "incomplete run" in page


def test_a_selection_and_a_silent_backend_are_said_in_words(tmp_path: Path) -> None:
    selection = {"keyword": "mask", "marker": "", "paths": [], "whole": False}
    page = Parsed(
        written([make_run(tmp_path / "run", iter([identity("tf")]), selection=selection)], tmp_path)
    )
    assert "The run is a selection of the laws: -k 'mask'." in page.text
    assert "The backend torch was asked for and never said who it is." in page.text


def test_a_divergence_is_shown_whole(full: str) -> None:
    text = Parsed(full).text
    for said in (
        "expected False, got True (and 1 more of 4 elements)",
        "First difference at [0, 1]",
        "by the reading keras-2 (keras-team/keras@v2.15.0)",
        "its own dialect: keras-3 from 3.4",
        "kept at reports/latest/reproductions/merging_mask.py",
        "Keras 3.4 changed the rule on purpose.",
        "Accepted in ci/tf.toml.",
        "expected = np.array([[True]])",
    ):
        assert said in text
    assert full.count("<td class=first>False<span class=flag>first difference</span>") == 2
    assert full.count('<td class="first true">True<span class=flag>first difference</span>') == 2


def test_a_divergence_that_is_the_same_on_several_backends_stands_once(tmp_path: Path) -> None:
    wrong = to_json({"kind": "refusal", "error": ["ValueError", "BaseException"], "message": "no mask"})
    known = {name: divergence(expectation=EXPECTATION) for name in ("tf", "keras-jax")}
    known["torch"] = divergence(expectation={**EXPECTATION, "reason": "another one"}, actual=wrong)
    lines = [
        verdict(
            "merging.mask", name, State.FAIL, expected=True, reason="known", divergence=one, reading="keras-2"
        )
        for name, one in known.items()
    ]
    page = Parsed(written([make_run(tmp_path / "run", iter(lines))], tmp_path))
    ids = {f"divergences-of-merging.mask/{name}" for name in known}
    assert ids <= set(page.ids)
    section = page.text.partition("once for all backends")[2].partition("Where documentation and sources")[0]
    assert section.count("Smallest case") - section.count("### Smallest case") == 1
    assert "Actual on tf, keras-jax" in section and "Actual on torch" in section
    assert "Why it is accepted on torch (by-design): another one" in section
    assert "by the reading keras-2" in section and "#merging.mask@keras-2" in page.links


def test_readings_stand_side_by_side_with_their_sources_and_code(full: str) -> None:
    page = Parsed(full)
    for reading in READINGS["merging.mask"]:
        assert f"merging.mask@{reading.name.replace(' ', '-')}" in page.ids
        assert {source.link for source in reading.sources} <= set(page.links)
    assert "def mask_keras_3_4(" in page.text
    assert "def and_of_present(" in page.text


def test_the_survey_shows_every_open_point_and_where_backends_differ(full: str) -> None:
    page = Parsed(full)
    assert "survey-merging.mask/broadcast" in page.ids
    assert "Not surveyed in these runs." in page.text
    assert (
        "value: zeros" in page.text and "refusal: IndexError" in page.text and "backends differ" in page.text
    )


def test_no_run_at_all_is_a_page_that_says_so(tmp_path: Path) -> None:
    assert "No run was given" in written([], tmp_path)


def test_a_backend_in_two_runs_has_two_columns(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / name, every_state()) for name in ("one", "two")]
    ids = Parsed(written(runs, tmp_path)).ids
    assert {"merging.mask/tf", "merging.mask/tf~2"} <= set(ids)


def test_margins_stand_beside_those_of_the_baseline(tmp_path: Path) -> None:
    def run(name: str, worst: float) -> Run:
        tenths = {"float32": [worst, *(90 if i == int(10 * worst) else 0 for i in range(10))]}
        lines = [identity("tf"), verdict("merging.value", "tf", by_dtype=tenths)]
        return make_run(tmp_path / name, iter(lines))

    write_report([run("now", 0.55)], tmp_path, accepted=[run("kept", 0.12)])
    text = Parsed((tmp_path / "index.html").read_text(encoding="utf-8")).text
    assert "Below each stands that of the baseline" in text and "(1 here)" in text
    assert "█ 0.55 ↗" in text and "█ 0.12" in text


def test_twenty_backends_150_clauses_and_three_dtypes_are_fast(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", large(150, 20), backends=[])
    start = time.process_time()
    write_report([run], tmp_path)
    assert time.process_time() - start < 10  # seconds of CPU: 5 on a machine of its own


def test_importing_the_report_imports_neither_jinja_nor_numpy() -> None:
    code = "import sys, conformance.report; sys.exit(bool({'jinja2', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=False).returncode == 0
