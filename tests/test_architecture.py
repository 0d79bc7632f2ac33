"""Readings, points, laws and sources: the rules that hold everywhere, every violation listed at once."""

from __future__ import annotations

import ast
import inspect
import io
import re
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from tree import REPOSITORY, assert_none

import reference
from backends import BUILT_IN, choose
from conformance.law import Law, load_laws
from reference.clause import READINGS, Reading, clauses, find
from reference.dialects import DIALECTS

LAWS = [law for law in load_laws().values() if law.test.__module__.startswith("conformance.laws.")]
READINGS_OF_ALL = [reading for clause in clauses() for reading in READINGS[clause]]


def code_of(function: Callable[..., Any]) -> str:
    """The source of a function and of the functions of its module that it calls, in turn."""
    module = inspect.getmodule(function)
    assert module is not None
    text, waiting, seen = "", [inspect.unwrap(function)], set()
    while waiting:
        source = inspect.getsource(waiting.pop())
        text += source
        for word in re.findall(r"\b\w+\b(?=\()", source):
            other = getattr(module, word, None)
            if inspect.isfunction(other) and other.__module__ == module.__name__ and word not in seen:
                seen.add(word)
                waiting.append(other)
    return text


def comments(source: str) -> str:
    tokens = tokenize.generate_tokens(io.StringIO(inspect.cleandoc(source) + "\n").readline)
    return " ".join(token.string for token in tokens if token.type == tokenize.COMMENT)


def labeled(reading: Reading) -> set[str]:
    """The labels in comments at the lines that a reading goes through."""
    return set(re.findall(r"\[([^\]]+)\]", comments(code_of(reading.function))))


def test_every_reading_has_points_and_says_each_of_them_once() -> None:
    def violations() -> Iterator[str]:
        for reading in READINGS_OF_ALL:
            labels = [point.label for point in reading.points]
            if not labels:
                yield f"{reading.clause}, {reading.name}: no points"
            for label, count in Counter(labels).items():
                if count > 1:
                    yield f"{reading.clause}, {reading.name}: [{label}] stands {count} times"

    assert_none(violations())


def test_every_label_is_one_word_or_a_few() -> None:
    word = re.compile(r"[a-z]{2,}[0-9]?(-[a-z]{2,})*")
    assert_none(
        [
            f"{reading.clause}, {reading.name}: [{point.label}] is not made of words"
            for reading in READINGS_OF_ALL
            for point in reading.points
            if not word.fullmatch(point.label)
        ]
    )


def test_every_bracket_that_begins_a_line_of_a_law_is_a_point() -> None:
    """A label that is misspelled, such as [Rule] or [all absent], would silently be no point."""
    assert_none(
        [
            f"{reading.clause}, {reading.name}: {line.strip()[:40]!r} is no point"
            for reading in READINGS_OF_ALL
            for line in reading.docstring.partition(">>>")[0].splitlines()
            if re.match(r"\s*\[", line) and not any(line.startswith(f"[{p.label}] ") for p in reading.points)
        ]
    )


def test_every_point_stands_again_at_the_line_that_does_it() -> None:
    assert_none(
        [
            f"{reading.clause}, {reading.name}: no comment [{label}] in {reading.function.__name__} or below"
            for reading in READINGS_OF_ALL
            for label in sorted({point.label for point in reading.points} - labeled(reading))
        ]
    )


def test_every_label_at_a_line_is_a_point_of_its_module() -> None:
    def violations() -> Iterator[str]:
        for path in sorted((REPOSITORY / "reference").rglob("*.py")):
            name = ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")
            points = {p.label for r in READINGS_OF_ALL if r.function.__module__ == name for p in r.points}
            written = set(re.findall(r"\[([a-z-]+)\]", comments(path.read_text(encoding="utf-8"))))
            yield from (f"{name}: [{label}] is no point" for label in sorted(written - points) if points)

    assert_none(violations())


def test_every_point_is_named_by_a_law_of_its_clause() -> None:
    held = {(law.clause, point) for law in LAWS for point in law.points}
    points = {(r.clause, p.label): r.name for r in READINGS_OF_ALL for p in r.points}
    assert_none([f"{c} [{label}] ({points[c, label]}) has no law" for c, label in sorted(set(points) - held)])


def test_every_law_holds_points_that_a_reading_of_its_clause_states() -> None:
    def violations() -> Iterator[str]:
        for law in LAWS:
            stated = {p.label for r in READINGS.get(law.clause, ()) for p in r.points}
            yield from (f"{law.id}: {law.clause} has no [{p}]" for p in law.points if p not in stated)
            if not law.points or len(set(law.points)) < len(law.points):
                yield f"{law.id}: points {law.points}"

    assert_none(violations())


def test_every_law_is_a_sentence_of_its_own() -> None:
    """The run knows a law by its name, so no two files may have the same."""

    def violations() -> Iterator[str]:
        for name, count in Counter(law.name for law in LAWS).items():
            if count > 1:
                yield f"{count} laws are named {name}"
        for law in LAWS:
            if len(law.name.split("_")) < 4 or not law.name.startswith("test_"):
                yield f"{law.id} is no sentence"
            chapter = law.clause.partition(".")[0]
            if not re.fullmatch(rf"test_{chapter}(_[a-z_]+)?\.py", law.file):
                yield f"{law.id} is a law of {law.clause}"

    assert_none(violations())


