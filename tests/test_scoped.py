"""Figures of some chapters or clauses replace those figures alone."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from conformance.flakes import Flakes
from conformance.law import load_laws
from conformance.mutants.equivalents import Proof
from conformance.mutants.judging import Result
from conformance.mutants.summary import summarize
from conformance.report.teeth import teeth_of
from conformance.soak import Soak
from conformance.teeth import keep, scoped
from conformance.teeth.commands import Refusal, mutants
from conformance.teeth.detection import detection

HEADER = {"suite": "0", "operators": [], "structures": 100, "seed": 0}


def soaked(clause: str, cases: int, number: int, alarm: str = "") -> dict[str, Any]:
    found = Soak()
    kinds = {"float32": [cases, cases, 0.25]}
    line = {"clause": clause, "round": number, "cases": cases, "seconds": 1.0, "kinds": kinds}
    found.add(line | {"alarm": alarm})
    return found.to_json()


def test_a_soak_of_a_clause_replaces_that_clause_alone() -> None:
    before = scoped.soaks(None, soaked("merging.dot", 8, 4, "an alarm"))
    before = scoped.soaks(before, soaked("text.words", 5, 2))
    assert (before["cases"], before["rounds"], before["alarms"]) == (13, 3, ["an alarm"])
    after = scoped.soaks(before, soaked("merging.dot", 20, 0))
    assert (after["cases"], after["rounds"], after["alarms"]) == (25, 1, [])
    assert after["clauses"]["text.words"] == before["clauses"]["text.words"]


def test_a_clause_that_is_no_more_is_dropped() -> None:
    before = {"clauses": {"merging.gone": soaked("text.words", 5, 0)["clauses"]["text.words"]}}
    assert scoped.soaks(before, soaked("merging.dot", 8, 0))["cases"] == 8


def judged(*results: Result) -> dict[str, Any]:
    return summarize(results, {"e": Proof("equivalent", "It is.")}, HEADER)


def test_mutants_of_a_clause_replace_those_of_that_clause_alone(tmp_path: Path) -> None:
    first = judged(
        Result("a", "text.words", "boolean", "killed", law="test_it", cases=3, seconds=0.5),
        Result("b", "text.words", "boolean", "survived", laws=1, seen="within"),
        Result("e", "text.hashing", "constant", "survived", laws=1, seen="same"),
        Result("h", "merging.*", "constant", "killed", law="test_this", cases=9, seconds=2.0),
    )
    before = scoped.mutants(None, first)
    again = judged(
        Result("a", "text.words", "boolean", "killed", law="test_it", cases=2, seconds=0.5),
        Result("b", "text.words", "boolean", "killed", law="test_it", cases=4, seconds=0.25),
    )
    after = scoped.mutants(before, again)
    assert [before[word] for word in ("made", "killed", "equivalent")] == [4, 2, 1]
    assert [after[word] for word in ("made", "killed", "equivalent")] == [4, 3, 1]
    assert (after["survivors"], [one["id"] for one in after["proofs"]]) == ([], ["e"])
    assert [one["id"] for one in after["sample"]] == ["a", "b"]  # what took seconds is not for every time
    gone = scoped.mutants(before, again, ["text"])  # hashing has no mutants any more
    assert ([row["clause"] for row in gone["rows"]], gone["proofs"]) == (["text.words", "merging.*"], [])
    keep("mutants", after, tmp_path)
    timed = teeth_of(tmp_path).timed
    assert (timed.killed, timed.cases) == (3, {"half": 4, "nine tenths": 9, "all": 9})


def test_a_chapter_has_no_more_than_its_sample() -> None:
    words = [Result(f"w{n}", "text.words", "boolean", "killed", law="test_it", cases=1) for n in range(8)]
    others = [Result(f"h{n}", "text.hashing", "boolean", "killed", law="test_it", cases=1) for n in range(8)]
    both = scoped.mutants(scoped.mutants(None, judged(*words)), judged(*others))
    assert (both["killed"], len(both["sample"])) == (16, scoped.SAMPLE)


def test_the_figures_of_a_sample_are_not_kept() -> None:
    asked = Namespace(operators=False, scope=["text"], write=True, sample=3)
    with pytest.raises(Refusal, match="leave out --sample or --write"):
        mutants(asked)


def flaked(clause: str, *words: str) -> dict[str, Any]:
    law = next(law.id for law in load_laws().values() if law.clause == clause)
    found = Flakes("torch", 3)
    for seed, word in enumerate(words, 1):
        found.add(
            {"law": law, "seed": seed, "verdict": word, "cases": 4, "seconds": 9.0, "reason": "", "tried": 2}
        )
    return found.to_json()


def test_flakes_of_a_chapter_replace_those_of_that_chapter_alone() -> None:
    before = scoped.flakes(None, flaked("text.words", "pass", "fail", "fail"))
    before = scoped.flakes(before, flaked("merging.dot", "pass", "pass"))
    assert [before[word] for word in ("seeds", "laws", "cases")] == [2, 2, 20]
    assert before["structures"] == {"2": 2}
    assert len(before["changed"]) == 1
    after = scoped.flakes(before, flaked("text.words", "pass", "pass", "pass"))
    assert (after["cases"], after["changed"]) == (20, [])
    assert after["chapters"]["merging"] == before["chapters"]["merging"]


def test_miniatures_of_a_clause_are_measured_alone() -> None:
    found = detection([0], scope=("text.words",))
    assert found
    assert all(name.startswith("text.") and len(caught) == 1 for name, caught in found.items())
    before = {"miniatures": {"masking.Other": [[9, 1.0]], "text.Gone": [[9, 1.0]]}}
    after = scoped.detections(before, {"miniatures": found}, {*found, "masking.Other"})
    assert after["miniatures"] == found | {"masking.Other": [[9, 1.0]]}
