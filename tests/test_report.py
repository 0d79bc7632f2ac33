"""The report, held by runs that are made here line by line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from backends.codec import to_json
from conformance.report import write_report
from conformance.report.data import SCHEMA
from conformance.report.marks import MARKS
from conformance.report.values import path_of, show
from conformance.run import Run, RunWriter, read_run
from conformance.verdict import State, Verdict
from reference.clause import READINGS, clauses

REPOSITORY = Path(__file__).parent.parent
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>&\"'"
VERSIONS = {"tf": "3.15.1", "torch": "2.13.0", "tf-legacy": "2.21.0", "hf": "5.23.0", "numpy": None}
DIALECTS = {
    "tf": "keras-3",
    "torch": "torch",
    "tf-legacy": "keras-2",
    "hf": "transformers",
    "numpy": "keras-2.2",
}


def header(**changes: Any) -> dict[str, Any]:
    """A header line as the suite writes it."""
    return {
        "suite": "0.1.0",
        "started": "2026-11-22T11:30:00+00:00",
        "seed": 20261122,
        "cases": 100,
        "backends": list(VERSIONS),
        "device": "cpu",
        "against": None,
        "selection": {"keyword": "", "marker": "", "paths": [], "whole": True},
        "selected": [],
        **changes,
    }


def identity(backend: str, **changes: Any) -> dict[str, Any]:
    """An identity line as an adapter gives it."""
    version = VERSIONS.get(backend, "1.0")
    who = {
        "backend": backend,
        "dialect": DIALECTS.get(backend, "keras-3"),
        "version": version,
        "engine": "numpy",
        "device": "cpu",
        "device_name": "x86_64",
        "packages": {backend: version, "numpy": "2.4.6"},
        "python": "3.11.2",
        "platform": "Linux-6.1-x86_64",
        "modes": {"oneDNN": "off"},
        "peak_memory_mb": 812,
    }
    operations = {"embedding.lookup": "native", "embedding.gradient": "composed", "merging.mask": "native"}
    without = {"embedding.equivalence": "no one-hot route"}
    return {
        "type": "identity",
        "backend": backend,
        "identity": who,
        "operations": operations,
        "without": without,
        **changes,
    }


def verdict(clause: str, backend: str, state: State = State.PASS, **changes: Any) -> dict[str, Any]:
    """A verdict line."""
    given: dict[str, Any] = {
        "law": f"test_{clause.replace('.', '_')}_gives_what_the_reading_says",
        "points": ("rule", "shape"),
        "dialect": DIALECTS.get(backend, "keras-3"),
        "structures": 100,
        "distinct": 92,
        "cases": 400,
        "seconds": 0.61,
        "backend_seconds": 0.42,
        "margin": 0.31,
        **changes,
    }
    return Verdict(clause=clause, backend=backend, state=state, **given).to_json()


def divergence(**changes: Any) -> dict[str, Any]:
    """The record of OR for AND on masks of two rows and two columns."""
    first = np.array([[True, False], [True, True]])
    second = np.array([[True, True], [False, True]])
    values = np.zeros((2, 2, 1), np.float32)
    return {
        "operation": "merging.mask",
        "clause": "merging.mask",
        "point": "rule",
        "case": to_json({"layer": "Add", "inputs": [values, values], "masks": [first, second]}),
        "expected": to_json({"kind": "value", "value": first & second}),
        "actual": to_json({"kind": "value", "value": first | second, "changed": []}),
        "where": "[0, 1]",
        "explanation": "expected False, got True (and 1 more of 4 elements)",
        "expected_by": "keras-2 (keras-team/keras@v2.15.0)",
        "own_reading": "keras-3 from 3.4 says array([[True, True], [True, True]])",
        "script": "import numpy as np\n\n# what keras-2 says\nexpected = np.array([[True]])\nprint(0)\n",
        "script_path": "reports/latest/reproductions/merging_mask.py",
        "expectation": None,
        **changes,
    }


EXPECTATION = {
    "reason": "Keras 3.4 changed the rule on purpose.",
    "kind": "by-design",
    "link": "https://github.com/keras-team/keras/pull/19754",
    "behaves_as": "keras-3@3.4",
}


def every_state() -> Iterator[dict[str, Any]]:
    """Lines in which every mark stands in at least one cell."""
    yield from (identity(name) for name in VERSIONS)
    yield verdict("merging.mask", "numpy", reading="keras-2.2", margin=None)
    yield verdict(
        "merging.mask", "tf", State.FAIL, reason="expected False, got True", divergence=divergence()
    )
    known = divergence(expectation=EXPECTATION)
    yield verdict("merging.mask", "tf-legacy", State.FAIL, expected=True, reason="known", divergence=known)
    for backend, state in (("torch", State.NOT_APPLICABLE), ("hf", State.UNSUPPORTED)):
        yield verdict(
            "merging.mask", backend, state, reason="there are no merge layers", cases=0, structures=0
        )
    yield verdict(
        "embedding.lookup", "numpy", reading="keras-2.2", unsupported_cases=3, unsupported_reason="bool ids"
    )
    yield verdict("embedding.lookup", "tf", State.ERROR, reason="the worker was killed by signal 9")
    yield verdict(
        "embedding.lookup", "torch", State.INCONCLUSIVE, reason="the bound is wider than the values"
    )
    yield verdict("embedding.lookup", "hf", reading="torch", margin=None)
    yield verdict("embedding.lookup", "hf", law="test_the_inputs_are_not_changed", points=())
    for name, outcome in (("tf", "value: zeros"), ("torch", "refusal: IndexError")):
        yield {
            "type": "survey",
            "backend": name,
            "dialect": DIALECTS[name],
            "clause": "embedding.lookup",
            "point": "range",
            "name": "an id of -1",
            "case": to_json({"ids": np.array([-1])}),
            "outcome": outcome,
        }


def make_run(folder: Path, lines: Iterator[dict[str, Any]], *, complete: bool = True, **changes: Any) -> Run:
    """A run read back from the file that RunWriter made of the lines."""
    writer = RunWriter(folder, header(**changes))
    for line in lines:
        writer.write(line)
    if complete:
        writer.close(ended="2026-11-22T11:34:00+00:00", exit=1, objections=["1 new divergence"])
    return read_run(folder)


def large(clause_count: int, backend_count: int, laws: int) -> Iterator[dict[str, Any]]:
    """A run of many clauses on many backends; one cell in fifty is a divergence."""
    names = [f"backend-{number}" for number in range(backend_count)]
    yield from (identity(name) for name in names)
    for number in range(clause_count):
        clause = f"chapter{number // 15}.clause-{number}"
        for law in range(laws):
            for place, name in enumerate(names):
                bad = law == 0 and (number * backend_count + place) % 50 == 0
                yield verdict(
                    clause,
                    name,
                    State.FAIL if bad else State.PASS,
                    law=f"test_clause_{number}_keeps_its_promise_in_the_way_number_{law}",
                    divergence=divergence() if bad else None,
                    reason="expected False, got True" if bad else "",
                )


class Parsed(HTMLParser):
    """What a test asks of a page: its ids, its links, its elements and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.handlers: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name == "href" and tag == "a":
                self.links.append(value or "")
            elif name in {"src", "srcset", "href", "action", "data", "poster"}:
                self.loads.append(value or "")
            elif name.startswith("on"):
                self.handlers.append(name)

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] not in (["script"], ["style"]):
            self.text += data


