"""The lines by which a reproduction tells a divergence, for the outcomes that have more than one part."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.scripting import checking
from reference.errors import TypeRefused
from reference.outcomes import AnyOf

HELD = {"value": np.array([[0.0, 1.0]], np.float32), "shape": (1, 2), "dtype": "float32"}


def diverges(said: Any, actual: Any) -> bool:
    """What the lines say of an actual outcome."""
    functions, lines = checking(said)
    names: dict[str, Any] = {"np": np, "actual": actual}
    exec("\n".join([*functions, *lines]), names)
    return bool(names["diverges"])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, False),
        ({"shape": (2, 1)}, True),
        ({"dtype": "float16"}, True),
        ({"value": np.array([[0, 1]], np.int32)}, True),
        ({"value": np.array([[0.0, 0.0]], np.float32)}, True),
    ],
)
def test_dicts_are_compared_key_by_key(change: dict[str, Any], expected: bool) -> None:
    assert diverges(HELD, HELD | change) is expected
    assert diverges(AnyOf((TypeRefused("no"), HELD)), HELD | change) is expected


def test_any_of_the_allowed_outcomes_agrees() -> None:
    said = AnyOf((TypeRefused("no", shows_as=("TypeError",)), HELD, None))
    assert not diverges(said, TypeError("no"))
    assert diverges(said, KeyError("no"))
    assert not diverges(said, None)
    assert diverges(said, 3)
