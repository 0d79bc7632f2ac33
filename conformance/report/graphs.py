"""Drawings of models: what a table of layers says, as boxes and lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

HIGH, BELOW, RIGHT = 30, 14, 44
"""Height of a box, the gap below it, and the gap to its right, in pixels of the drawing."""
LETTER = 7.3
"""Width of a letter."""
MOST_CALLS = 24
"""A model of more calls than these is not drawn."""

Place = tuple[int, int]


@dataclass(frozen=True)
class Box:
    """An input, a call of a layer, or an output, at its place; kind: "input", "layer", "model", "output"."""

    label: str
    kind: str
    x: int = 0
    y: int = 0


@dataclass(frozen=True)
class Drawing:
    """One model: boxes in columns, each to the right of those that it needs, and lines between them.

    wide: the width of each box. lines: the data of an SVG path each.
    """

    title: str
    boxes: tuple[Box, ...]
    lines: tuple[str, ...]
    wide: int
    width: int
    height: int


def drawings(layers: Any) -> tuple[Drawing, ...]:
    """A drawing of each model in a table of layers; nothing for other values."""
    if not isinstance(layers, Mapping) or not all(isinstance(one, Mapping) for one in layers.values()):
        return ()
    models = {name: one for name, one in layers.items() if one.get("kind") == "Model"}
    try:
        return tuple(
            _drawn(str(name), one, layers) for name, one in models.items() if len(one["calls"]) <= MOST_CALLS
        )
    except (KeyError, TypeError, ValueError):
        return ()  # a table that came from elsewhere and is none: its text stands beside


def _drawn(name: str, model: Mapping[str, Any], layers: Mapping[str, Any]) -> Drawing:
    columns: list[list[Box | None]] = [[]]
    at: dict[str, Place] = {}
    ways: list[list[Place]] = []

    def put(column: int, box: Box | None) -> Place:
        columns.extend([] for _ in range(column + 1 - len(columns)))
        columns[column].append(box)
        return column, len(columns[column]) - 1

    def tie(sources: list[Place], place: Place) -> None:
        # None keeps a place free where a line passes other boxes.
        ways.extend([one, *(put(c, None) for c in range(one[0] + 1, place[0])), place] for one in sources)

    for tensor, *_ in model["inputs"]:
        at[tensor] = put(0, Box(str(tensor), "input"))
    for outputs, called, arguments in model["calls"]:
        at |= {one: put(0, Box(f"{one} (elsewhere)", "input")) for one in arguments if one not in at}
        sources = [at[one] for one in arguments]
        kind = layers[called]["kind"]
        label = str(called) if kind == "Model" else f"{called}: {layers[called].get('function', kind)}"
        box = Box(label, "model" if kind == "Model" else "layer")
        place = put(1 + max((column for column, _ in sources), default=0), box)
        tie(sources, place)
        at |= dict.fromkeys(outputs, place)
    last = len(columns)
    for tensor in model["outputs"]:
        tie([at[tensor]], put(last, Box(str(tensor), "output")))
    return _placed(name, columns, ways)


def _placed(name: str, columns: list[list[Box | None]], ways: list[list[Place]]) -> Drawing:
    labels = [box.label for column in columns for box in column if box is not None]
    wide = round(max(map(len, labels)) * LETTER) + 20
    boxes = tuple(
        replace(box, x=1 + column * (wide + RIGHT), y=1 + row * (HIGH + BELOW))
        for column, entries in enumerate(columns)
        for row, box in enumerate(entries)
        if box is not None
    )

    def path(way: list[Place]) -> str:
        points = []
        for number, (column, row) in enumerate(way):
            x, y = 1 + column * (wide + RIGHT), 1 + row * (HIGH + BELOW) + HIGH // 2
            points += [f"{x} {y}"] if number else []
            points += [f"{x + wide} {y}"] if number < len(way) - 1 else []
        return "M" + "L".join(points)

    width = len(columns) * (wide + RIGHT) - RIGHT + 2
    height = max(map(len, columns)) * (HIGH + BELOW) - BELOW + 2
    return Drawing(name, boxes, tuple(map(path, ways)), wide, width, height)
