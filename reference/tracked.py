"""Numbers that know how far a computation of them can err: bounds for what is no plain sum.

A `Tracked` is the value, computed in the working dtype, together with a bound for the distance
between the exact result and what any sensible computation in the dtype under test gives: running
error analysis (Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, section 3.3).
Every operation carries the errors of its operands on and adds its own:

    + − × ÷        one rounding: the unit roundoff times the largest result that is possible
    sum            k·u ÷ (1 − k·u) times the sum of the absolute terms, k = terms − 1, any order;
                   nothing if the terms lie on a grid that their sum does not outgrow
    exp, log …     the ulps that the OpenCL C specification grants a math library in full profile

A constant that the dtype cannot hold errs by the distance to the nearest that it can.
Where a result may be too large for the dtype, what may come out instead is followed as well, by the
rules of `reference.overflow`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from reference import overflow
from reference.outcomes import ORACLE, Bounded, Working

Array = np.ndarray[Any, Any]
Axis = int | tuple[int, ...] | None

ULPS = {"reciprocal": 2.5, "exp": 3.0, "log": 3.0, "log1p": 2.0, "tanh": 5.0, "sqrt": 3.0}
"""Errors of library functions in units in the last place: OpenCL C 3.0, table "ULP values"."""


@dataclass(frozen=True)
class Format:
    """A floating dtype: its unit roundoff, smallest subnormal, smallest normal and largest number."""

    dtype: np.dtype[Any]
    unit: float
    smallest: float
    normal: float
    largest: float


@cache
def format_of(dtype: np.dtype[Any]) -> Format:
    """The format of a floating dtype, bfloat16 included."""
    if dtype.name == "bfloat16":
        return Format(dtype, 2.0**-8, 2.0**-133, 2.0**-126, (2 - 2.0**-7) * 2.0**127)
    limits = np.finfo(dtype)
    unit, normal = float(limits.eps) / 2, float(limits.smallest_normal)
    return Format(dtype, unit, float(limits.smallest_subnormal), normal, float(limits.max))


@dataclass(frozen=True, eq=False)
class Tracked:
    """A floating result on its way.

    value: array in the working dtype. error: float64, how far a computation in `form` may be off.
    reach: float64, the largest absolute value that was met on the way. form: the dtype under test.
    working: how the value is computed. flags: uint8, what may come out instead of a number, by
    `reference.overflow`; None where nothing on the way was too large.
    """

    value: Array
    error: Array
    reach: Array
    form: Format
    working: Working = ORACLE
    flags: Array | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        shape: tuple[int, ...] = self.value.shape
        return shape

    def constant(self, number: float) -> Tracked:
        """A number as the dtype under test has it, or exactly: either may be used."""
        return _constant(number, self.form, self.working)

    def held(self, number: float) -> Tracked:
        """A number after it was rounded to the dtype under test, without a doubt."""
        return self._with(np.asarray(number, np.float64).astype(self.form.dtype), np.zeros(()))

    def __add__(self, other: Tracked | float) -> Tracked:
        other = self._lift(other)
        flags = _added(self.flags, other.flags)
        carried = self.error + other.error
        return self._rounded(self.value + other.value, carried, other, underflows=False, flags=flags)

    def __sub__(self, other: Tracked | float) -> Tracked:
        other = self._lift(other)
        flags = _added(self.flags, _turned(other.flags))
        carried = self.error + other.error
        return self._rounded(self.value - other.value, carried, other, underflows=False, flags=flags)

    def __rsub__(self, other: float) -> Tracked:
        return self._lift(other) - self

    def __mul__(self, other: Tracked | float) -> Tracked:
        other = self._lift(other)
        carried = self.size * other.error + other.size * self.error + self.error * other.error
        product = self.value * other.value
        exact = carried == 0
        if exact.any():
            exact = exact & (self._plain() | other._plain())
        return self._rounded(product, carried, other, exact=exact, flags=self._multiplied(other))

    __radd__ = __add__
    __rmul__ = __mul__

    def __truediv__(self, other: Tracked | float) -> Tracked:
        other = self._lift(other)
        quotient = self.value / other.value
        room = other.size - other.error
        carried = (self.error + np.abs(quotient).astype(np.float64) * other.error) / np.where(
            room > 0, room, np.nan
        )
        exact = (carried == 0) & other._plain()
        sure = (room > 0) & (other.flags == 0 if other.flags is not None else True)
        flags = None if self.flags is None else overflow.multiplied(self.flags, *other.ends)
        return self._rounded(quotient, np.where(sure, carried, np.inf), other, exact=exact, flags=flags)

    def __neg__(self) -> Tracked:
        return self._with(-self.value, self.error, self.reach, _turned(self.flags))

    def abs(self) -> Tracked:
        """The absolute value."""
        flags = None if self.flags is None else overflow.absolute(self.flags)
        return self._with(np.abs(self.value), self.error, self.reach, flags)

    @property
    def ends(self) -> tuple[Array, Array]:
        """The least and the largest number that a computation may have here, float64."""
        value = np.asarray(self.value, np.float64)
        return value - self.error, value + self.error

    @property
    def size(self) -> Array:
        """The absolute value, float64."""
        return np.abs(np.asarray(self.value, np.float64))

    def sum(self, axis: Axis = None, keepdims: bool = False) -> Tracked:
        """The sum over axes, in any order."""
        axes = tuple(range(self.value.ndim)) if axis is None else axis
        terms = self.value
        if self.working.reverse:
            terms = np.flip(terms, axes)
        total = terms.sum(axis=axes, keepdims=keepdims, dtype=self.working.dtype)
        counted = self.value.size // max(1, np.asarray(total).size)
        carried = self.error.sum(axis=axes, keepdims=keepdims)
        absolute = self.size.sum(axis=axes, keepdims=keepdims) + carried
        growth = max(counted - 1, 0) * self.form.unit
        rounding = growth / (1 - growth) * absolute
        exact = carried == 0
        if exact.any():
            exact = exact & self._on_a_grid(axes, keepdims, absolute)
        reach = np.maximum(absolute, self.reach.max(axis=axes, keepdims=keepdims, initial=0.0))
        flags = None if self.flags is None else overflow.summed(self.flags, axes, keepdims)
        positive, negative = ((absolute + sign * np.asarray(total, np.float64)) / 2 for sign in (1, -1))
        flags = self._too_large(np.asarray(total), positive, negative, flags)
        return self._with(np.asarray(total), np.where(exact, 0.0, carried + rounding), reach, flags)

    def mean(self, axis: Axis = None, keepdims: bool = False) -> Tracked:
        """The mean over axes: the sum divided by the count, or times its reciprocal."""
        total = self.sum(axis, keepdims)
        count = self.value.size // max(1, total.value.size) if total.value.size else 1
        quotient = total / float(count)
        more = np.where(quotient.error > 0, self.form.unit * quotient.size, 0.0)
        return quotient._with(quotient.value, quotient.error + more, quotient.reach, quotient.flags)

    def reciprocal(self) -> Tracked:
        """1 ÷ x, which a library may approximate."""
        plain = self.constant(1.0) / self
        return plain._function("reciprocal", plain.value, plain.error, plain.flags)

    def exp(self) -> Tracked:
        """The exponential."""
        value = np.exp(self.value)
        carried = np.abs(value).astype(np.float64) * np.expm1(self.error)
        return self._function("exp", value, self._nowhere_flagged(carried, overflow.DOWN), self.flags)

    def log(self) -> Tracked:
        """The natural logarithm."""
        share = np.divide(self.error, self.size, out=np.full_like(self.error, np.inf), where=self.size > 0)
        share = np.where(self.error == 0, 0.0, share)
        carried = np.where(share < 1, -np.log1p(-np.minimum(share, 1 - 2.0**-53)), np.inf)
        return self._function("log", np.log(self.value), self._nowhere_flagged(carried), self.flags)

    def log1p(self) -> Tracked:
        """log(1 + x), for x from 0 on."""
        return self._function("log1p", np.log1p(self.value), self._nowhere_flagged(self.error), self.flags)

    def tanh(self) -> Tracked:
        """The hyperbolic tangent."""
        return self._function("tanh", np.tanh(self.value), self._nowhere_flagged(self.error), self.flags)

    def sqrt(self) -> Tracked:
        """The square root."""
        root = np.sqrt(self.value)
        width = np.asarray(root, np.float64)
        carried = np.where(width > 0, self.error / np.where(width > 0, width, 1), np.sqrt(self.error))
        return self._function("sqrt", root, self._nowhere_flagged(carried), self.flags)

    def maximum(self, other: Tracked | float) -> Tracked:
        """The larger of two."""
        other = self._lift(other)
        error = np.maximum(self.error, other.error)
        apart = np.abs(np.asarray(self.value, np.float64) - np.asarray(other.value, np.float64))
        first = np.asarray(self.value > other.value)
        error = np.where(apart > self.error + other.error, np.where(first, self.error, other.error), error)
        for one in (self, other):
            error = one._nowhere_flagged(error)
        flags = _joined(self.flags, other.flags)
        return self._with(np.maximum(self.value, other.value), error, self._reach(other), flags)

    def minimum(self, other: Tracked | float) -> Tracked:
        """The smaller of two."""
        return -((-self).maximum(-self._lift(other)))

    def max(self, axis: int, keepdims: bool = False) -> Tracked:
        """The largest along an axis."""
        return self._with(
            self.value.max(axis=axis, keepdims=keepdims),
            self._nowhere_flagged(self.error).max(axis=axis, keepdims=keepdims),
            self.reach.max(axis=axis, keepdims=keepdims),
        )

    def either(self, other: Tracked) -> Tracked:
        """The same quantity by another formula: a computation may take either.

        AssertionError if the two are further apart than their bounds allow, since one is no such formula.
        That is looked at in float64, where neither underflows on its way.
        """
        apart = np.abs(np.asarray(self.value, np.float64) - np.asarray(other.value, np.float64))
        flags = _joined(self.flags, other.flags)
        certain = np.isfinite(self.value) & np.isfinite(other.value) & (True if flags is None else flags == 0)
        strange = certain & (apart > self.error + other.error) & (self.value.dtype == np.float64)
        assert not strange.any(), "formulas of different quantities"
        return self.also(other)

    def also(self, other: Tracked) -> Tracked:
        """The same, where a computation may as well give another quantity."""
        apart = np.abs(np.asarray(self.value, np.float64) - np.asarray(other.value, np.float64))
        apart = np.where(np.isnan(apart), 0.0, apart)
        error, flags = np.maximum(self.error, other.error + apart), _joined(self.flags, other.flags)
        return self._with(self.value, error, self._reach(other), flags)

    def where(self, condition: Array, other: Tracked | float, unsure: Array | None = None) -> Tracked:
        """Self where the condition holds, else the other; where `unsure`, a computation may take either."""
        other = self._lift(other)
        error = np.where(condition, self.error, other.error)
        if unsure is not None:
            apart = np.abs(np.asarray(self.value, np.float64) - np.asarray(other.value, np.float64))
            error = np.where(unsure, apart + np.maximum(self.error, other.error), error)
        flags = _joined(self.flags, other.flags)
        if flags is not None:
            own, others = (np.uint8(0) if one.flags is None else one.flags for one in (self, other))
            flags = np.where(False if unsure is None else unsure, flags, np.where(condition, own, others))
        return self._with(np.where(condition, self.value, other.value), error, self._reach(other), flags)

    def within(self, distance: Array) -> Tracked:
        """The same, where a computation may also give any number up to a distance away."""
        return self._with(self.value, self.error + distance, self.reach + distance, self.flags)

    def reshape(self, shape: tuple[int, ...]) -> Tracked:
        """The same elements in another shape."""
        return self.placed(lambda part: part.reshape(shape))

    def placed(self, move: Callable[[Array], Array]) -> Tracked:
        """The same elements in other places, by a function of any array of their shape."""
        flags = None if self.flags is None else move(self.flags)
        parts = move(self.value), move(self.error), move(self.reach)
        return Tracked(*parts, self.form, self.working, flags)

    def cast(self, dtype: np.dtype[Any]) -> Tracked:
        """The value after a conversion to another dtype."""
        form = format_of(dtype)
        rounding = form.unit * (self.size + self.error) + form.smallest / 2
        low, high = self.ends
        held = Tracked(self.value, self.error + rounding, self.reach, form, self.working)
        return replace(held, flags=held._too_large(self.value, high, -low, self.flags))

    def bounded(self, dtype: np.dtype[Any] | None = None) -> Bounded:
        """What a reading returns: the value and its bound, in the dtype under test or the one given."""
        error = np.where(np.isnan(self.error), np.inf, self.error)
        value = np.array(self.value)
        share = format_of(np.dtype(np.float64)).unit / self.form.unit
        kind = np.array(error > 0, np.int64)
        kept, flags = dtype or self.form.dtype, self.flags
        return Bounded(value, self.reach, kind, kept, error=error * (1 + share), flags=flags)

    def _lift(self, other: Tracked | float) -> Tracked:
        return other if isinstance(other, Tracked) else self.constant(other)

    def _plain(self) -> Array:
        """Where a factor or divisor makes no rounding: 0, and ± a power of two."""
        mantissa = np.frexp(np.asarray(self.value, np.float64))[0]
        return np.asarray((mantissa == 0) | (np.abs(mantissa) == 0.5))

    def _on_a_grid(self, axes: int | tuple[int, ...], keepdims: bool, absolute: Array) -> Array:
        """Where all terms are multiples of a power of two g and add up to at most g ÷ unit roundoff."""
        mantissa, exponent = np.frexp(np.asarray(self.value, np.float64))
        finite = np.isfinite(mantissa)
        whole = (np.where(finite, mantissa, 0.0) * 2.0**53).astype(np.int64)
        lowest = np.ldexp((whole & -whole).astype(np.float64), exponent - 53)
        grid = np.where(finite, np.where(whole == 0, np.inf, lowest), 0.0)
        step = grid.min(axis=axes, keepdims=keepdims, initial=np.inf)
        return np.asarray(absolute <= np.where(np.isinf(step), np.inf, step / self.form.unit))

    def _reach(self, other: Tracked) -> Array:
        return np.maximum(self.reach, other.reach)

    def _multiplied(self, other: Tracked) -> Array | None:
        """The flags of a product."""
        flags = None if self.flags is None else overflow.multiplied(self.flags, *other.ends)
        if other.flags is None:
            return flags
        others = overflow.multiplied(other.flags, *self.ends)
        if self.flags is None or flags is None:
            return others
        return flags | others | overflow.crossed(self.flags, other.flags)

    def _nowhere_flagged(self, error: Array, flags: Any = 255) -> Array:
        """An error without end where some flags are set: what a function makes of these may be finite."""
        return error if self.flags is None else np.where(self.flags & np.uint8(flags) != 0, np.inf, error)

    def _too_large(self, value: Array, high: Array, low: Array, flags: Array | None) -> Array | None:
        """Flags, and those of a finite value that may be as large as `high`, or `low` downward."""
        most = self.form.largest / (1 + self.form.unit)
        up, down = np.asarray(high) > most, np.asarray(low) > most
        if not (up.any() or down.any()):
            return flags
        finite = np.isfinite(value)
        return _joined(overflow.beyond(finite & up, finite & down), flags)

    def _with(
        self, value: Array, error: Array, reach: Array | None = None, flags: Array | None = None
    ) -> Tracked:
        value = np.asarray(value, self.working.dtype)
        if reach is None:
            reach = np.abs(np.asarray(value, np.float64)) + error
        if flags is not None:
            flags = np.broadcast_to(flags, value.shape) if flags.any() else None
        return Tracked(value, _wide(error, value), _wide(reach, value), self.form, self.working, flags)

    def _rounded(
        self,
        value: Array,
        carried: Array,
        other: Tracked,
        underflows: bool = True,
        exact: Any = False,
        flags: Array | None = None,
    ) -> Tracked:
        """A result of one arithmetic operation, with the rounding that it makes."""
        wide = np.asarray(value, np.float64)
        size = np.abs(wide) + carried
        rounding = self.form.unit * size + (self.form.smallest / 2 if underflows else 0.0)
        rounding = np.where(exact & (size >= self.form.normal) | (size == 0), 0.0, rounding)
        reach = np.maximum(self._reach(other), size)
        flags = self._too_large(wide, wide + carried, carried - wide, flags)
        return self._with(value, carried + rounding, reach, flags)

    def _function(self, name: str, value: Array, carried: Array, flags: Array | None) -> Tracked:
        """A result of a library function: an ulp is at most two unit roundoffs of the result.

        What comes out infinite from an exact argument is infinite in every library: log 0 above all.
        """
        wide = np.asarray(value, np.float64)
        size = np.abs(wide) + carried
        error = carried + 2 * ULPS[name] * self.form.unit * size + self.form.smallest
        error = np.where(np.isinf(value) & (carried == 0), 0.0, error)
        flags = self._too_large(wide, wide + carried, carried - wide, flags)
        return self._with(value, error, np.maximum(self.reach, size), flags)


def _added(flags: Array | None, other: Array | None) -> Array | None:
    """The flags of a sum of two."""
    if flags is None or other is None:
        return _joined(flags, other)
    return overflow.added(flags, other)


def _turned(flags: Array | None) -> Array | None:
    """The flags of −x."""
    return None if flags is None else overflow.turned(flags)


def _joined(flags: Array | None, other: Array | None) -> Array | None:
    """The flags of both."""
    if flags is None or other is None:
        return other if flags is None else flags
    return np.asarray(flags | other)


def _wide(part: Any, value: Array) -> Array:
    """An error or a reach in the shape of its value."""
    part = np.asarray(part, np.float64)
    return part if part.shape == value.shape else np.broadcast_to(part, value.shape)


@cache
def _constant(number: float, form: Format, working: Working) -> Tracked:
    given = np.asarray(number, np.float64)
    held = given.astype(form.dtype).astype(np.float64)
    value = given.astype(working.dtype)
    reach = np.where(np.isnan(given), 0.0, np.abs(given))  # NaN is no number on the way
    return Tracked(value, np.abs(given - held), reach, form, working)


def track(array: Array, dtype: np.dtype[Any], working: Working = ORACLE) -> Tracked:
    """An input, exact, in a computation in `dtype`."""
    held = array.astype(dtype)
    value = held.astype(working.dtype)
    zeros = np.zeros(held.shape)
    return Tracked(value, zeros, np.abs(held.astype(np.float64)), format_of(dtype), working)
