"""Values as the report draws them, and the place of the first difference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.report.values import path_of, show, show_case


@pytest.mark.parametrize(
    ("where", "path"),
    [("", None), ("[0, 1]", ("0, 1",)), ("[1][0, 2]", ("1", "0, 2")), ("['mask'][3]", ("'mask'", "3"))],
)
def test_the_place_of_a_difference_is_read(where: str, path: tuple[str, ...] | None) -> None:
    assert path_of(where) == path


@pytest.mark.parametrize("shape", [(3,), (2, 2), (2, 2, 2), (2, 3, 1), (1, 2, 3, 1), (3, 2, 1, 1)])
def test_the_first_difference_is_marked_once_in_an_array_of_any_rank(shape: tuple[int, ...]) -> None:
    last = tuple(size - 1 for size in shape)
    shown = show("", (None, np.zeros(shape)), path_of(f"[1]{list(last)}"))
    elements = [e for grid in shown.parts[1].grids for row in grid.rows for e in row]
    assert [e.first for e in elements] == [False] * (len(elements) - 1) + [True]


def test_a_part_that_differs_as_a_whole_is_marked() -> None:
    shown = show("", (None, np.zeros(2)), path_of("[0]"))
    assert [part.first for part in shown.parts] == [True, False]


def test_a_picture_of_one_channel_is_drawn_as_a_picture() -> None:
    shown = show("images", np.arange(9.0).reshape(1, 3, 3, 1))
    assert [(grid.title, len(grid.rows), len(grid.rows[0])) for grid in shown.grids] == [
        ("[0, :, :, 0]", 3, 3)
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.array(1.5, np.float32), "1.5"),
        (np.array([1, 2, 3]), "[1, 2, 3]"),
        (np.full((2, 2), np.float32(1 / 3)), "all 0.33333334"),
        (np.array([[[0.0]], [[-0.0]]]), "[[[0.0]], [[-0.0]]]"),
        (np.array([0.0, -0.0, 0.0]), "[0.0, -0.0, 0.0]"),
        (np.zeros((0, 3)), "empty"),
    ],
)
def test_what_reads_better_as_text_is_text(value: np.ndarray[Any, Any], text: str) -> None:
    shown = show("value", value)
    assert (shown.text, shown.short, shown.grids) == (text, True, ())


def test_data_that_is_nested_without_end_is_not_shown() -> None:
    data: Any = 1
    for _ in range(5000):
        data = {"tuple": [data]}
    assert show_case(data)[0].text == "nested too deeply to be shown"


def test_a_mask_and_what_differs_are_drawn() -> None:
    assert show("mask", np.array([[True, False], [True, True]])).grids
    assert show("value", np.zeros(3), path_of("[1]")).grids
