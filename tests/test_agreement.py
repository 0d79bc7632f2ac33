"""The comparer accepts everything within the bound and nothing else, and so do its planted faults not.

The checks are functions of the comparer, so that they judge mutated copies of it as well.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import conformance.agreement as shipped
from backends.base import Outcome
from backends.codec import dtype_named
from conformance import tolerance
from reference.errors import IndexOutOfRange, Refused
from reference.outcomes import AnyOf, Bounded

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


# The checks


def sums_in_any_order_are_accepted(comparer: ModuleType, random: Random) -> None:
    for terms in sums(random):
        expected = bounded(terms)
        for _ in range(3):
            measured = accepts(comparer, expected, in_some_order(random, terms))
            assert measured.decisive
            assert (measured.margin is None) == (len(terms) == 1)
            assert measured.margin is None or 0 <= measured.margin <= 1


def numbers_just_within_the_bound_are_accepted_and_just_beyond_refused(
    comparer: ModuleType, random: Random
) -> None:
    for terms in sums(random):
        expected = bounded(terms)
        nearest = expected.value.astype(terms.dtype)
        for index, limit in enumerate(limits(expected)):
            exact = Fraction(float(expected.value[index]))
            for direction in (-1, 1):
                edge = nearest.copy()
                edge[index] = float(exact + direction * limit)
                while _distance(edge[index], exact) > limit * (1 - Fraction(1, 10**9)):
                    edge[index] = _next(edge[index], -direction * np.inf)
                    if direction * (Fraction(float(edge[index])) - exact) < 0:
                        break
                else:
                    accepts(comparer, expected, edge)
                while _distance(edge[index], exact) < limit * (1 + Fraction(1, 10**9)):
                    edge[index] = _next(edge[index], direction * np.inf)
                if _distance(edge[index], exact) > limit:
                    assert f"[{index}]" in refuses(comparer, expected, edge)


def _distance(number: Any, exact: Fraction) -> Fraction:
    return abs(Fraction(float(number)) - exact)


def _next(number: Any, direction: float) -> Any:
    return np.nextafter(number, number.dtype.type(direction))


def the_margin_is_error_by_bound(comparer: ModuleType, random: Random) -> None:
    for terms in sums(random):
        if len(terms) == 1:
            continue
        expected = bounded(terms)
        given = in_some_order(random, terms)
        ratios = [
            _distance(got, Fraction(float(wanted))) / limit
            for got, wanted, limit in zip(given, expected.value, limits(expected), strict=True)
        ]
        assert math.isclose(accepts(comparer, expected, given).margin, max(ratios), rel_tol=1e-9)


def one_unit_in_the_last_place_of_an_exact_number_is_refused(comparer: ModuleType, random: Random) -> None:
    for dtype in FLOATS:
        exact = draw_terms(random, dtype, 1, (2, 3))[0]
        accepts(comparer, exact, exact.copy())
        for direction in (-np.inf, np.inf):
            wrong = exact.copy()
            wrong[1, 2] = _next(wrong[1, 2], direction)
            assert "[1, 2]" in refuses(comparer, exact, wrong)
    for dtype in ("int64", "uint8", "bool"):
        whole = random.integers(0, 2, (2, 3)).astype(dtype)
        accepts(comparer, whole, whole.copy())
        off = whole.copy()
        off[0, 1] = 1 - int(off[0, 1])
        assert "[0, 1]" in refuses(comparer, whole, off)


def one_swapped_element_is_refused(comparer: ModuleType, random: Random) -> None:
    for dtype in FLOATS:
        row = np.array([0.5, 3, 1, 2], dtype_named(dtype))
        swapped = row[[1, 0, 2, 3]]
        refuses(comparer, row, swapped)
        refuses(comparer, bounded(np.stack([row, row])), swapped + swapped)
    refuses(comparer, np.array([True, False]), np.array([False, True]))


def nan_for_a_number_and_back_is_refused(comparer: ModuleType, random: Random) -> None:
    for dtype in FLOATS:
        kind = dtype_named(dtype)
        plain, strange = np.array([1, 2], kind), np.array([1, np.nan], kind)
        refuses(comparer, plain, strange)
        refuses(comparer, strange, plain)
        refuses(comparer, strange, np.array([1, 0], kind))
        accepts(comparer, strange, strange.copy())
        accepts(comparer, strange, -strange * np.array([-1, 1], kind))
        for terms in (1, 2):
            stacked = np.stack([plain] * terms), np.stack([strange] * terms)
            refuses(comparer, bounded(stacked[0]), stacked[1].sum(0, dtype=kind))
            refuses(comparer, bounded(stacked[1]), stacked[0].sum(0, dtype=kind))
            accepts(comparer, bounded(stacked[1]), stacked[1].sum(0, dtype=kind))
    accepts(comparer, math.nan, math.nan)
    refuses(comparer, math.nan, 0.0)


def the_sign_of_zero_counts_where_a_result_is_exact(comparer: ModuleType, random: Random) -> None:
    for dtype in FLOATS:
        zero = np.zeros(2, dtype_named(dtype))
        negative = np.array([0.0, -0.0], zero.dtype)
        assert "with its sign" in refuses(comparer, zero, negative)
        refuses(comparer, negative, zero)
        accepts(comparer, negative, negative.copy())
        accepts(comparer, bounded(zero[None]), negative)
    refuses(comparer, 0.0, -0.0)
    accepts(comparer, -0.0, -0.0)


def an_infinity_of_the_wrong_sign_is_refused(comparer: ModuleType, random: Random) -> None:
    for dtype in FLOATS:
        kind = dtype_named(dtype)
        infinite, largest = np.array([np.inf], kind), np.array([tolerance.finfo(kind).max])
        for expected in (infinite, bounded(infinite[None]), bounded(np.stack([infinite, infinite]))):
            accepts(comparer, expected, infinite)
            for wrong in (-infinite, largest, 0 * largest):
                refuses(comparer, expected, np.asarray(wrong, kind))


def an_infinity_that_was_followed_is_accepted_and_no_other(comparer: ModuleType, random: Random) -> None:
    half = np.dtype(np.float16)
    outcomes = [np.array([x], half) for x in (np.inf, -np.inf, np.nan)]
    for flags in range(8):
        one = np.ones(1)
        expected = Bounded(one, one, one, half, error=one / 8, flags=np.array([flags], np.uint8))
        for bit, outcome in enumerate(outcomes):
            check = accepts if flags & 1 << bit else refuses
            check(comparer, expected, outcome)


def an_overflow_is_accepted_just_where_a_partial_sum_can_overflow(
    comparer: ModuleType, random: Random
) -> None:
    for dtype in FLOATS:
        kind = dtype_named(dtype)
        if dtype == "float64":  # the oracle works in it, so its own sum overflows first
            continue
        large = float(tolerance.finfo(kind).max)

        def terms(*shares: float, kind: Any = kind, large: float = large) -> Bounded:
            return bounded((np.array(shares) * large).astype(kind)[:, None])

        up, down, nan = (np.array([x], kind) for x in (np.inf, -np.inf, np.nan))
        for expected, accepted in (
            (terms(0.75, 0.75), (up,)),
            (terms(-0.75, -0.75), (down,)),
            (terms(0.75, 0.75, -0.75), (up,)),
            (terms(0.75, 0.75, -0.75, -0.75), (up, down, nan)),
            (terms(0.25, 0.25), ()),
            (terms(1.0), ()),
            (terms(0.75, -0.75), ()),
        ):
            for outcome in (up, down, nan):
                check = accepts if any(outcome is one for one in accepted) else refuses
                check(comparer, expected, outcome)
        refuses(comparer, terms(0.75, 0.75), np.array([large], kind))
        refuses(comparer, terms(0.75, 0.75, -0.75), np.array([0], kind))


def subnormals_may_vanish_just_where_a_backend_flushes(comparer: ModuleType, random: Random) -> None:
    for dtype in FLOATS:
        kind = dtype_named(dtype)
        tiny = np.full((2, 1), tolerance.finfo(kind).smallest_normal / kind.type(4), kind)
        expected, zero = bounded(tiny), np.zeros(1, kind)
        refuses(comparer, expected, zero)
        accepts(comparer, expected, zero, flushes=True)
        refuses(comparer, bounded(np.full((2, 1), 1, kind)), zero, flushes=True)
        refuses(comparer, bounded(tiny[:1]), zero, flushes=True)


def the_form_counts_even_with_equal_values(comparer: ModuleType, random: Random) -> None:
    for dtype in (*FLOATS, "int32", "bool"):
        array = np.ones((2, 3), dtype_named(dtype))
        others: list[Any] = [
            array.T,
            array.reshape(-1),
            array[None],
            array[:1],
            array[:0],
            array.astype(np.int64),
            array.astype(np.float32 if dtype != "float32" else np.float64),
            array.tolist(),
            None,
            1,
        ]
        forms: list[Any] = [array]
        if dtype in FLOATS:
            forms += [bounded(array[None]), bounded(np.stack([array / 2, array / 2]).astype(array.dtype))]
        for expected in forms:
            accepts(comparer, expected, array)
            for other in others:
                refuses(comparer, expected, other)
    empty, scalar = np.zeros((0, 2), np.float32), np.ones((), np.float32)
    accepts(comparer, empty, empty.copy())
    accepts(comparer, bounded(empty[None]), empty.copy())
    for other in (None, np.zeros((0, 3), np.float32), np.zeros((0, 2), np.float64), [], ()):
        refuses(comparer, empty, other)
        refuses(comparer, bounded(empty[None]), other)
    accepts(comparer, scalar, scalar.copy())
    refuses(comparer, scalar, scalar[None])
    refuses(comparer, scalar, 1.0)
    refuses(comparer, None, empty)
    refuses(comparer, None, False)
    accepts(comparer, None, None)


def containers_are_of_the_same_kind_length_and_names(comparer: ModuleType, random: Random) -> None:
    one, two = np.array([1.0]), np.array([2.0])
    accepts(comparer, (one, [two, None], {"a": 1}), (one, [two, None], {"a": 1}))
    for expected, came in (
        ((one, two), (one,)),
        ((one, two), (one, two, two)),
        ((one, two), (two, one)),
        ((one, two), [one, two]),
        ([one], (one,)),
        ((), []),
        ((), None),
        ([None], []),
        ((one,), one),
        ({"a": one}, {"a": one, "b": two}),
        ({"a": one, "b": two}, {"a": one}),
        ({"a": one}, {"b": one}),
        ({"a": one}, {"a": two}),
        ({"a": one}, [("a", one)]),
        ({}, None),
        ([[one]], [[two]]),
    ):
        refuses(comparer, expected, came)
    assert "[1]['x'][0]" in refuses(comparer, (one, {"x": one}), (one, {"x": two}))


def plain_values_are_of_the_same_type_and_equal(comparer: ModuleType, random: Random) -> None:
    for same in (True, 3, 0.5, "float32", None, math.inf):
        accepts(comparer, same, same)
    for expected, came in (
        (1, True),
        (True, 1),
        (1, 1.0),
        (1.0, 1),
        ("float32", "float64"),
        ("a", None),
        (0.5, math.nextafter(0.5, 1)),
        (math.inf, -math.inf),
        (3, 4),
    ):
        refuses(comparer, expected, came)


def a_refusal_agrees_with_its_own_kind_alone(comparer: ModuleType, random: Random) -> None:
    expected = IndexOutOfRange("id 7 is outside 0 … 3")
    accepts(comparer, expected, refusal("IndexError", "LookupError", "Exception"))
    accepts(comparer, expected, refusal("Own", "InvalidArgumentError", "OpError"))
    for other in (
        value(np.zeros(1)),
        value(None),
        refusal("ValueError", "Exception"),
        refusal("Exception"),
        refusal(),
        Outcome("unsupported", message="it lacks it"),
        Outcome("fault", error=("IndexError",), message="broken"),
    ):
        refuses(comparer, expected, other)
    for wanted in (np.zeros(1), None, (), bounded(np.zeros((1, 1))), 0):
        refuses(comparer, wanted, refusal("IndexError"))
        refuses(comparer, wanted, refusal())
        refuses(comparer, wanted, Outcome("unsupported", message="it lacks it"))
        refuses(comparer, wanted, Outcome("fault", error=("MemoryError",), message="broken"))
    only = Refused("no", shows_as=("IndexError",))
    refuses(comparer, only, refusal("InvalidArgumentError"))


def an_open_outcome_is_one_of_those_listed(comparer: ModuleType, random: Random) -> None:
    zeros, ones = np.zeros(2), np.ones(2)
    expected = AnyOf((IndexOutOfRange("no"), zeros, ones, bounded(np.full((2, 2), 2.0))))
    for came in (refusal("IndexError"), zeros, ones, np.full(2, 4.0)):
        accepts(comparer, expected, came)
    for came in (
        refusal("TypeError"),
        np.array([0.0, 1.0]),
        np.full(2, 4.001),
        -zeros,
        zeros.astype(np.float32),
        None,
        Outcome("unsupported", message="it lacks it"),
    ):
        refuses(comparer, expected, came)
    refuses(comparer, AnyOf(()), zeros)


def a_bound_as_wide_as_the_value_decides_nothing(comparer: ModuleType, random: Random) -> None:
    one = np.ones(1)
    for roundings, decisive in ((0, True), (1, True), (100, True), (128, False), (256, False), (300, False)):
        wide = Bounded(one, one, np.array(roundings), dtype_named("bfloat16"))
        assert accepts(comparer, wide, one.astype(wide.dtype)).decisive is decisive
    nothing = Bounded(0 * one, 0 * one, np.array(300), dtype_named("bfloat16"))
    accepts(comparer, nothing, (0 * one).astype(nothing.dtype))
    refuses(comparer, nothing, one.astype(nothing.dtype))


CHECKS: tuple[Callable[[ModuleType, Random], None], ...] = (
    sums_in_any_order_are_accepted,
    numbers_just_within_the_bound_are_accepted_and_just_beyond_refused,
    the_margin_is_error_by_bound,
    one_unit_in_the_last_place_of_an_exact_number_is_refused,
    one_swapped_element_is_refused,
    nan_for_a_number_and_back_is_refused,
    the_sign_of_zero_counts_where_a_result_is_exact,
    an_infinity_of_the_wrong_sign_is_refused,
    an_overflow_is_accepted_just_where_a_partial_sum_can_overflow,
    an_infinity_that_was_followed_is_accepted_and_no_other,
    subnormals_may_vanish_just_where_a_backend_flushes,
    the_form_counts_even_with_equal_values,
    containers_are_of_the_same_kind_length_and_names,
    plain_values_are_of_the_same_type_and_equal,
    a_refusal_agrees_with_its_own_kind_alone,
    an_open_outcome_is_one_of_those_listed,
    a_bound_as_wide_as_the_value_decides_nothing,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=12, database=None, deadline=None)
def test_the_comparer_holds(check: Callable[[ModuleType, Random], None], seed: int) -> None:
    check(shipped, np.random.default_rng(seed))


# Where bounds come from


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_limits_of_a_dtype_are_those_of_its_format(dtype: str) -> None:
    kind = dtype_named(dtype)
    assert Fraction(tolerance.unit_roundoff(kind)) == Fraction(1, 2 ** DIGITS[dtype])
    assert Fraction(float(tolerance.finfo(kind).smallest_subnormal)) == Fraction(2) ** LEAST[dtype]
    assert kind.type(1) + kind.type(2.0 ** -DIGITS[dtype]) == 1


@pytest.mark.parametrize("dtype", FLOATS)
@given(roundings=st.integers(0, 400))
@settings(max_examples=40, database=None, deadline=None)
def test_the_relative_bound_is_that_of_higham(dtype: str, roundings: int) -> None:
    product = Fraction(roundings, 2 ** DIGITS[dtype])
    bound = float(tolerance.relative_bound(np.array(roundings), dtype_named(dtype)))
    if product >= 1:
        assert bound == math.inf
    else:
        assert math.isclose(bound, product / (1 - product), rel_tol=1e-14)


@pytest.mark.parametrize("dtype", FLOATS)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 40))
@settings(max_examples=40, database=None, deadline=None)
def test_the_bound_is_the_formula_and_no_sum_in_any_order_leaves_it(
    dtype: str, seed: int, count: int
) -> None:
    random = np.random.default_rng(seed)
    terms = draw_terms(random, dtype, count, (2,))
    expected = bounded(terms)
    bound = tolerance.bound(expected, flushes=False)
    for one, other in zip(fractions(bound), limits(expected), strict=True):
        assert math.isclose(one, other, rel_tol=1e-12)
    exact = [sum(fractions(column), Fraction(0)) for column in terms.T]
    computed = fractions(in_some_order(random, terms))
    for result, sum_, limit in zip(computed, exact, limits(expected), strict=True):
        assert abs(result - sum_) <= limit


@pytest.mark.parametrize(
    ("dtype", "share"), [("float16", 0.9), ("bfloat16", 0.8), ("float32", 0.9), ("float64", 0.45)]
)
def test_the_bound_is_nearly_reached_by_the_worst_sum(dtype: str, share: float) -> None:
    """1 plus many halves of its last unit, each of them rounded away; in float64 half is the oracle's."""
    kind = dtype_named(dtype)
    terms = np.full((17, 1), 2.0 ** -DIGITS[dtype]).astype(kind)
    terms[0] = 1
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    exact = sum(fractions(terms), Fraction(0))
    (limit,) = limits(bounded(terms))
    assert share < abs(Fraction(float(total[0])) - exact) / limit <= 1


