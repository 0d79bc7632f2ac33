"""What the checks of the comparer share: sums with their exact values, and what it accepts and refuses."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from types import ModuleType
from typing import Any

import numpy as np

from backends.base import Outcome
from backends.codec import dtype_named
from reference.outcomes import Bounded

Array = np.ndarray[Any, Any]
Random = np.random.Generator

FLOATS = ("float16", "bfloat16", "float32", "float64")
DIGITS = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}
LEAST = {"float16": -24, "bfloat16": -133, "float32": -149, "float64": -1074}
"""Significant bits, and the exponent of the smallest subnormal number, as IEEE 754 has them."""


def value(given: Any) -> Outcome:
    return Outcome("value", given)


def refusal(*error: str) -> Outcome:
    return Outcome("refusal", error=error, message="no")


def accepts(comparer: ModuleType, expected: Any, given: Any, **settings: Any) -> Any:
    return comparer.agree(expected, given if isinstance(given, Outcome) else value(given), **settings)


def refuses(comparer: ModuleType, expected: Any, given: Any, **settings: Any) -> str:
    """The explanation with which the comparer refuses; a failure if it accepts."""
    try:
        accepts(comparer, expected, given, **settings)
    except comparer.Disagreement as disagreement:
        assert disagreement.explanation
        return str(disagreement)
    raise AssertionError(f"accepted {given!r} for {expected!r}")


# Sums, with their exact values


def fractions(array: Array) -> list[Fraction]:
    return [Fraction(float(number)) for number in array.astype(np.float64).reshape(-1)]


def bounded(terms: Array) -> Bounded:
    """The sum of the terms over the first axis, as a reading in float64 gives it."""
    wide = terms.astype(np.float64)
    total, magnitude = np.zeros(wide.shape[1:]), np.zeros(wide.shape[1:])
    for term in wide:
        total, magnitude = total + term, magnitude + np.abs(term)
    return Bounded(total, magnitude, np.full(total.shape, len(terms) - 1), terms.dtype)


def draw_terms(random: Random, dtype: str, count: int, shape: tuple[int, ...] = (3,)) -> Array:
    """Terms of both signs and many sizes, with cancellation."""
    scale = 2.0 ** random.integers(-6, 4, (count, *shape))
    terms = (random.standard_normal((count, *shape)) * scale).astype(dtype_named(dtype))
    if count > 2 and random.random() < 0.5:
        terms[1] = -terms[0]
    return terms


def in_some_order(random: Random, terms: Array) -> Array:
    """The sum in the dtype of the terms, in any order and any pairing."""
    rows = list(terms[random.permutation(len(terms))])
    while len(rows) > 1:
        first = rows.pop(int(random.integers(len(rows))))
        second = rows.pop(int(random.integers(len(rows))))
        rows.append(np.asarray(first + second))
    return np.asarray(rows[0]).astype(terms.dtype)


def limits(expected: Bounded) -> list[Fraction]:
    """The bound in exact arithmetic, by the formula of its documentation."""
    name = expected.dtype.name
    total = []
    for rounding, magnitude in zip(
        np.broadcast_to(expected.roundings, expected.value.shape).reshape(-1),
        fractions(expected.magnitude),
        strict=True,
    ):
        k = int(rounding)
        own, oracle = (Fraction(k, 2**digits) for digits in (DIGITS[name], DIGITS["float64"]))
        relative = own / (1 - own) + oracle / (1 - oracle)
        total.append(relative * magnitude + k * Fraction(2) ** (LEAST[name] - 1))
    return total


def sums(random: Random) -> Iterator[Array]:
    for dtype in FLOATS:
        for count in (1, 2, 3, 9):
            yield draw_terms(random, dtype, count)


def distance_of(number: Any, exact: Fraction) -> Fraction:
    return abs(Fraction(float(number)) - exact)


def next_of(number: Any, direction: float) -> Any:
    return np.nextafter(number, number.dtype.type(direction))
