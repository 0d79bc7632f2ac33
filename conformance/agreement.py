"""The only place where outcomes are compared.

`agree` returns what it measured, or raises `Disagreement`; there is no result that one could forget
to look at, and no default tolerance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from backends.base import Outcome
from backends.codec import dtype_named
from conformance.tolerance import bound, can_overflow, measured_bound
from reference.errors import Refused
from reference.outcomes import AnyOf, Bounded, Codes, Coins, Measured, Shuffled

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Disagreement(Exception):
    """Two outcomes differ: where, in what, and by how much.

    where: path to the first element that differs, such as "[0, 1]", "" for the whole.
    explanation: a sentence with the expected and the actual thing.
    """

    where: str
    explanation: str

    def __str__(self) -> str:
        return f"at {self.where}: {self.explanation}" if self.where else self.explanation


@dataclass(frozen=True)
class Agreement:
    """What a comparison that succeeded has measured.

    margin: largest error ÷ bound, None if nothing was bounded.
    decisive: whether anything was compared that a wrong backend could have got wrong.
    dtype: of what has the largest margin, empty if nothing was bounded.
    """

    margin: float | None = None
    decisive: bool = True
    dtype: str = ""


@dataclass(frozen=True)
class Changes:
    """An outcome that comes with a change of inputs in place; only a behavior says so.

    names: of the inputs that are changed. outcome: in a reading's terms.
    """

    names: tuple[str, ...]
    outcome: Any


def agree(expected: Any, actual: Outcome, *, flushes: bool = False) -> Agreement:
    """Compare a backend's outcome with what a reading said of the case.

    expected: what a reading returns or raises: a value, Bounded, AnyOf or an instance of Refused.
    flushes: whether the backend is known to flush subnormal numbers to zero.
    """
    if isinstance(expected, AnyOf):
        return _any(expected, actual, flushes)
    if isinstance(expected, Refused):
        return _refusal(expected, actual)
    if actual.kind != "value":
        raise Disagreement("", f"a value was expected, and it {_manner(actual)}")
    measured: list[Agreement] = []
    _value(expected, actual.value, "", flushes, measured)
    margins = [(m.margin, m.dtype) for m in measured if m.margin is not None]
    margin, dtype = max(margins) if margins else (None, "")
    return Agreement(margin, any(m.decisive for m in measured), dtype)


def growth(expected: list[Any], actual: list[Any]) -> list[list[float]]:
    """How errors grow from step to step, of outcomes that agree: a triple for each item of the lists.

    The largest error of any element, the largest bound, and the largest error ÷ bound; three digits each.
    """
    return [
        [float(f"{worst:.3g}") for worst in np.max([*_distances(one, other), (0.0, 0.0, 0.0)], 0)]
        for one, other in zip(expected, actual, strict=True)
    ]


def _distances(expected: Any, actual: Any) -> list[tuple[float, float, float]]:
    """Error, bound and their quotient, the largest of each array that was measured."""
    if isinstance(expected, Measured):
        limit = measured_bound(expected)
        distance = np.abs(actual.astype(np.float64) - expected.value)
        margin = _margin(distance, limit, limit > 0)
        return [(float(distance.max()), float(limit.max()), margin or 0.0)] if distance.size else []
    pairs: Iterable[tuple[Any, Any]] = ()
    if isinstance(expected, dict):
        pairs = ((expected[key], actual[key]) for key in expected)
    elif isinstance(expected, (list, tuple)):
        pairs = zip(expected, actual, strict=True)
    return [found for one, other in pairs for found in _distances(one, other)]


def _any(expected: AnyOf, actual: Outcome, flushes: bool) -> Agreement:
    for alternative in expected.allowed:
        try:
            return agree(alternative, actual, flushes=flushes)
        except Disagreement:
            continue
    came = _kind(actual.value) if actual.kind == "value" else f"it {_manner(actual)}"
    raise Disagreement(
        "", f"none of the {len(expected.allowed)} outcomes that the reading leaves open: {came}"
    )


def _refusal(expected: Refused, actual: Outcome) -> Agreement:
    if actual.kind != "refusal":
        came = "a value came" if actual.kind == "value" else f"it {_manner(actual)}"
        raise Disagreement("", f"a refusal was expected ({expected}), and {came}")
    if not set(expected.shows_as) & set(actual.error):
        raise Disagreement(
            "",
            f"a refusal with {' or '.join(expected.shows_as)} was expected ({expected}), "
            f"and it {_manner(actual)}",
        )
    return Agreement()


def _manner(actual: Outcome) -> str:
    """How an operation did not give a value, in words that follow "it"."""
    verb = {"refusal": "was refused", "unsupported": "is unsupported"}.get(actual.kind, "broke")
    return f"{verb}{' with ' + actual.error[0] if actual.error else ''}: {actual.message}"


def _value(expected: Any, actual: Any, where: str, flushes: bool, measured: list[Agreement]) -> None:
    """Compare structure first, then values, and collect what was measured."""
    if isinstance(expected, Bounded):
        measured.append(_bounded(expected, actual, where, flushes))
    elif isinstance(expected, Measured):
        measured.append(_measured(expected, actual, where))
    elif isinstance(expected, np.ndarray):
        measured.append(_exact(expected, actual, where))
    elif isinstance(expected, Coins):
        measured.append(_coins(expected, actual, where))
    elif isinstance(expected, Codes):
        measured.append(_codes(expected, actual, where))
    elif isinstance(expected, Shuffled):
        measured.append(_shuffled(expected, actual, where))
    elif isinstance(expected, (list, tuple)):
        if type(actual) is not type(expected) or len(actual) != len(expected):
            raise Disagreement(where, f"expected {_kind(expected)}, got {_kind(actual)}")
        for index, (one, other) in enumerate(zip(expected, actual, strict=True)):
            _value(one, other, f"{where}[{index}]", flushes, measured)
        measured.append(Agreement())
    elif isinstance(expected, dict):
        if not isinstance(actual, dict) or list(actual) != list(expected):
            raise Disagreement(where, f"expected {_kind(expected)}, got {_kind(actual)}")
        for key in expected:
            _value(expected[key], actual[key], f"{where}[{key!r}]", flushes, measured)
        measured.append(Agreement())
    elif type(actual) is not type(expected) or not _equal(expected, actual):
        raise Disagreement(where, f"expected {expected!r}, got {_kind(actual)}")
    else:
        measured.append(Agreement())


def _equal(expected: Any, actual: Any) -> bool:
    """Whether two plain values are equal; floats with the sign of zero, and any NaN for NaN."""
    return repr(expected) == repr(actual) if isinstance(expected, float) else bool(expected == actual)


def _kind(value: Any) -> str:
    """A value in a few words."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, dict):
        return f"a dict with the keys {list(value)}"
    return repr(value)


