"""Drawings of models in the report: boxes in columns, and lines that pass no other box."""

from __future__ import annotations

import re
from typing import Any

import pytest

from conformance.report.graphs import HIGH, Drawing, drawings

DENSE = {"kind": "Dense"}


def model(calls: list[list[Any]], outputs: list[str], inputs: tuple[str, ...] = ("a",)) -> dict[str, Any]:
    """A table with one model over dense layers."""
    names = {called for _, called, _ in calls}
    whole = {
        "kind": "Model",
        "inputs": [[n, [2], "float32"] for n in inputs],
        "calls": calls,
        "outputs": outputs,
    }
    return {**dict.fromkeys(sorted(names), DENSE), "m": whole}


def points(line: str) -> list[tuple[int, int]]:
    """The corners of a line."""
    return [(int(x), int(y)) for x, y in re.findall(r"(\d+) (\d+)", line)]


def crossed(drawing: Drawing) -> list[str]:
    """Labels of boxes that a line passes level with, though it neither begins nor ends there."""
    return [
        box.label
        for box in drawing.boxes
        for line in drawing.lines
        for (x1, y1), (x2, y2) in zip(points(line), points(line)[1:], strict=False)
        if x1 < box.x < x2 and x1 < box.x + drawing.wide < x2 and y1 == y2 and box.y <= y1 <= box.y + HIGH
    ]


def test_a_chain_stands_in_one_row_from_left_to_right() -> None:
    (drawing,) = drawings(model([[["b"], "d", ["a"]], [["c"], "e", ["b"]]], ["c"]))
    assert [box.label for box in drawing.boxes] == ["a", "d: Dense", "e: Dense", "c"]
    assert [box.kind for box in drawing.boxes] == ["input", "layer", "layer", "output"]
    assert len({box.y for box in drawing.boxes}) == 1
    assert [box.x for box in drawing.boxes] == sorted({box.x for box in drawing.boxes})
    assert len(drawing.lines) == 3


def test_a_line_goes_around_the_boxes_between_its_ends() -> None:
    calls = [[["b"], "d", ["a"]], [["c"], "e", ["b"]], [["f"], "add", ["c", "a"]]]
    (drawing,) = drawings(model(calls, ["b", "f"]))
    assert crossed(drawing) == []
    assert len(drawing.lines) == 6
    ends = {points(line)[-1] for line in drawing.lines}
    outputs = [box for box in drawing.boxes if box.kind == "output"]
    assert {(box.x, box.y + HIGH // 2) for box in outputs} <= ends


def test_boxes_do_not_overlap() -> None:
    calls = [[[f"t{i}"], f"d{i}", ["a", "b"]] for i in range(4)]
    (drawing,) = drawings(model(calls, ["t0", "t3"], ("a", "b")))
    assert len({(box.x, box.y) for box in drawing.boxes}) == len(drawing.boxes) == 8


@pytest.mark.parametrize(
    "value", [None, [], {}, {"m": {"kind": "Model"}}, {"m": {"kind": "Model", "inputs": 3, "calls": []}}]
)
def test_what_is_no_table_of_layers_is_not_drawn(value: Any) -> None:
    assert drawings(value) == ()
