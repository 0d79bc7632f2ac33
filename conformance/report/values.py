"""Values and outcomes of a case as the page draws them: small arrays as grids, the rest as text."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backends.codec import Malformed, from_json
from conformance.report.graphs import Drawing, drawings

MOST_ELEMENTS = 240
MOST_TEXT = 2000
MOST_SHORT = 72
"""Characters of a value that stands in the line of its name."""
FEW_ARRAYS = range(1, 9)
"""How many arrays of a container are drawn; more of them, such as the weights of a model, are outlined."""
_STEP = re.compile(r"\[([^\]]*)\]")

Path = tuple[str, ...]


@dataclass(frozen=True)
class Element:
    """One element of a grid: its text, whether it is a true boolean, whether it is the first difference."""

    text: str
    true: bool
    first: bool


@dataclass(frozen=True)
class Grid:
    """A slice of at most two axes; `title` says which slice of a larger array it is."""

    title: str
    rows: tuple[tuple[Element, ...], ...]


@dataclass(frozen=True)
class Shown:
    """A named value: grids for an array, parts for a container, text for everything else.

    graphs: drawings of the models in a table of layers.
    first: whether the value as a whole is the first difference.
    """

    name: str
    caption: str = ""
    first: bool = False
    text: str = ""
    grids: tuple[Grid, ...] = ()
    parts: tuple[Shown, ...] = ()
    graphs: tuple[Drawing, ...] = ()

    @property
    def short(self) -> bool:
        """Whether all of it is a text that stands in the line of its name."""
        return 0 < len(self.text) <= MOST_SHORT and "\n" not in self.text and not self.graphs


@dataclass(frozen=True)
class OutcomeView:
    """What was expected of a case, or what came of it."""

    title: str
    message: str = ""
    values: tuple[Shown, ...] = ()
    alternatives: tuple[OutcomeView, ...] = ()


def path_of(where: str) -> Path | None:
    """The steps to the first difference: "[1][0, 2]" is part 1, element (0, 2); None for the whole."""
    return tuple(_STEP.findall(where)) or None


def decode(data: Any) -> Any:
    """The value in JSON data; what cannot be decoded is quoted as a text."""
    try:
        return from_json(data)
    except (Malformed, ImportError, ValueError, TypeError):
        return _Quoted(json.dumps(data, ensure_ascii=False))
    except RecursionError:
        return _Quoted("nested too deeply to be shown")


class _Quoted(str):
    """Data that no value could be made of."""


def show_case(data: Any) -> tuple[Shown, ...]:
    """The inputs of a case by name."""
    value = decode(data)
    if isinstance(value, dict):
        return tuple(replace(show(str(n), item), graphs=drawings(item)) for n, item in value.items())
    return (show("case", value),)


def show_outcome(data: Any, path: Path | None) -> OutcomeView:
    """An outcome as a run records it; `path` leads to the first difference in a value."""
    outcome = decode(data)
    if not isinstance(outcome, dict):
        return OutcomeView("not recorded", message=str(outcome or ""))
    return outcome_view(outcome, path)


def outcome_view(outcome: dict[Any, Any], path: Path | None = None) -> OutcomeView:
    """An outcome as plain data: its kind, and a value, an error or alternatives."""
    kind = str(outcome.get("kind") or "not recorded")
    if kind == "value":
        changed = ", ".join(map(str, outcome.get("changed") or ()))
        message = f"It changed its inputs in place: {changed}." if changed else ""
        return OutcomeView("a value", message, values=(show("", outcome.get("value"), path),))
    if kind == "any of":
        allowed = [one for one in outcome.get("allowed") or () if isinstance(one, dict)]
        return OutcomeView("any one of these", alternatives=tuple(outcome_view(one) for one in allowed))
    classes = _classes(outcome.get("error"))
    return OutcomeView(f"{kind}: {classes}" if classes else kind, message=str(outcome.get("message") or ""))


def _classes(names: Any) -> str:
    """The class of an exception, whose bases end in BaseException; or those that a reading allows."""
    if not isinstance(names, (list, tuple)) or not names:
        return ""
    return str(names[0]) if "BaseException" in names else " or ".join(map(str, names))


def show(name: str, value: Any, path: Path | None = None) -> Shown:
    """One value. `path` is None off the way to the first difference, and empty where it is."""
    first = path == ()
    if isinstance(value, np.ndarray):
        return _array(name, value, path)
    if isinstance(value, (list, tuple, dict)) and not path and (count := _arrays(value)) not in FEW_ARRAYS:
        text = f"{count} arrays: {_outline(value)}" if count else repr(value)
        return Shown(name, "", first, text=_cut(text))
    if isinstance(value, (list, tuple)) and value:
        parts = tuple(show(f"[{i}]", v, _below(path, str(i))) for i, v in enumerate(value[:MOST_ELEMENTS]))
        return Shown(name, f"{type(value).__name__} of {len(value)}", first, parts=parts)
    if isinstance(value, dict) and value:
        parts = tuple(show(str(key), v, _below(path, repr(key))) for key, v in value.items())
        return Shown(name, "dict", first, parts=parts)
    return Shown(name, "", first, text=_cut(str(value) if isinstance(value, _Quoted) else repr(value)))


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + " …"


def _arrays(value: Any) -> int:
    """How many arrays a container holds, at any depth."""
    if isinstance(value, dict):
        return sum(map(_arrays, value.values()))
    if isinstance(value, (list, tuple)):
        return sum(map(_arrays, value))
    return isinstance(value, np.ndarray)


def _outline(value: Any) -> str:
    """A container with the shapes of its arrays in their places."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_outline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_outline, value))}]"
    return repr(value)