def _same_form(shape: tuple[int, ...], dtype: Any, actual: Any, where: str) -> Array:
    if not isinstance(actual, np.ndarray):
        raise Disagreement(
            where, f"expected an array of shape {shape} and dtype {dtype}, got {_kind(actual)}"
        )
    if actual.shape != shape:
        raise Disagreement(where, f"expected shape {shape}, got {actual.shape}")
    if actual.dtype != dtype:
        raise Disagreement(where, f"expected dtype {dtype}, got {actual.dtype}")
    return actual


def _exact(expected: Array, actual: Any, where: str) -> Agreement:
    """Same bits, except that any NaN equals any NaN."""
    actual = _same_form(expected.shape, expected.dtype, actual, where)
    if expected.tobytes() == actual.tobytes():
        return Agreement()
    if expected.dtype.kind in "fV":
        nan = np.isnan(expected)
        same = (expected == actual) & (np.signbit(expected) == np.signbit(actual)) | (nan & np.isnan(actual))
    else:
        same = expected == actual
    if not same.all():
        raise _first(~same, expected, actual, where)
    return Agreement()


def _bounded(expected: Bounded, actual: Any, where: str, flushes: bool) -> Agreement:
    """Within the derived bound; NaN for NaN, infinity for the same infinity."""
    actual = _same_form(expected.value.shape, expected.dtype, actual, where)
    value, got = np.asarray(expected.value, np.float64), actual.astype(np.float64)
    limit, magnitude = bound(expected, flushes=flushes), np.asarray(expected.magnitude, np.float64)
    up, down, nothing = can_overflow(expected)
    finite = np.isfinite(value)
    with np.errstate(invalid="ignore", over="ignore"):
        distance = np.abs(got - value)
        within = np.where(finite, distance <= limit, _alike(value, got))
    within |= up & (got == np.inf) | down & (got == -np.inf) | nothing & np.isnan(got)
    within |= finite & np.isinf(limit)
    _require(within, value, got, where, distance, limit)
    telling = bool(value.size == 0 or ((limit < magnitude) | (limit == 0) | ~finite).any())
    rounded = finite & np.isfinite(got) & (limit > 0) & np.isfinite(limit)
    margin = _margin(distance, limit, rounded)
    return Agreement(margin, telling, dtype=expected.dtype.name)


def _measured(expected: Measured, actual: Any, where: str) -> Agreement:
    """Within the measured bound; NaN for NaN. Where the spread is 0, the element is exact."""
    got = _same_form(expected.value.shape, expected.dtype, actual, where).astype(dtype=np.float64)
    value, limit = expected.value, measured_bound(expected)
    with np.errstate(invalid="ignore"):
        distance = np.abs(got - value)
        within = (limit >= distance) | _alike(value, got)
    _require(within, value, got, where, distance, limit)
    rounded = np.isfinite(value) & (limit > 0)
    telling = not rounded.any() or bool((limit < np.abs(value))[rounded].any())
    return Agreement(_margin(distance, limit, rounded), telling, expected.dtype.name)


def _alike(value: Array, got: Array) -> Array:
    """Where two arrays have the same number, or NaN both."""
    return np.asarray((got == value) | (np.isnan(got) & np.isnan(value)))