def written(runs: list[Run], folder: Path) -> str:
    """The page that is written; its twin, written beside it, keeps to the published schema."""
    page = write_report(runs, folder).read_text(encoding="utf-8")
    twin = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(twin)
    return page


@pytest.fixture
def full(tmp_path: Path) -> str:
    """The page of a run in which every mark stands."""
    return written([make_run(tmp_path / "run", every_state())], tmp_path)


def cell(page: str, clause: str, backend: str) -> str:
    """The text of a cell of the matrix."""
    found = re.search(rf'<td class="[^"]*"><a href="#{clause}/{backend}">(.*?)</a>', page)
    assert found, f"the matrix has no cell {clause}/{backend}"
    return " ".join(re.sub("<[^>]+>|&nbsp;", " ", found[1]).split())


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
        "expected = np.array([[True]])",
    ):
        assert said in text
    assert full.count('<td class="first">False<span class="flag">first difference</span>') == 2
    assert full.count('<td class="first true">True<span class="flag">first difference</span>') == 2


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


def test_text_from_frameworks_and_tests_is_escaped(tmp_path: Path) -> None:
    evil_case = to_json({EVIL: EVIL, "list": [EVIL]})
    bad = divergence(
        point=EVIL,
        case=evil_case,
        where=EVIL,
        explanation=EVIL,
        expected_by=EVIL,
        own_reading=EVIL,
        script=EVIL,
        script_path=EVIL,
        expected=to_json({"kind": "refusal", "error": [EVIL], "message": EVIL}),
        actual=to_json({"kind": EVIL}),
        expectation={**EXPECTATION, "link": "javascript:alert(1)", "reason": EVIL},
    )
    lines = [
        identity(EVIL, identity={**identity(EVIL)["identity"], "version": EVIL, "modes": {EVIL: EVIL}}),
        verdict(
            "merging.mask",
            EVIL,
            State.FAIL,
            law=EVIL,
            points=(EVIL,),
            reading=EVIL,
            reason=EVIL,
            divergence=bad,
        ),
        verdict(EVIL, "tf", State.UNSUPPORTED, reason=EVIL),
        {
            "type": "survey",
            "backend": EVIL,
            "dialect": "torch",
            "clause": EVIL,
            "point": EVIL,
            "name": EVIL,
            "case": evil_case,
            "outcome": EVIL,
        },
    ]
    run = make_run(tmp_path / "run", iter(lines), suite=EVIL, started=EVIL, against=EVIL, selected=[EVIL])
    text = written([run], tmp_path)
    page = Parsed(text)
    assert page.tags.count("script") == 1
    assert not page.handlers and "img" not in page.tags
    assert not any(link.startswith("javascript") for link in page.links)
    assert len(page.ids) == len(set(page.ids))


