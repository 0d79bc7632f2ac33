"""Values as the report draws them, and the place of the first difference."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.report.values import path_of, show


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
