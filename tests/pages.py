"""Runs that are made line by line, and what tests ask of the pages made from them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np

from backends.codec import to_json
from conformance.report import write_report
from conformance.report.data import SCHEMA
from conformance.run import Run, RunWriter, read_run
from conformance.verdict import State, Verdict
from reference.clause import clauses

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
    "file": "ci/tf.toml",
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


def large(clause_count: int, backend_count: int) -> Iterator[dict[str, Any]]:
    """A run of many clauses, the reference's first, on many backends, with results of three dtypes.

    Each clause has two laws, and one cell in fifty a divergence.
    """
    names = [f"backend-{number}" for number in range(backend_count)]
    yield from (identity(name) for name in names)
    ours = clauses()
    more = [f"chapter{number // 15}.clause-{number}" for number in range(clause_count - len(ours))]
    tenths = {dtype: [0.31, 90, 7, 2, 1, 0, 0, 0, 0, 0, 0] for dtype in ("float16", "float32", "float64")}
    for number, clause in enumerate([*ours, *more]):
        for law in range(2):
            for place, name in enumerate(names):
                bad = law == 0 and (number * backend_count + place) % 50 == 0
                yield verdict(
                    clause,
                    name,
                    State.FAIL if bad else State.PASS,
                    law=f"test_clause_{number}_keeps_its_promise_in_the_way_number_{law}",
                    divergence=divergence() if bad else None,
                    reason="expected False, got True" if bad else "",
                    by_dtype=tenths,
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


def cell(page: str, clause: str, backend: str) -> str:
    """The text of a cell of the matrix."""
    found = re.search(rf'<td class=m-[a-z-]+><a href="?#{clause}/{backend}"?>(.*?)</a>', page)
    assert found, f"the matrix has no cell {clause}/{backend}"
    return " ".join(re.sub("<[^>]+>", " ", found[1]).split())
