"""The few operations that transformers are made of, and what rounding does to them.

`Arithmetic` computes them in one dtype. `Shaken` computes them in float64 and adds to every result
a random error of the size that rounding in another dtype may have: the same model, run with it many
times over, shows how far roundings carry. `measure` turns that into a `reference.outcomes.Measured`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from reference.outcomes import ORACLE, UNIT_ROUNDOFF, Measured, Working

Array = np.ndarray[Any, Any]

COPIES = 64
"""How often a model is run with random errors."""

_LIBRARY = 4
"""Roundings that stand for one call of exp, erf or tanh: libraries state errors up to 2 ulps, and a
unit in the last place is two unit roundoffs."""

# erf by its Taylor series about the nearest of 64 points a unit; what the series leaves out after
# the ninth derivative is below 1e-19, and the table comes from the standard library.
_STEPS = 64
_KNOTS = np.arange(-6 * _STEPS, 6 * _STEPS + 1) / _STEPS
_ERF = np.array([math.erf(knot) for knot in _KNOTS])
_SLOPE = 2 / math.sqrt(math.pi) * np.exp(-(_KNOTS**2))


def erf(x: Array) -> Array:
    """The error function of a float64 array of any shape, within 4e-16 of the true value.

    >>> erf(np.array([-np.inf, 0.0, 0.5]))
    array([-1.        ,  0.        ,  0.52049988])
    """
    inside = np.where(np.isnan(x), 0.0, np.clip(x, -6.0, 6.0))
    index = np.rint(inside * _STEPS).astype(np.int64) + 6 * _STEPS
    knot = _KNOTS[index]
    step = inside - knot
    # Derivative n + 1 of erf is (−1)^n H_n(knot) times the slope, with the Hermite polynomials H_n.
    before, hermite = np.zeros_like(knot), np.ones_like(knot)
    power, total = step, step.copy()
    for n in range(1, 9):
        before, hermite = hermite, 2 * knot * hermite - 2 * (n - 1) * before
        power = power * step / -(n + 1)
        total += hermite * power
    return np.where(np.isnan(x), x, _ERF[index] + _SLOPE[index] * total)


class Arithmetic:
    """The operations in one dtype; with `reverse` the terms of every sum come last first."""

    def __init__(self, dtype: Any = np.float64, *, reverse: bool = False) -> None:
        self.dtype = np.dtype(dtype)
        self.reverse = reverse

    def rounded(
        self, value: Array, magnitude: Callable[[], Array], roundings: float, *, single: bool = False
    ) -> Array:
        """`value`, in which `roundings` roundings relative to `magnitude` have happened.

        single: whether a backend computes this in float32 even where its dtype is float64.
        """
        return self.jitter(value, magnitude, roundings, single=single).astype(self.dtype, copy=False)

    def jitter(
        self, value: Array, magnitude: Callable[[], Array], roundings: float, *, single: bool = False
    ) -> Array:
        """The errors of `rounded` alone, without the cast."""
        return value

    def take(self, table: Array, ids: Array) -> Array:
        """The rows of a table."""
        return table[ids].astype(self.dtype)

    def matmul(self, left: Array, right: Array) -> Array:
        """The product of matrices; n terms make n roundings, which add up like their root."""
        terms = left.shape[-1]
        if self.reverse:
            left, right = left[..., ::-1], right[..., ::-1, :]
        return self.rounded(left @ right, lambda: np.abs(left) @ np.abs(right), math.sqrt(terms))

    def linear(self, x: Array, kernel: Array, bias: Array | None = None) -> Array:
        """X (..., inputs) times kernel (inputs, outputs), plus bias (outputs,)."""
        product = self.matmul(x, kernel.astype(self.dtype))
        return product if bias is None else self.add(product, bias.astype(self.dtype))

    def add(self, one: Array, other: Array) -> Array:
        """The sum of two arrays."""
        return self.rounded(one + other, lambda: np.abs(one) + np.abs(other), 1)

    def multiply(self, one: Array, other: Array, *, single: bool = False) -> Array:
        """The product of two arrays, element by element."""
        product = np.asarray(one * other)
        return self.rounded(product, lambda: np.abs(product), 1, single=single)

    def layer_norm(self, x: Array, scale: Array, shift: Array, epsilon: float) -> Array:
        """(x − mean) ÷ √(variance + epsilon) · scale + shift, over the last axis."""
        n, x = x.shape[-1], x.astype(self._sums)
        mean = x.mean(-1, keepdims=True)
        centered = self.jitter(
            x - mean, lambda: np.abs(x) + np.abs(x).mean(-1, keepdims=True), math.sqrt(n) + 1
        )
        # Some backends take the variance as mean(x²) − mean², so its magnitude is that of both.
        variance = self.jitter(
            np.square(centered).mean(-1, keepdims=True),
            lambda: np.square(x).mean(-1, keepdims=True) + np.square(mean),
            math.sqrt(n) + 2,
        )
        scaled = centered / np.sqrt(np.maximum(variance, 0) + epsilon) * scale.astype(self._sums)
        shift = shift.astype(self._sums)
        return self.rounded(scaled + shift, lambda: np.abs(scaled) + np.abs(shift), 5)

    def rms_norm(self, x: Array, scale: Array, epsilon: float) -> Array:
        """X ÷ √(mean(x²) + epsilon) · scale, over the last axis; float32 at best."""
        x = x.astype(self._sums)
        mean = np.square(x).mean(-1, keepdims=True)
        value = x / np.sqrt(mean + epsilon) * scale.astype(self._sums)
        return self.rounded(value, lambda: np.abs(value), math.sqrt(x.shape[-1]) + 5, single=True)

    def softmax(self, scores: Array, *, single: bool = False) -> Array:
        """exp(scores) ÷ their sum, over the last axis; a score of −inf gives exactly 0."""
        shifted = scores - scores.max(-1, keepdims=True, initial=-np.inf)
        powers = np.exp(
            self.rounded(shifted, lambda: np.where(np.isinf(shifted), 0, np.abs(shifted)), 2, single=single)
        )
        shares = powers / powers.sum(-1, keepdims=True, dtype=self._sums)
        roundings = math.sqrt(max(scores.shape[-1], 1)) + _LIBRARY + 2
        return self.rounded(shares, lambda: np.abs(shares), roundings, single=single)

    def tanh(self, x: Array) -> Array:
        """The hyperbolic tangent."""
        value = np.tanh(x)
        return self.rounded(value, lambda: np.abs(value), _LIBRARY)

    def activation(self, name: str, x: Array) -> Array:
        """Gelu (exact), gelu_new (by tanh), relu or silu, element by element."""
        if name == "relu":
            return np.maximum(x, 0)
        wide = x.astype(np.float64)
        if name == "gelu":
            value = 0.5 * wide * (1 + erf(wide / math.sqrt(2)))
        elif name == "gelu_new":
            value = 0.5 * wide * (1 + np.tanh(math.sqrt(2 / math.pi) * (wide + 0.044715 * wide**3)))
        else:
            value = wide / (1 + np.exp(-wide))
        # 1 + erf loses what is near −1, so that the error is relative to x and not to the value.
        return self.rounded(value, lambda: np.abs(x), _LIBRARY + 3)

    @property
    def _sums(self) -> Any:
        """The dtype of sums: never below float32, as in every framework."""
        return np.promote_types(np.float32, self.dtype) if self.dtype.kind == "f" else np.float32


class Shaken(Arithmetic):
    """float64, with random errors of the size of roundings in `dtype`, except in the first `still` rows."""

    def __init__(self, dtype: np.dtype[Any], still: int) -> None:
        super().__init__(np.float64)
        self.unit = UNIT_ROUNDOFF[dtype.name]
        self.still = still
        self.random = np.random.default_rng(0)

    def jitter(
        self, value: Array, magnitude: Callable[[], Array], roundings: float, *, single: bool = False
    ) -> Array:
        """`value` with errors of random sign."""
        unit = max(self.unit, UNIT_ROUNDOFF["float32"]) if single else self.unit
        signs = np.asarray(self.random.integers(0, 2, value.shape, dtype=np.int8) * 2.0 - 1.0)
        signs[: self.still] = 0
        with np.errstate(invalid="ignore"):
            return np.asarray(value + signs * (unit * roundings * magnitude()))


def run(
    model: Callable[..., Any],
    dtype: np.dtype[Any],
    batch: dict[str, Any],
    working: Working,
    size: int,
    precision: str | None = None,
) -> Any:
    """What `model(arithmetic, **batch)` computes, as `Measured` arrays of `dtype`.

    batch: arrays whose first axis is the batch, or None. size: of the batch.
    precision: the dtype whose roundings are meant, where it is not `dtype`.
    The oracle measures how far roundings carry; another working runs the model once.
    """
    if working != ORACLE:
        plain = model(Arithmetic(working.dtype, reverse=working.reverse), **batch)
        return _each(plain, lambda a: Measured(a, np.zeros_like(a, np.float64), dtype))
    copies = {k: v if v is None else np.concatenate([v] * (COPIES + 1)) for k, v in batch.items()}
    shaken = model(Shaken(np.dtype(precision) if precision else dtype, size), **copies)

    def measured(array: Array) -> Measured:
        """The undisturbed copy, and at each element the root mean square of what the others deviate."""
        value, others = array[:size], array[size:].reshape(COPIES, size, *array.shape[1:])
        return Measured(value.copy(), np.sqrt(np.square(others - value).mean(0)), dtype)

    return _each(shaken, measured)


def _each(value: Any, change: Callable[[Array], Any]) -> Any:
    """`change` of every array inside tuples and dicts."""
    if isinstance(value, tuple):
        return tuple(_each(item, change) for item in value)
    if isinstance(value, dict):
        return {name: _each(item, change) for name, item in value.items()}
    return None if value is None else change(value)