def test_a_law_is_one_to_a_few_lines() -> None:
    def lines(law: Law) -> int:
        tree = ast.parse(inspect.cleandoc(inspect.getsource(law.test.hypothesis.inner_test)))  # type: ignore[attr-defined]
        (function,) = tree.body
        assert isinstance(function, ast.FunctionDef)
        return sum(isinstance(node, ast.stmt) for node in ast.walk(function)) - 1

    assert_none([f"{law.id} has {lines(law)} statements" for law in LAWS if lines(law) > 12])


def test_every_reading_names_sources_with_a_tag() -> None:
    tag = re.compile(r"(jax-)?v?\d+(\.\d+)+")
    assert_none(
        [
            f"{reading.clause}, {reading.name}: {source}"
            for reading in READINGS_OF_ALL
            for source in reading.sources or (None,)
            if source is None
            or not tag.fullmatch(source.tag)
            or not re.fullmatch(r"[\w.-]+/[\w.-]+", source.repository)
            or not source.path.endswith((".py", ".md", ".rst", ".cc", ".cpp", ".h", ".cu", ".pyi.in"))
            or not source.symbol.strip()
        ]
    )


def test_the_readings_of_a_clause_take_the_same_inputs() -> None:
    def violations() -> Iterator[str]:
        for clause in clauses():
            taken = {frozenset(r.parameters - {"setting", "working"}) for r in READINGS[clause]}
            if len(taken) > 1:
                yield f"{clause}: {sorted(map(sorted, taken))}"

    assert_none(violations())


def _versions(clause: str, dialect: str) -> list[str | None]:
    """Versions on every side of every bound of a dialect's readings, and the newest."""
    own = [r for r in READINGS[clause] if r.dialect == dialect]
    bounds = {bound for r in own for bound in (r.since, r.before) if bound}
    return [None, "0.1", *sorted(bounds), *(f"{bound}.9" for bound in sorted(bounds))]


def test_every_reading_is_found_and_no_two_hold_at_once() -> None:
    def violations() -> Iterator[str]:
        for reading in READINGS_OF_ALL:
            versions = _versions(reading.clause, reading.dialect)
            if not any(find(reading.clause, reading.dialect, v) is reading for v in versions):
                yield f"{reading.clause}, {reading.name} is never found"
            for other in READINGS[reading.clause]:
                if other is not reading and other.dialect == reading.dialect:
                    both = [v for v in versions if reading.covers(v) and other.covers(v)]
                    yield from (f"{reading.clause}: {reading.name} and {other.name} at {v}" for v in both)

    assert_none(violations())


def test_every_clause_is_in_the_book_and_reached_by_a_backend() -> None:
    dialects = {choose(name).adapter.dialect for name in BUILT_IN}

    def violations() -> Iterator[str]:
        for clause in clauses():
            chapter, _, rest = clause.partition(".")
            if chapter not in reference.CHAPTERS or not re.fullmatch(r"[a-z]+(-[a-z]+)*", rest):
                yield f"{clause} is no clause of a chapter"
            if not any(find(clause, dialect) for dialect in dialects):
                yield f"{clause}: no backend's dialect states it"
            offered = [name for name in BUILT_IN if clause in choose(name).operations()]
            if not offered:
                yield f"{clause}: no backend has the operation"
        yield from (
            f"chapter {chapter} has no clause"
            for chapter in reference.CHAPTERS
            if not any(clause.startswith(f"{chapter}.") for clause in clauses())
        )

    assert_none(violations())


def test_every_operation_and_every_reason_for_lacking_one_names_a_clause() -> None:
    def violations() -> Iterator[str]:
        for name in BUILT_IN:
            adapter = choose(name).adapter
            named = set(adapter.operations) | set(adapter.without)
            yield from (f"{name}: {id} is no clause" for id in sorted(named - set(clauses())))
            if name == "numpy":
                continue
            stated = {clause for clause in clauses() if find(clause, adapter.dialect)}
            yield from (
                f"{name}: {id} is neither an operation nor has a reason for being none"
                for id in sorted(stated - named)
            )

    assert_none(violations())


def test_every_dialect_descends_from_one_that_there_is() -> None:
    assert_none(
        [d.name for d in DIALECTS.values() if d.parent not in (None, *DIALECTS) or not d.about.strip()]
    )


def test_the_survey_pins_cases_of_points_that_are_open() -> None:
    from conformance.survey import pinned

    open_points = {(r.clause, p.label) for r in READINGS_OF_ALL for p in r.points if p.strength == "OPEN"}
    wrong = [f"{c.clause} [{c.point}], {c.name}" for c in pinned() if (c.clause, c.point) not in open_points]
    unpinned = open_points - {(case.clause, case.point) for case in pinned()}
    on_a_device = {(r.clause, p.label) for r in READINGS_OF_ALL for p in r.points if p.label == "device"}
    missing = unpinned - on_a_device
    assert_none(
        [
            *wrong,
            *(f"{c} [{label}] is not pinned" for c, label in sorted(missing)),
        ]
    )
    names = Counter((case.clause, case.name) for case in pinned())
    assert max(names.values()) == 1
