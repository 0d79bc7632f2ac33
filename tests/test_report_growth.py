"""How errors grow from step to step: what is kept with a verdict, and how the report draws it."""

from __future__ import annotations

import re

import numpy as np
import pytest

from backends import choose
from conformance.agreement import growth
from conformance.examine import Options, examine
from conformance.handle import LocalHandle
from conformance.law import load_laws
from conformance.report.columns import Column
from conformance.report.growth import HIGH, TOP, Growth, growths_of
from conformance.report.ledger import Ledger
from conformance.tolerance import measured_bound
from conformance.verdict import State, Verdict
from reference.outcomes import Measured

SINGLE = np.dtype(np.float32)
LAW = "test_fifty_rounds_on_images_of_digits_stay_within_the_bound"


def measured(*values: float) -> Measured:
    return Measured(np.array(values), np.full(len(values), 1e-7), SINGLE)


def test_the_farthest_element_of_each_step_is_kept() -> None:
    expected = [{"w": [measured(1.0, 2.0)], "stayed": True}, {"w": [measured(4.0, 4.0)], "stayed": True}]
    away = np.float32(2.0) + np.float32(2.0**-22)
    actual = [
        {"w": [np.array([1.0, away], np.float32)], "stayed": True},
        {"w": [np.array([4.0, 4.0], np.float32)], "stayed": True},
    ]
    bound = float(measured_bound(measured(1.0))[0])
    first, second = growth(expected, actual)
    assert first == pytest.approx([2.0**-22, bound, 2.0**-22 / bound], rel=0.01)
    assert second == pytest.approx([0.0, bound, 0.0], rel=0.01)


def column(key: str) -> Column:
    return Column(key, key, 1, None, True, True, {"version": "1.0"}, {}, {})


def drawn(**steps: list[list[float]]) -> Growth:
    ledger = Ledger([column(name) for name in steps])
    for name, of in steps.items():
        verdict = Verdict(LAW, "composition.gan", (), name, "torch", state=State.PASS, growth=of)
        ledger.verdicts["composition.gan", name].append(verdict)
    (found,) = growths_of(ledger)
    return found


def heights(path: str) -> list[int]:
    return [int(y) for _, y in re.findall(r"(\d+) (\d+)", path)]


def test_all_panels_share_their_axes_and_stay_within_them() -> None:
    found = drawn(one=[[1e-8, 1e-6, 0.01], [2e-8, 3e-6, 0.01]], other=[[1e-7, 1e-5, 0.02], [1e-6, 1e-4, 0.5]])
    one, other = found.panels
    assert heights(one.bound)[0] > heights(other.bound)[0], "the larger bound stands higher"
    assert heights(one.error)[0] == TOP + HIGH, "1e-8 is the lowest power of ten"
    assert heights(other.bound)[1] == TOP, "and 1e-4 the highest"
    for panel in found.panels:
        assert all(e >= b for e, b in zip(heights(panel.error), heights(panel.bound), strict=True))
        assert all(0 < name.y < found.height for name in panel.names)
    assert [line.words for line in found.lines] == ["1e-8", "1e-7", "1e-6", "1e-5", "1e-4"]
    assert "2 steps" in other.said
    assert "50.0%" in other.said


def test_no_error_at_all_is_drawn_at_the_bottom() -> None:
    found = drawn(one=[[0.0, 1e-6, 0.0], [0.0, 2e-6, 0.0]])
    assert heights(found.panels[0].error) == [TOP + HIGH] * 2
    nothing = drawn(one=[[0.0, 0.0, 0.0]])
    assert heights(nothing.panels[0].bound) == [TOP + HIGH]


def test_fifty_rounds_of_three_steps_are_kept() -> None:
    (law,) = [law for law in load_laws().values() if law.name == LAW]
    verdict, story = examine(law, LocalHandle(choose("numpy:keras-3"), "cpu"), Options())
    assert verdict.state is State.PASS, story
    assert len(verdict.growth) == 150
    assert all(error <= bound and share <= 1 for error, bound, share in verdict.growth)
    assert verdict.growth[-1][0] > verdict.growth[0][0] > 0, "errors grow"
    assert Verdict.from_json(verdict.to_json()).growth == verdict.growth