def _below(path: Path | None, step: str) -> Path | None:
    return path[1:] if path and path[0] == step else None


def _array(name: str, array: np.ndarray[Any, Any], path: Path | None) -> Shown:
    caption, first = f"{array.dtype} {array.shape}", path == ()
    if array.size == 0:
        return Shown(name, caption, first, text="empty")
    if array.size > MOST_ELEMENTS:
        text = np.array2string(array, threshold=MOST_ELEMENTS, max_line_width=100)
        return Shown(name, caption, first, text=text[:MOST_TEXT])
    if path is None and (text := _in_a_line(array)):
        return Shown(name, caption, text=text)
    padding = max(0, 2 - array.ndim)
    at = path[0] if path else None
    table = array.reshape((1,) * padding + array.shape)
    last: list[str] = []  # of axes of one at the end: what stands before them is the picture
    while table.ndim > 2 and table.shape[-1] == 1:
        table = table[..., 0]
        last.append("0")
    grids = []
    for lead in np.ndindex(table.shape[:-2]):
        rows = tuple(
            tuple(
                _element(item, ", ".join([*map(str, (*lead, i, j)[padding:]), *last]) == at)
                for j, item in enumerate(row)
            )
            for i, row in enumerate(table[lead])
        )
        axes = [*map(str, lead), ":", ":", *last]
        grids.append(Grid(f"[{', '.join(axes)}]" if len(axes) > 2 else "", rows))
    return Shown(name, caption, first, grids=tuple(grids))


def _in_a_line(array: np.ndarray[Any, Any]) -> str:
    """An array that reads better as a text than as a grid: one number, a row, or the same everywhere."""
    if array.size > 2 and len({item.tobytes() for item in array.flat}) == 1:
        return f"all {array.reshape(-1)[0]!s}"
    flat = array.size in array.shape[-1:] or array.size <= 2
    table = flat or (array.ndim > 2 and array.shape[-1] == 1)
    text = _nested(array) if table and array.size <= 8 else ""
    return text if len(text) <= MOST_SHORT else ""


def _nested(array: np.ndarray[Any, Any]) -> str:
    """The elements in the brackets of their axes."""
    return str(array[()]) if array.ndim == 0 else f"[{', '.join(map(_nested, array))}]"


def _element(item: Any, first: bool) -> Element:
    return Element(str(item), bool(item) if isinstance(item, np.bool_) else False, first)
