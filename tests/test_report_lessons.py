"""A lesson: a small net on discs, what each divisor predicts of it, and what came, as the report shows it."""

from __future__ import annotations

import numpy as np

from backends import choose
from conformance.examine import Options, examine
from conformance.figures import figures
from conformance.handle import LocalHandle
from conformance.law import load_laws
from conformance.report.columns import Column
from conformance.report.ledger import Ledger
from conformance.report.lessons import CLAUSE, lessons_of
from conformance.strategies.augmenting import LESSON
from conformance.verdict import State, Verdict
from reference.outcomes import Bounded

LAW = "test_four_steps_of_a_small_net_on_discs_are_those_that_the_formula_predicts"
SINGLE = np.dtype(np.float32)


def judged(name: str) -> Verdict:
    (law,) = [law for law in load_laws().values() if law.name == LAW]
    verdict, story = examine(law, LocalHandle(choose(name), "cpu"), Options())
    assert verdict.state is State.PASS, story
    return verdict


def test_the_largest_element_is_shown_and_the_farthest_is_measured() -> None:
    said = Bounded(np.array([0.25, -2.0]), np.ones(2), np.ones(2, int), SINGLE, error=np.array([1e-3, 1e-6]))
    came = np.array([0.2505, -2.0], SINGLE)
    ((name, predicted, got, error, bound),) = figures({"kernel": said}, {"kernel": came}, False)
    assert (name, predicted, got) == ("kernel", -2.0, -2.0)
    assert (error, bound) == (0.0005, 0.001)


def test_the_lesson_tells_the_divisors_apart() -> None:
    """Four of six weights are 0: the sum divided by two is three times the sum divided by six."""
    weights = LESSON.cases(1)[0]["weights"]
    assert (len(weights), np.count_nonzero(weights), weights.sum()) == (6, 2, 5)
    columns = [Column(n, n, 1, None, True, True, {"version": "1.0"}, {}, {}) for n in ("old", "new")]
    ledger = Ledger(columns)
    for column, name in zip(columns, ("numpy:keras-2.2", "numpy:keras-3"), strict=True):
        verdict = judged(name)
        assert Verdict.from_json(verdict.to_json()).figures == verdict.figures
        ledger.verdicts[CLAUSE, column.key].append(verdict)
    (lesson,) = lessons_of(ledger)
    assert lesson.formulas == ("keras-2.2 from 2.2.5", "keras-2.3, keras-3 from 3.2, torch")
    assert len(lesson.rows) == 6
    for name, predicted, came in lesson.rows:
        first, second = (float(value.replace("−", "-")) for value in predicted)
        for value, one in zip((first, second), came, strict=True):
            assert one is not None, name
            assert float(one.error) <= float(one.bound), name
            assert abs(float(one.value.replace("−", "-")) - value) <= 2 * float(one.bound), name
        if "gradient" in name or name.endswith(" 1"):
            assert abs(first / second - 3) < 1e-4, name


def test_without_figures_there_is_no_lesson() -> None:
    assert lessons_of(Ledger([])) == ()