# Planted faults

FAULTS: dict[str, tuple[str, str, str]] = {
    "bound times ten": (
        "tolerance",
        "return np.asarray(scaled + roundings",
        "return np.asarray(10 * scaled + roundings",
    ),
    "bound times one and a half": ("agreement", "distance <= limit", "distance <= 1.5 * limit"),
    "bound halved": ("agreement", "distance <= limit", "distance <= limit / 2"),
    "bound of another dtype": (
        "tolerance",
        "relative_bound(roundings, expected.dtype) +",
        "relative_bound(roundings, np.dtype(np.float32)) +",
    ),
    "bound from the value instead of the magnitude": (
        "tolerance",
        "    magnitude = np.asarray(expected.magnitude, np.float64)\n    with",
        "    magnitude = np.abs(np.asarray(expected.value, np.float64))\n    with",
    ),
    "one rounding more": (
        "tolerance",
        "product = np.asarray(roundings, np.float64)",
        "product = np.asarray(roundings + 1.0)",
    ),
    "subnormals always flushed": ("tolerance", "if flushes else", "if True else"),
    "subnormals never flushed": ("tolerance", "if flushes else", "if False else"),
    "infinite bound times zero": ("tolerance", "(roundings > 0) & (magnitude != 0)", "roundings > 0"),
    "overflow to either side": (
        "agreement",
        "up, down, nothing = can_overflow(expected)",
        "up, down, nothing = can_overflow(expected)\n    up = down = up | down",
    ),
    "overflow anywhere": (
        "tolerance",
        "up, down = finite & (up | product), finite & (down | product)",
        "up, down = finite, finite",
    ),
    "NaN for any infinity": ("agreement", "nothing & np.isnan(got)", "(up | down) & np.isnan(got)"),
    "infinities that were followed are forgotten": (
        "tolerance",
        "if expected.flags is None else expected.flags",
        "if True else expected.flags",
    ),
    "overflow nowhere": (
        "tolerance",
        "up, down = finite & (up | product), finite & (down | product)",
        "up, down = finite & False, finite & False",
    ),
    "shape not checked": ("agreement", "if actual.shape != shape:", "if actual.size != int(np.prod(shape)):"),
    "shape broadcast": (
        "agreement",
        "    if actual.shape != shape:",
        "    actual = np.broadcast_to(actual, shape) if actual.size == 1 else actual\n"
        "    if actual.shape != shape:",
    ),
    "dtype not checked": ("agreement", "if actual.dtype != dtype:", "if False:"),
    "kind of dtype alone checked": (
        "agreement",
        "if actual.dtype != dtype:",
        "if actual.dtype.kind != dtype.kind:",
    ),
    "arrays made of anything": (
        "agreement",
        "    if not isinstance(actual, np.ndarray):",
        "    actual = np.asarray(actual, dtype)\n    if not isinstance(actual, np.ndarray):",
    ),
    "None passes for an empty array": (
        "agreement",
        "    if not isinstance(actual, np.ndarray):",
        "    if actual is None and 0 in shape:\n"
        "        actual = np.zeros(shape, dtype)\n"
        "    if not isinstance(actual, np.ndarray):",
    ),
    "two elements swapped": (
        "agreement",
        "        same = expected == actual\n",
        "        same = np.sort(expected, None) == np.sort(actual, None)\n",
    ),
    "NaN taken for zero": (
        "agreement",
        "actual.astype(np.float64)\n",
        "np.nan_to_num(actual.astype(np.float64), posinf=np.inf, neginf=-np.inf)\n",
    ),
    "NaN agrees with all": ("agreement", "if not within.all():", "if not (within | np.isnan(got)).all():"),
    "NaN agrees with nothing": ("agreement", " | (nan & np.isnan(actual))", ""),
    "any NaN hides the rest": (
        "agreement",
        "if not same.all():",
        "if not same.all() and not np.isnan(expected.astype(float)).any():",
    ),
    "sign of zero ignored": ("agreement", "(np.signbit(expected) == np.signbit(actual))", "True"),
    "sign of infinity ignored": ("agreement", "(got == value)", "np.isinf(got) & np.isinf(value)"),
    "all but one element": ("agreement", "if not same.all():", "if (~same).sum() > 1:"),
    "first element alone": ("agreement", "if not within.all():", "if not within.flat[:1].all():"),
    "sorted before comparing": (
        "agreement",
        "    finite = np.isfinite(value)\n",
        "    value, got = (np.sort(a.reshape(-1)).reshape(a.shape) for a in (value, got))\n"
        "    finite = np.isfinite(value)\n",
    ),
    "shorter tuples pass": (
        "agreement",
        "or len(actual) != len(expected):",
        "or len(actual) > len(expected):",
    ),
    "lists are tuples": (
        "agreement",
        "if type(actual) is not type(expected) or len",
        "if not isinstance(actual, (list, tuple)) or len",
    ),
    "extra keys pass": ("agreement", "list(actual) != list(expected)", "set(expected) - set(actual)"),
    "truth is one": ("agreement", "elif type(actual) is not type(expected) or not", "elif not"),
    "any refusal will do": ("agreement", "if not set(expected.shows_as) & set(actual.error):", "if False:"),
    "the nearest class alone": ("agreement", "& set(actual.error):", "& set(actual.error[:1]):"),
    "a fault is a refusal": ("agreement", 'if actual.kind != "refusal":', 'if actual.kind == "value":'),
    "a refusal is a value": ("agreement", 'if actual.kind != "value":', 'if actual.kind == "fault":'),
    "open means anything": (
        "agreement",
        "        except Disagreement:\n            continue\n",
        "        except Disagreement:\n            return Agreement()\n",
    ),
    "the first alternative alone": ("agreement", "in expected.allowed:", "in expected.allowed[:1]:"),
    "margin of the mean": ("agreement", "/ limit[rounded]).max())", "/ limit[rounded]).mean())"),
    "every bound decides": (
        "agreement",
        "return Agreement(margin, telling, dtype=",
        "return Agreement(margin, True, dtype=",
    ),
    "plain floats by value": (
        "agreement",
        "repr(expected) == repr(actual) if isinstance(expected, float) else ",
        "",
    ),
}


