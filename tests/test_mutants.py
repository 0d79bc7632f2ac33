"""Automatic mutants: the operators, what is not mutated, how they run, and how a run is taken up again."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.mutants import swap, work
from conformance.mutants.bookkeeping import bookkeeping
from conformance.mutants.equivalents import BrokenList, Proof, contradictions, equivalents
from conformance.mutants.judging import Court, Result
from conformance.mutants.looking import looked_at
from conformance.mutants.operators import OPERATORS
from conformance.mutants.plan import Mutant, plan
from conformance.mutants.summary import summarize
from conformance.mutants.units import units
from conformance.mutants.wider import wider
from conformance.mutants.work import Task, Unlike, Work, read, run
from conformance.teeth import results
from conformance.teeth.scoped import mutants
from reference import CHAPTERS
from reference.clause import READINGS
from reference.errors import Refused
from reference.merging import masks
from reference.outcomes import AnyOf, Bounded, Measured
from reference.overflow import DOWN, UP

# The operators


CHANGES = {
    "boolean": {"a and b": "a or b", "not a": "a", "True": "False", "a | b": "a & b", "np.any": "np.all"},
    "comparison": {"a < b": "a <= b", "a == b": "a != b", "a is b": "a is not b", "max": "min"},
    "arithmetic": {"a + b": "a - b", "a * b": "a / b", "-a": "a", "a @ b": "a + b", "a ** b": "a * b"},
    "constant": {"3": "4", "0.5": "1.5", "0": "1"},
    "axis": {"a.T": "a"},
    "index": {"a[0]": "a[1]", "a[i]": "a[i - 1]", "a[1:]": "a[1 + 1:]", "a[::-1]": "a[:]"},
    "none": {"a is None": "False", "a is not None": "True"},
    "dtype": {"np.float32": "np.float64", "a.astype(b)": "a", "f(a, dtype=b)": "f(a)", "np.bool_": "np.int8"},
    "return": {},
}


@pytest.mark.parametrize(
    ("operator", "before", "after"),
    [(name, before, after) for name, changes in CHANGES.items() for before, after in changes.items()],
)
def test_an_operator_changes_what_its_line_of_the_list_says(operator: str, before: str, after: str) -> None:
    node = ast.parse(before, mode="eval").body
    assert after in [ast.unparse(ast.fix_missing_locations(other)) for other in OPERATORS[operator](node)]


@pytest.mark.parametrize("text", ["return a", "raise a", "f(a)", "for i in a: f(i)"])
def test_what_ends_early_is_dropped_and_a_loop_is_left(text: str) -> None:
    (node,) = ast.parse(text).body
    (other,) = OPERATORS["return"](node)
    assert isinstance(other, ast.Pass) or isinstance(other.body[-1], ast.Break)


def test_the_list_of_operators_is_the_published_one() -> None:
    assert list(OPERATORS) == list(CHANGES)
    assert all(f"\n{name} " in (work.operators.__doc__ or "") for name in OPERATORS)


# The plan


def test_every_mutant_has_a_name_of_its_own_and_other_code() -> None:
    mutants = plan()
    assert len({mutant.id for mutant in mutants}) == len(mutants) > 4000
    assert {mutant.function for mutant in mutants} <= set(swap.functions())
    assert {mutant.module.split(".")[1] for mutant in mutants} >= set(CHAPTERS)
    assert all(mutant.code is not None for mutant in mutants)


def test_messages_annotations_and_strictness_are_not_mutated() -> None:
    for mutant in plan():
        assert "strict=False" not in mutant.after or "strict=True" not in mutant.before
        assert not mutant.before.startswith(("f'", 'f"'))


def test_bookkeeping_is_known_by_its_names_and_by_what_it_feeds() -> None:
    text = """
def total(terms, n):
    value = terms.sum() + 1
    steps = n - 6
    more = steps * 2
    magnitude = abs(terms).sum() + 3
    if more > 4:
        more = 5
    return Bounded(value, magnitude, more, terms.dtype)