def test_only_the_script_of_the_report_may_run(full: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', full)
    assert policy and "default-src 'none'" in policy[1]
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/=]{44}'", policy[1])


def test_records_that_are_empty_or_broken_are_still_shown(tmp_path: Path) -> None:
    lines = [
        identity("tf", identity=None, operations=None, without=None),
        verdict("merging.mask", "tf", State.FAIL, divergence={}, margin=None, cases=0),
        verdict(
            "embedding.lookup",
            "tf",
            State.FAIL,
            divergence={
                "case": {"array": 1},
                "expected": 3,
                "where": "[9, 9]",
                "actual": to_json({"kind": "value", "value": np.zeros((0, 3))}),
                "expectation": {},
            },
        ),
        {
            "type": "survey",
            "backend": "tf",
            "clause": "merging.mask",
            "point": "broadcast",
            "name": "",
            "outcome": None,
        },
    ]
    text = written([make_run(tmp_path / "run", iter(lines), selection=None, against=None)], tmp_path)
    assert "No case was recorded." in text or "not recorded" in text
    assert "float64 (0, 3)" in text


def test_the_twin_of_the_page_says_what_the_page_says(tmp_path: Path) -> None:
    page = written([make_run(tmp_path / "run", every_state())], tmp_path)
    twin = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert [clause["id"] for clause in twin["clauses"]] == list(clauses())
    for clause in twin["clauses"]:
        for said in clause["verdicts"]:
            assert said["verdict"] in cell(page, clause["id"], said["backend"])
    assert {one["id"] for one in twin["divergences"]} <= set(Parsed(page).ids)


def test_the_schema_is_itself_valid_and_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    written([make_run(tmp_path / "run", every_state())], tmp_path)
    twin = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    for broken in (
        {**twin, "more": 1},
        {**twin, "schema": 2},
        {k: v for k, v in twin.items() if k != "runs"},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)


def test_no_run_at_all_is_a_page_that_says_so(tmp_path: Path) -> None:
    assert "No run was given" in written([], tmp_path)


def test_a_backend_in_two_runs_has_two_columns(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / name, every_state()) for name in ("one", "two")]
    ids = Parsed(written(runs, tmp_path)).ids
    assert {"merging.mask/tf", "merging.mask/tf~2"} <= set(ids)


def test_twenty_backends_and_150_clauses_are_fast_and_small(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", large(150 - len(clauses()), 20, 3), backends=[])
    start = time.process_time()
    path = write_report([run], tmp_path)
    assert time.process_time() - start < 10  # seconds of CPU: 5 on a machine of its own
    assert path.stat().st_size < 3_000_000


def test_importing_the_report_imports_neither_jinja_nor_numpy() -> None:
    code = "import sys, conformance.report; sys.exit(bool({'jinja2', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=False).returncode == 0


@pytest.mark.parametrize(
    ("where", "path"),
    [("", None), ("[0, 1]", ("0, 1",)), ("[1][0, 2]", ("1", "0, 2")), ("['mask'][3]", ("'mask'", "3"))],
)
def test_the_place_of_a_difference_is_read(where: str, path: tuple[str, ...] | None) -> None:
    assert path_of(where) == path


@pytest.mark.parametrize("shape", [(3,), (2, 2), (2, 2, 2)])
def test_the_first_difference_is_marked_once_in_an_array_of_any_rank(shape: tuple[int, ...]) -> None:
    last = tuple(size - 1 for size in shape)
    shown = show("", (None, np.zeros(shape)), path_of(f"[1]{list(last)}"))
    elements = [e for grid in shown.parts[1].grids for row in grid.rows for e in row]
    assert [e.first for e in elements] == [False] * (len(elements) - 1) + [True]


def test_a_part_that_differs_as_a_whole_is_marked() -> None:
    shown = show("", (None, np.zeros(2)), path_of("[0]"))
    assert [part.first for part in shown.parts] == [True, False]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_marks_and_the_text_have_the_contrast_that_people_need(scheme: str) -> None:
    css = (REPOSITORY / "conformance/report/templates/report.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    names = dict(
        re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", blocks[0] + (blocks[1] if scheme == "dark" else ""))
    )
    pairs = [(mark.key, f"{mark.key}-bg") for mark in MARKS]
    pairs += [(ink, ground) for ink in ("text", "soft", "link") for ground in ("page", "card", "sunk")]
    pairs += [(ink, "sunk") for ink in ("comment", "string", "keyword")]
    pairs += [
        ("fail", "card"),
        ("fail", "sunk"),
        ("expected", "card"),
        ("text", "expected-bg"),
        ("link", "expected-bg"),
    ]
    weak = {pair: contrast(names[pair[0]], names[pair[1]]) for pair in pairs}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


def contrast(ink: str, ground: str) -> float:
    """The contrast of two colors as WCAG defines it."""

    def luminance(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