@contextmanager
def planted(file: str, old: str, new: str) -> Iterator[ModuleType]:
    """A copy of the comparer, and of its bounds, with one text replaced."""
    names = {"tolerance": "mutated_tolerance", "agreement": "mutated_agreement"}
    try:
        for name, module_name in names.items():
            path = Path(sys.modules[f"conformance.{name}"].__file__ or "")
            text = path.read_text(encoding="utf-8")
            if name == file:
                assert text.count(old) == 1, f"the fault is to be planted once: {old!r}"
                text = text.replace(old, new)
            text = text.replace("from conformance.tolerance import", "from mutated_tolerance import")
            module = sys.modules[module_name] = ModuleType(module_name)
            exec(compile(text, str(path), "exec"), vars(module))
        yield sys.modules["mutated_agreement"]
    finally:
        for module_name in names.values():
            sys.modules.pop(module_name, None)


def is_caught(comparer: ModuleType) -> bool:
    """Whether a comparer fails any of the checks."""
    try:
        for check in CHECKS:
            for seed in range(2):
                check(comparer, np.random.default_rng(seed))
    except Exception:
        return True
    return False


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.filterwarnings("ignore")  # a mutated comparer may warn; it must be caught all the same
def test_a_planted_fault_is_caught(fault: str) -> None:
    with planted(*FAULTS[fault]) as comparer:
        assert is_caught(comparer)


def test_a_copy_without_a_fault_is_not_caught() -> None:
    with planted("agreement", "class Agreement:", "class Agreement:") as comparer:
        assert not is_caught(comparer)
