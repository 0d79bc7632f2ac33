"""Broken points: where labels stand, how their lines are broken, and what laws see of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.cli import main
from conformance.mutants import points
from conformance.mutants.breaks import Place, breaks, left_out, places
from conformance.mutants.looking import allows_less
from conformance.mutants.plan import Mutant, plan
from conformance.mutants.points import Broken, broken, measure, summarize
from conformance.mutants.swap import Accepted, swapped
from conformance.mutants.units import Unit, units
from conformance.teeth import results
from conformance.teeth.scoped import points as joined
from reference import CHAPTERS
from reference.clause import READINGS, Reading
from reference.errors import Refused

UNITS = units(25, 0)

SAMPLE = {
    "text": "text.one-hot",
    "embedding": "embedding.padding",
    "initializers": "initializers.binary",
    "merging": "merging.concatenate-mask",
    "masking": "masking.time-distributed",
    "losses": "losses.hinge",
    "weighting": "weighting.class-weight",
    "batches": "batches.sampler",
    "transformer": "transformer.asking",
    "composition": "composition.connectivity",
}


def of(clause: str, name: str) -> Reading:
    return next(reading for reading in READINGS[clause] if reading.name == name)


def units_of(reading: Reading) -> list[Unit]:
    return [unit for unit in UNITS if unit.reading is reading]


def place_of(reading: Reading, label: str) -> Place:
    return places(reading)[label][0]


# Where labels stand, and how a line is broken


def test_a_label_stands_in_the_reading_or_in_what_it_calls() -> None:
    found = places(of("merging.mask", "keras-2"))
    assert {place.function.partition(":")[2] for place in found["length"]} >= {"mask_keras_2"}
    assert any(place.function.endswith(":and_of_present") for place in found["shape"])


def test_a_comment_alone_speaks_of_the_next_statement() -> None:
    place = place_of(of("initializers.binary", "keras-3"), "support")
    (made,) = left_out(place)
    assert made.before.startswith("return Coins(")
    assert made.after == "return ..."


def test_a_line_is_broken_by_its_own_mutants_first_and_by_those_of_what_it_calls() -> None:
    kinds = [kind for kind, _ in breaks(place_of(of("merging.concatenate-mask", "keras-2.2"), "along"))]
    assert kinds == sorted(kinds, key=("own", "called", "left out", "at times").index)
    assert {"own", "called", "left out"} <= {*kinds}


def test_a_check_that_is_left_out_accepts_what_it_refuses() -> None:
    reading = of("weighting.weighted", "keras-2 from 2.11")
    unit = next(unit for unit in units_of(reading) if "shape" in unit.law.points)
    cases = [case for _, structure, _ in unit.prepared for case in structure.cases(1)]
    refused = next(c for c in cases if isinstance(unit.judge.expects(unit.law.clause, c), Refused))
    ways = [way for place in places(reading)["shape"] for way in left_out(place)]
    assert any(_accepts(unit, way, refused) for way in ways)


def _accepts(unit: Unit, way: Mutant, inputs: dict[str, Any]) -> bool:
    unit.handle.mutant = way
    (outcome,) = unit.handle.perform(unit.law.clause, [inputs])
    unit.handle.mutant = None
    return outcome.kind == "value"


def test_what_is_accepted_comes_out_as_a_value() -> None:
    reading = of("batches.subset", "keras-2.2")
    unit = next(unit for unit in units_of(reading) if "part" in unit.law.points)
    (accepting,) = left_out(place_of(reading, "part"))
    inputs = next(
        case
        for _, structure, _ in unit.prepared
        for case in structure.cases(8)
        if case["part"] == "test" and case["share"] == 0.5 and not case["ignore"]
    )
    assert unit.handle.perform(unit.law.clause, [inputs])[0].kind == "refusal"
    unit.handle.mutant = accepting
    (outcome,) = unit.handle.perform(unit.law.clause, [inputs])
    assert (outcome.kind, outcome.value) == ("value", ...)
    with swapped(accepting), pytest.raises(Accepted):
        unit.judge.expects(unit.law.clause, inputs)
    unit.handle.mutant = None


def test_a_mutant_can_be_there_at_every_other_time() -> None:
    reading = of("text.one-hot", "keras-3")
    unit = next(unit for unit in units_of(reading) if "hash" in unit.law.points)
    (made,) = left_out(place_of(reading, "hash"))
    inputs = unit.prepared[0][1].cases(1)[0]
    unit.handle.mutant, unit.handle.at_times = made, True
    came = [unit.handle.perform(unit.law.clause, [inputs])[0].value is ... for _ in range(4)]
    unit.forget()
    assert came in ([False, True, False, True], [True, False, True, False])


# What laws see


def test_a_law_that_lays_outcomes_side_by_side_sees_what_is_broken_at_times_alone() -> None:
    reading = of("text.one-hot", "keras-3")
    found = {one.point: one for one in broken(reading, units_of(reading))}
    assert (found["hash"].how, found["numbers"].how) == ("at times", "called")


def test_an_open_point_of_which_less_is_left_is_seen_as_the_oracle() -> None:
    reading = of("transformer.asking", "transformers")
    unit = next(unit for unit in units_of(reading) if "cross" in unit.law.points)
    (made,) = left_out(place_of(reading, "cross"))
    assert allows_less(unit, made, 100)
    elsewhere = next(mutant for mutant in plan() if mutant.module == "reference.text")
    assert not allows_less(unit, elsewhere, 100)


def test_a_point_that_no_law_is_bound_to_stays_unseen() -> None:
    reading = of("text.one-hot", "keras-3")
    others = [unit for unit in units_of(reading) if "hash" not in unit.law.points]
    assert {one.point for one in broken(reading, others) if not one.how} == {"hash"}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_point_of_a_clause_of_each_chapter_is_seen_broken(chapter: str) -> None:
    clause = SAMPLE[chapter]
    for reading in dict.fromkeys(unit.reading for unit in UNITS if unit.reading.clause == clause):
        for one in broken(reading, units_of(reading)):
            assert one.how, f"no law of {clause} sees [{one.point}] of {reading.name} broken"


# Runs


def test_a_run_that_was_killed_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points, "units", lambda structures, seed: UNITS)
    path = tmp_path / "points.jsonl"
    first = measure(["text.one-hot", "text.words"], 25, 0, 1, path, lambda text: None)
    lines = path.read_text().splitlines()
    assert len(lines) == 3
    path.write_text("\n".join(lines[:2]) + "\n" + lines[2][:30])
    assert measure(["text.one-hot", "text.words"], 25, 0, 1, path, lambda text: None) == first
    path.write_text(json.dumps({"suite": "another"}) + "\n")
    again = measure(["text.one-hot"], 25, 0, 1, path, lambda text: None)
    assert again == [one for one in first if one.clause == "text.one-hot"]


def test_the_command_says_which_points_are_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["text.one-hot", "--cases", "5", "--each", "--work", str(tmp_path)]
    assert main(["points", *given]) == 0
    said = capsys.readouterr().out
    assert "text.one-hot [hash] of keras-3: at times, test_one_hot_is_the_hashing_trick" in said
    assert said.endswith("4 of 4 points have a law that fails when their line is broken\n")


def test_the_command_fails_for_a_point_that_no_law_sees(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [unit for unit in UNITS if "hash" not in unit.law.points]
    monkeypatch.setattr(points, "units", lambda structures, seed: others)
    assert main(["points", "text.one-hot", "--cases", "5", "--work", str(tmp_path)]) == 1
    assert "unseen: text.one-hot [hash] of keras-3, MUST" in capsys.readouterr().out


def test_figures_of_a_part_stand_beside_those_of_the_rest() -> None:
    seen = Broken("merging.mask", "keras-2", "length", "MUST", "own", "test_it", "f | …", 1)
    unseen = Broken("merging.mask", "keras-2", "rule", "MUST", tried=3)
    other = Broken("masking.produce", "keras-2", "rule", "MUST", "called", "test_it", "g | …", 2)
    before = summarize([seen, unseen, other], 100, 0)
    assert [(row["clause"], row[""], row["own"]) for row in before["rows"]] == [
        ("merging.mask", 1, 1),
        ("masking.produce", 0, 0),
    ]
    now = summarize([seen], 100, 0)
    kept = joined(before, now)
    assert {row["clause"]: row["own"] for row in kept["rows"]} == {"merging.mask": 1, "masking.produce": 0}
    assert kept["unseen"] == []


def test_no_point_of_the_kept_figures_is_unseen() -> None:
    kept = results("points")
    assert kept is not None
    assert kept["unseen"] == []