def _require(within: Array, value: Array, got: Array, where: str, distance: Array, limit: Array) -> None:
    if not within.all():
        raise _first(~within, value, got, where, distance, limit)


def _margin(distance: Array, limit: Array, rounded: Array) -> float | None:
    """The largest error ÷ bound where something was rounded."""
    return float((distance[rounded] / limit[rounded]).max()) if rounded.any() else None


def _coins(expected: Coins, actual: Any, where: str) -> Agreement:
    """Form and support, exactly; shares and independence are a law's (`conformance.trial.Trial.draws`)."""
    if not isinstance(actual, list) or len(actual) != expected.calls:
        raise Disagreement(where, f"expected a list of {expected.calls} arrays, got {_kind(actual)}")
    lower, upper = np.array(expected.values).astype(dtype_named(expected.dtype))
    for number, item in enumerate(actual):
        array = _same_form(expected.shape, dtype_named(expected.dtype), item, f"{where}[{number}]")
        odd = (array != lower) & (array != upper)
        if array.dtype.kind in "fV":
            odd |= np.signbit(array) & (array == 0)
        if odd.any():
            index = tuple(int(i) for i in np.argwhere(odd)[0])
            raise Disagreement(
                f"{where}[{number}]{list(index) if index else ''}",
                f"expected {lower!s} or {upper!s}, got {array[index]!s} "
                f"({int(odd.sum())} such of {odd.size} entries)",
            )
    return Agreement()


def _codes(expected: Codes, actual: Any, where: str) -> Agreement:
    """One int a word, in range, equal words alike."""
    if not isinstance(actual, list) or len(actual) != len(expected.words):
        raise Disagreement(where, f"expected a list of {len(expected.words)} numbers, got {_kind(actual)}")
    seen: dict[str, Any] = {}
    for index, (word, code) in enumerate(zip(expected.words, actual, strict=True)):
        if type(code) is not int or not expected.low <= code <= expected.high:
            allowed = f"an int from {expected.low} to {expected.high}"
            raise Disagreement(f"{where}[{index}]", f"expected {allowed}, got {_kind(code)}")
        if seen.setdefault(word, code) != code:
            raise Disagreement(f"{where}[{index}]", f"expected {seen[word]} for {word!r} again, got {code}")
    return Agreement(None, bool(expected.words))


def _shuffled(expected: Shuffled, actual: Any, where: str) -> Agreement:
    """Batches of the form and the sizes; samples whose parts stay together, none twice an epoch."""
    sizes = expected.sizes * expected.epochs
    if not isinstance(actual, list) or len(actual) != len(sizes):
        raise Disagreement(where, f"expected a list of {len(sizes)} batches, got {_kind(actual)}")
    left: Counter[tuple[bytes, ...]] = Counter()
    for number, (size, batch) in enumerate(zip(sizes, actual, strict=True)):
        here = f"{where}[{number}]"
        if number % len(expected.sizes) == 0:
            left = Counter(_rows(expected.form))
        _same_batch(expected.form, size, batch, here)
        for index, row in enumerate(_rows(batch)):
            if not left[row]:
                raise Disagreement(here, f"sample {index} of the batch is none that is left of the epoch")
            left[row] -= 1
    return Agreement(None, bool(sizes))


def _same_batch(form: Any, size: int, batch: Any, where: str) -> None:
    """Whether a batch has the form of the samples, and so many of them."""
    if not isinstance(form, (list, tuple)):
        _same_form((size, *form.shape[1:]), form.dtype, batch, where)
        return
    if type(batch) is not type(form) or len(batch) != len(form):
        raise Disagreement(where, f"expected {_kind(form)}, got {_kind(batch)}")
    for index, (part, got) in enumerate(zip(form, batch, strict=True)):
        _same_batch(part, size, got, f"{where}[{index}]")


def _rows(form: Any) -> list[tuple[bytes, ...]]:
    """What belongs to each sample, as bytes."""
    if not isinstance(form, (list, tuple)):
        return [(row.tobytes(),) for row in form]
    parts = [_rows(part) for part in form]
    return [tuple(piece for row in rows for piece in row) for rows in zip(*parts, strict=True)]


def _first(
    wrong: Array,
    expected: Array,
    actual: Array,
    where: str,
    distance: Array | None = None,
    limit: Array | None = None,
) -> Disagreement:
    """The disagreement at the first wrong element."""
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    text = f"expected {expected[index]!s}, got {actual[index]!s}"
    if expected.dtype.kind in "fV" and expected[index] == actual[index]:
        text = f"expected {expected[index]!s} with its sign, got {actual[index]!s}"
    if distance is not None and limit is not None and np.isfinite(distance[index]):
        text += f", {distance[index]:.3g} apart where {limit[index]:.3g} is allowed"
    count = int(wrong.sum())
    if count > 1:
        text += f" (and {count - 1} more of {wrong.size} elements)"
    return Disagreement(f"{where}{list(index) if index else ''}", text)
