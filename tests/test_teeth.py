"""Soak, flakes and gallery: what they count, what they find, and how they are taken up again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance import flakes as of_flakes
from conformance import soak as of_soak
from conformance.flakes import FIRST, Flakes, flakes
from conformance.law import load_laws
from conformance.miniatures import gallery
from conformance.report.teeth import teeth_of
from conformance.soak import Soak, soak
from conformance.teeth import keep, results
from conformance.teeth.coverage import measure, sentences, summarize
from conformance.teeth.detection import entries, markdown, name_of
from reference.clause import clauses

# Soak


def test_a_soak_ends_at_its_cases_and_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "soak.jsonl"
    first = soak(("merging.dot",), path, cases=300, seconds=None, structures=10)
    lines = path.read_text().splitlines()
    assert 300 <= first.cases == sum(json.loads(line)["cases"] for line in lines)
    path.write_text("\n".join(lines[:-1]) + "\n" + lines[-1][:20])
    again = soak(("merging.dot",), path, cases=300, seconds=None, structures=10)
    assert (again.cases, again.margins, again.alarms) == (first.cases, first.margins, [])


def test_a_soak_keeps_the_margins_of_each_dtype_apart(tmp_path: Path) -> None:
    found = soak(("merging.dot",), tmp_path / "soak.jsonl", cases=500, seconds=None, structures=10)
    kinds = found.margins["merging.dot"]
    assert {"float16", "float32"} <= set(kinds)
    assert all(0 <= worst <= 1 and bounded <= cases for cases, bounded, worst in kinds.values())
    assert found.worst["merging.dot"] == max(worst for _, _, worst in kinds.values())


def test_a_soak_reports_an_alarm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = of_soak._Soaked._agree

    def strict(self: Any, expected: Any, outcome: Any) -> Any:
        agreement = real(self, expected, outcome)
        if agreement.margin is not None and agreement.margin > 0:
            raise of_soak_disagreement("a bound that is too tight")
        return agreement

    monkeypatch.setattr(of_soak._Soaked, "_agree", strict)
    found = soak(("merging.dot",), tmp_path / "soak.jsonl", cases=200, seconds=None, structures=10)
    assert found.alarms
    assert "merging.dot" in found.alarms[0]


def of_soak_disagreement(text: str) -> Exception:
    from conformance.agreement import Disagreement

    return Disagreement("", text)


def test_a_bound_that_is_hardly_used_is_called_loose() -> None:
    found = Soak()
    kinds = {"float32": [10, 10, 0.004]}
    found.add({"clause": "a.b", "round": 0, "cases": 10, "seconds": 1.0, "kinds": kinds, "alarm": ""})
    assert found.loose == ["a.b"]


# Flakes


@pytest.fixture
def few_laws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    laws = [law for law in load_laws().values() if law.clause == "text.words"]
    monkeypatch.setattr(of_flakes, "_laws", lambda scope: laws)
    yield


@pytest.mark.usefixtures("few_laws")
def test_verdicts_of_several_seeds_are_laid_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "flakes.jsonl"
    found = flakes("numpy", 2, 5, path)
    assert (found.seeds, found.changed) == (2, {})
    assert {verdict for seeds in found.verdicts.values() for verdict in seeds.values()} == {"pass"}
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:-1]) + "\n" + lines[-1][:9])
    assert flakes("numpy", 3, 5, path).seeds == 3
    assert path.read_text().splitlines()[: len(lines) - 1] == lines[:-1]


def test_a_law_whose_verdict_changes_is_named_with_its_seeds() -> None:
    found = Flakes("numpy", 5)
    for seed, verdict in enumerate(["pass", "pass", "fail"], 1):
        reason = "at [0]: expected 1, got 2" if verdict == "fail" else ""
        line = {"law": "test_a.py::test_it", "seed": seed, "verdict": verdict, "cases": 4, "seconds": 0.1}
        found.add(line | {"reason": reason, "tried": 4})
    (sentence,) = found.sentences()
    assert sentence.startswith("test_a.py::test_it: pass under 1, 2; fail under 3 (seed 3: at [0]")


@pytest.mark.parametrize(("seconds", "few"), [(0.001, 100), (0.25, 10), (1.0, 2), (60.0, 1), (0.0, 100)])
def test_a_law_gets_as_many_structures_as_its_share_of_time_allows(seconds: float, few: int) -> None:
    found = Flakes("numpy", 100)
    assert found.few("test_a.py::test_it") == FIRST
    line = {"law": "test_a.py::test_it", "seed": 1, "verdict": "pass", "cases": 4, "seconds": seconds}
    found.add(line | {"reason": "", "tried": 10})
    assert (found.few("test_a.py::test_it"), found.most["test_a.py::test_it"]) == (few, 10)


def test_fewer_structures_than_a_law_asks_for_are_run() -> None:
    law = next(law for law in load_laws().values() if law.structures)
    assert replace(law, structures=2).id == law.id


# Gallery


def test_every_miniature_is_in_the_gallery_with_what_it_breaks() -> None:
    found = entries(None)
    assert sorted(one["name"] for one in found) == sorted(name_of(m) for m in gallery())
    assert all(one["fault"] and one["notice"] and one["clause"] in clauses() for one in found)


def test_the_gallery_says_how_soon_a_miniature_is_caught() -> None:
    name = name_of(gallery()[0])
    page = markdown({"miniatures": {name: [[3, 0.5], [8, 0.25]]}})
    assert page.count("within ") >= 1
    assert "within 8 cases and 0.50 s, the slowest of 2 seeds" in page


# The figures that are kept


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    assert results("soak", tmp_path) is None
    keep("soak", {"cases": 3}, tmp_path)
    assert results("soak", tmp_path) == {"cases": 3}


def test_the_kept_figures_add_up() -> None:
    kept = results("mutants")
    if kept is not None:
        view = teeth_of()
        assert (view.total.made, view.total.killed) == (kept["made"], kept["killed"])
        assert len(kept["survivors"]) == view.total.survived
        assert len(kept["proofs"]) == view.total.equivalent + view.total.allowed
    soaked = results("soak")
    if soaked is not None:
        parts = soaked["clauses"].values()
        counted = sum(cases for part in parts for cases, _, _ in part["margins"].values())
        assert 0 < counted <= soaked["cases"] == sum(part["cases"] for part in parts)


# Coverage


def test_what_the_laws_miss_is_told_with_its_text(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("if x:\n    y()\nz()\n")
    file = {"missing_lines": [2], "missing_branches": [[1, 2], [3, -1], [2, 3]]}
    totals = {"covered_lines": 2, "num_statements": 3, "covered_branches": 1, "num_branches": 2}
    found = summarize({"files": {"a.py": file}, "totals": totals}, tmp_path)
    assert (found["lines"], found["branches"]) == ([2, 3], [1, 2])
    assert sentences(found) == ["a.py:1 → 2: if x:", "a.py:2: y()", "a.py:3 → the end: z()"]


def test_a_law_alone_covers_the_lines_of_its_reading() -> None:
    pytest.importorskip("coverage")
    found = measure(5, 0, ("merging.dot",))
    missed = {place for place, *_ in found["missed"]}
    assert found["cases"] > 0
    assert "reference/text.py" in missed
    assert 0 < found["branches"][0] < found["branches"][1]
