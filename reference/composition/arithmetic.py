"""Arithmetic of whole models, forward and backward, and what roundings do to its results.

A model that is trained for some steps is a long chain: magnitudes that are carried along grow with
every step although errors mostly cancel. So the oracle computes every number in float64 many times
over, side by side along a first axis: once as it is, and `COPIES` times with an error of random sign
and of the size of a rounding after every operation. Their spread is what a backend's own roundings
may do, and it is measured through everything that follows (`reference.outcomes.Measured`).

The control computes once, in the dtype under test and with the terms of every sum last first.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference.outcomes import ORACLE, UNIT_ROUNDOFF, Measured, Working

Array = np.ndarray[Any, Any]

COPIES = 64
"""How often the oracle computes a number with random errors."""

LIBRARY = 8
"""Roundings that stand for one call of tanh: TensorFlow's errs by 7.4 units of roundoff."""

_SIGNS = np.random.default_rng(0).integers(0, 2, 1 << 17) * 2.0 - 1.0


class Numbers:
    """The operations that the layers of this chapter are made of.

    dtype: of the backend's numbers. working: as every reading has it.
    Every array has a first axis of `rows` computations of the same number; the first is undisturbed.
    """

    def __init__(self, dtype: np.dtype[Any], working: Working = ORACLE) -> None:
        self.dtype = dtype
        self.reverse = working.reverse
        self.kind = working.dtype
        self.rows = COPIES + 1 if working == ORACLE else 1
        self._unit = UNIT_ROUNDOFF[dtype.name]
        self._next = 0

    def given(self, array: Array) -> Array:
        """An array that the backend has exactly: (rows, *shape)."""
        return np.broadcast_to(array.astype(self.kind), (self.rows, *array.shape)).copy()

    def shaken(self, value: Array, magnitude: Array | None = None, roundings: float = 1.0) -> Array:
        """The value after roundings relative to a magnitude, that of the value if None is given."""
        if self.rows == 1 or not value.size:
            return value
        tail = value[1:]
        signs = self._signs(tail.size).reshape(tail.shape)
        size = np.abs(tail) if magnitude is None else magnitude[1:]
        tail += signs * (self._unit * roundings) * size
        return value

    def _signs(self, count: int) -> Array:
        """Random signs, the same in every run of a reading."""
        if self._next + count > len(_SIGNS):
            self._next = 0
        start, self._next = self._next, self._next + count
        return _SIGNS[start : start + count] if count <= len(_SIGNS) else np.resize(_SIGNS, count)

    def product(self, left: Array, right: Array) -> Array:
        """Matrices multiplied; the errors of n terms add up like the root of n."""
        terms = left.shape[-1]
        if self.reverse:
            left, right = left[..., ::-1], right[..., ::-1, :]
        value = left @ right
        return self.shaken(value, np.abs(left) @ np.abs(right), math.sqrt(terms)) if terms else value

    def add(self, one: Array, other: Array) -> Array:
        """The sum of two arrays."""
        return self.shaken(one + other, np.abs(one) + np.abs(other))

    def subtract(self, one: Array, other: Array) -> Array:
        """The difference of two arrays."""
        return self.shaken(one - other, np.abs(one) + np.abs(other))

    def multiply(self, one: Array, other: Array) -> Array:
        """The product of two arrays, element by element."""
        return self.shaken(one * other)

    def scale(self, array: Array, number: float) -> Array:
        """The array times a number that the backend has rounded."""
        return self.shaken(array * self.kind.type(number), roundings=2.0)

    def divide(self, one: Array, other: Array) -> Array:
        """The quotient of two arrays; some backends multiply by the reciprocal."""
        return self.shaken(one / other, roundings=2.0)

    def root(self, array: Array) -> Array:
        """The square root."""
        return self.shaken(np.sqrt(array), roundings=2.0)

    def tanh(self, array: Array) -> Array:
        """The hyperbolic tangent."""
        return self.shaken(np.tanh(array), roundings=LIBRARY)

    def total(self, array: Array, axes: tuple[int, ...], keepdims: bool = False) -> Array:
        """The sum over axes."""
        count = math.prod(array.shape[axis] for axis in axes)
        terms = np.flip(array, axes) if self.reverse else array
        value = np.asarray(terms.sum(axis=axes, keepdims=keepdims))
        if count < 2:
            return value
        magnitude = np.asarray(np.abs(array).sum(axis=axes, keepdims=keepdims))
        return self.shaken(value, magnitude, math.sqrt(count))

    def measured(self, array: Array) -> Measured:
        """What a reading returns of an array."""
        spread = (
            np.sqrt(np.square(array[1:] - array[0]).mean(0)) if self.rows > 1 else np.zeros(array.shape[1:])
        )
        return Measured(np.array(array[0]), np.asarray(spread, np.float64), self.dtype)