"""
    tree = ast.parse(text)
    marked = bookkeeping({"m": tree})
    numbers = {
        node.value: id(node) in marked
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, int)
    }
    # `steps` feeds the roundings alone, by way of `more`; the value is none of it.
    assert numbers == {1: False, 2: True, 3: True, 4: True, 5: True, 6: True}


# Mutants as backends


def mutant(function: str, before: str, after: str) -> Mutant:
    return next(m for m in plan() if m.function == function and (m.before, m.after) == (before, after))


def test_the_code_is_changed_only_while_the_backend_performs() -> None:
    rule = mutant("reference.merging.masks:and_of_present", "np.logical_and", "np.logical_or")
    both = [np.array([[True]]), np.array([[False]])]
    own = masks.and_of_present.__code__
    with swap.swapped(rule):
        assert masks.and_of_present(both, both)
    assert masks.and_of_present.__code__ is own
    assert not masks.and_of_present(both, both)


def test_readings_whose_rules_are_fixed_are_mutated_too() -> None:
    keeps = "reference.composition.persistence:persistence_keras"
    found = next(m for m in plan() if m.function == keeps)
    readings = [reading.function for reading in READINGS["composition.persistence"][:-1]]
    with swap.swapped(found):
        assert {reading.__code__ for reading in readings} == {found.code}
    assert found.code not in {reading.__code__ for reading in readings}


def test_a_mutant_that_does_not_end_is_stopped() -> None:
    rule = mutant("reference.merging.masks:and_of_present", "np.logical_and", "np.logical_or")
    with pytest.raises(swap.Hang), swap.swapped(rule, patience=0.05):
        while True:
            pass
    assert masks.and_of_present.__code__ is not rule.code


def test_open_outcomes_are_shown_in_turn() -> None:
    said = AnyOf((1, AnyOf((2, 3))))
    assert {swap._taken(said, turn) for turn in range(8)} == {1, 2, 3}


def test_a_unit_is_a_law_on_a_reading_and_the_control_keeps_it() -> None:
    found = [unit for unit in units(6, 3) if unit.reading.clause in ("merging.mask", "merging.delivery")]
    # The reading of Keras before 3.4 is no dialect's newest, and is judged at its own version.
    assert "keras-3 before 3.4" in {unit.reading.name for unit in found}
    for unit in found:
        trial = unit.trial()
        unit.run(trial, 0, len(unit.prepared))
        assert trial.verdict.cases > 0


@pytest.mark.parametrize(
    ("before", "after", "seen"),
    [
        ("other & UP != 0", "other & UP == 0", "open"),
        ("UP | DOWN", "UP & DOWN", "alarm"),
        (
            "(axes,) if isinstance(axes, int) else axes",
            "(axes,) if not isinstance(axes, int) else axes",
            "broke",
        ),
        ("unsure is None", "False", "same"),
    ],
)
def test_a_mutant_that_gives_the_same_is_looked_at_as_the_oracle(before: str, after: str, seen: str) -> None:
    law = "test_a_sum_of_ten_terms_errs_by_nine_roundings_at_most"
    found = [unit for unit in units(3, 0) if unit.law.name == law][:1]
    shared = (m for m in plan() if m.module in ("reference.overflow", "reference.tracked"))
    one = next(m for m in shared if (m.before, m.after) == (before, after))
    court = Court(found, [set()])
    assert not court.killed_by(0, one)
    assert looked_at(found[0], one, 0, 100) == seen


# A run


CLAUSES = ("text.words",)


def told(path: Path, task: Task) -> list[Result]:
    return run(task, path, 1, lambda sentence: None, lambda n, total, result: None)


def test_a_run_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    task, path = Task(CLAUSES, structures=20), tmp_path / "results.jsonl"
    whole = told(path, task)
    lines = path.read_text().splitlines()
    assert len(lines) == 1 + len(whole)
    path.write_text("\n".join(lines[:4]) + "\n" + lines[4][:30])
    again = told(path, task)
    assert [(r.id, r.state) for r in again] == [(r.id, r.state) for r in whole]
    assert path.read_text().splitlines()[:4] == lines[:4]


def test_results_of_another_run_are_not_mixed_in(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text(json.dumps(Task(structures=7).header()) + "\n")
    with pytest.raises(Unlike, match="--work"):
        read(path, Task(structures=8))


def test_two_processes_find_what_one_finds(tmp_path: Path) -> None:
    task = Task(("text",), structures=20, sample=8)
    alone = told(tmp_path / "one" / "results.jsonl", task)
    both = run(task, tmp_path / "two" / "results.jsonl", 2, lambda sentence: None, lambda *rest: None)
    assert [(r.id, r.state) for r in alone] == [(r.id, r.state) for r in both]


def sample() -> list[dict[str, str]]:
    """Mutants of each chapter with the laws that killed them in the latest full run."""
    return list((results("mutants") or {"sample": []})["sample"])


@pytest.mark.parametrize("chapter", sorted({one["law"] and one["id"].split(".")[1] for one in sample()}))
def test_a_sample_of_each_chapter_is_killed_again(chapter: str) -> None:
    planned = {mutant.id: mutant for mutant in plan()}
    found = {(unit.law.name, unit.judged): unit for unit in units(100, 0)}
    chosen = [one for one in sample() if one["id"].split(".")[1] == chapter]
    still = [one for one in chosen if one["id"] in planned and (one["law"], one["reading"]) in found]
    assert 2 * len(still) >= len(chosen), "the reference has changed: run conformance mutants --write again"
    for one in still:
        court = Court([found[one["law"], one["reading"]]], [set()])
        assert court.killed_by(0, planned[one["id"]]), one


# The list of equivalents


def entry(id: str, proof: str = "It is.") -> str:
    return f"[[equivalent]]\nproof = {json.dumps(proof)}\nmutants = [{json.dumps(id)}]\n"


def test_the_list_of_equivalents_names_mutants_that_there_are() -> None:
    assert all(proof.text.endswith(".") for proof in equivalents().values())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (entry("reference.text:words | boolean | gone | a → b"), "no mutant"),
        (entry(plan()[0].id) * 2, "twice"),
        (entry(plan()[0].id, proof="because"), "a sentence"),
        ("[[equivalent]]\nproof = 'It is.'\n", "write mutants"),
        ("[[equivalent]", "Expected"),
    ],
)
def test_a_list_that_says_too_much_is_refused(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "equivalents.toml"
    path.write_text(text)
    with pytest.raises(BrokenList, match=said):
        equivalents(path)


@pytest.mark.parametrize(
    ("kind", "state", "seen", "said"),
    [
        ("equivalent", "killed", "", "test_it has killed it"),
        ("allowed", "killed", "", "test_it has killed it"),
        ("equivalent", "survived", "within", "not the control's"),
        ("equivalent", "survived", "bound", "allows differs"),
        ("allowed", "survived", "same", "no outcome"),
    ],
)
def test_what_the_run_shows_is_held_against_the_list(kind: str, state: str, seen: str, said: str) -> None:
    result = Result("a", "text.words", "boolean", state, law="test_it", seen=seen)
    (sentence,) = contradictions([result], {"a": Proof(kind, "It is.")})
    assert said in sentence


def test_what_bears_the_list_out_is_no_contradiction() -> None:
    same = Result("a", "text.words", "boolean", "survived", seen="same")
    within = Result("b", "text.words", "boolean", "survived", seen="within")
    assert not contradictions([same, within], {"a": Proof("equivalent", "."), "b": Proof("allowed", ".")})


def test_the_figures_count_every_mutant_once() -> None:
    judged = [
        Result("a", "text.words", "boolean", "killed", law="test_it", cases=3, seconds=0.5),
        Result("b", "text.words", "boolean", "survived", seen="within"),
        Result("c", "text.words", "constant", "survived", seen="same"),
        Result("d", "text.hashing", "constant", "survived", seen="bound"),
    ]
    listed = {"c": Proof("equivalent", "It is."), "d": Proof("allowed", "It may.")}
    header = {"suite": "0", "operators": [], "structures": 100, "seed": 0}
    found = mutants(None, summarize(judged, listed, header))
    assert (found["made"], found["killed"], found["equivalent"], found["allowed"]) == (4, 1, 1, 1)
    row = next(row for row in found["rows"] if row["clause"] == "text.words")
    assert row["cells"] == {"boolean": [1, 0, 0, 1], "constant": [0, 1, 0, 0]}
    assert row["killers"] == {"test_it": {"cases": {"3": 1}, "seconds": {"0.5": 1}}}
    assert [one["id"] for one in found["survivors"]] == ["b"]
    assert [(one["id"], one["kind"]) for one in found["proofs"]] == [("d", "allowed"), ("c", "equivalent")]


def test_a_mutant_of_a_decorated_reading_counts_at_its_clause() -> None:
    found = Work(Task(("losses.sparse",), structures=1), None, lambda sentence: None)
    assert {found.clause(m) for m in found.mutants()} == {"losses.sparse"}


def test_work_knows_the_clause_of_every_function() -> None:
    found = Work(Task(("text",), structures=5), None, lambda sentence: None)
    assert {found.clause(m) for m in found.mutants()} == {
        "text.words",
        "text.hashing",
        "text.one-hot",
        "text.processes",
    }


def bounded_by(error: float, value: float = 1.0, flags: int | None = None) -> Bounded:
    number = np.full(2, value)
    given = None if flags is None else np.full(2, flags, np.uint8)
    return Bounded(number, number, np.ones(()), np.dtype("float32"), error=np.full(2, error), flags=given)


ALLOWED = bounded_by(0.25, flags=int(UP))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (ALLOWED, False),
        (bounded_by(0.125), False),
        (bounded_by(0.25, flags=int(DOWN)), True),
        (bounded_by(0.5), True),
        (bounded_by(0.25, value=1.125), True),
        (bounded_by(0.125, value=1.125), False),
        (bounded_by(np.inf), True),
        (AnyOf((ALLOWED, bounded_by(0.125))), False),
        (AnyOf((ALLOWED, Refused("no"))), True),
        (Refused("no"), True),
        ((ALLOWED, ALLOWED), True),
        (bounded_by(0.0, value=np.inf), False),
        (bounded_by(0.0, value=-np.inf), True),
        (bounded_by(0.0, value=np.nan), True),
        (bounded_by(np.inf, value=np.inf), False),
    ],
)
def test_what_allows_more_than_the_reading_is_seen(said: Any, expected: bool) -> None:
    assert wider(said, ALLOWED) == expected
    assert wider((1, {"loss": said}), (1, {"loss": ALLOWED})) == expected
    if not isinstance(said, AnyOf):
        assert wider(said, AnyOf((Refused("no"), ALLOWED))) == (expected and not isinstance(said, Refused))


@pytest.mark.parametrize("value", [1.0, np.inf, np.nan])
def test_a_bound_without_end_allows_everything_and_an_infinity_itself_alone(value: float) -> None:
    assert not wider(bounded_by(0.5, value=value, flags=int(UP)), bounded_by(np.inf))
    assert not wider(bounded_by(0.0, value=value), bounded_by(0.0, value=value))
    assert wider(bounded_by(np.inf), bounded_by(0.5, value=value))


@pytest.mark.parametrize(
    ("value", "spread", "expected"),
    [(1.0, 1e-4, False), (1.0, 2e-4, False), (1.0, 3e-4, True), (1.01, 1e-4, True), (1.001, 1e-4, False)],
)
def test_a_measured_bound_is_wider_beyond_what_chance_does(
    value: float, spread: float, expected: bool
) -> None:
    said, right = (
        Measured(np.full(2, one), np.full(2, width), np.dtype("float32"))
        for one, width in ((value, spread), (1.0, 1e-4))
    )
    assert wider(said, right) == expected
