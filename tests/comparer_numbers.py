"""Checks of the comparer: numbers within their bound, and beyond it."""

from __future__ import annotations

import math
from fractions import Fraction
from types import ModuleType
from typing import Any

import numpy as np
from comparer import (
    FLOATS,
    Random,
    accepts,
    bounded,
    distance_of,
    draw_terms,
    in_some_order,
    limits,
    next_of,
    refuses,
    sums,
)

from backends.codec import dtype_named
from conformance import tolerance
from reference.outcomes import Bounded, Measured


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
                while distance_of(edge[index], exact) > limit * (1 - Fraction(1, 10**9)):
                    edge[index] = next_of(edge[index], -direction * np.inf)
                    if direction * (Fraction(float(edge[index])) - exact) < 0:
                        break
                else:
                    accepts(comparer, expected, edge)
                while distance_of(edge[index], exact) < limit * (1 + Fraction(1, 10**9)):
                    edge[index] = next_of(edge[index], direction * np.inf)
                if distance_of(edge[index], exact) > limit:
                    assert f"[{index}]" in refuses(comparer, expected, edge)


def the_margin_is_error_by_bound(comparer: ModuleType, random: Random) -> None:
    for terms in sums(random):
        if len(terms) == 1:
            continue
        expected = bounded(terms)
        given = in_some_order(random, terms)
        ratios = [
            distance_of(got, Fraction(float(wanted))) / limit
            for got, wanted, limit in zip(given, expected.value, limits(expected), strict=True)
        ]
        assert math.isclose(accepts(comparer, expected, given).margin, max(ratios), rel_tol=1e-9)


def one_unit_in_the_last_place_of_an_exact_number_is_refused(comparer: ModuleType, random: Random) -> None:
    for dtype in FLOATS:
        exact = draw_terms(random, dtype, 1, (2, 3))[0]
        accepts(comparer, exact, exact.copy())
        for direction in (-np.inf, np.inf):
            wrong = exact.copy()
            wrong[1, 2] = next_of(wrong[1, 2], direction)
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


def a_bound_as_wide_as_the_value_decides_nothing(comparer: ModuleType, random: Random) -> None:
    one = np.ones(1)
    for roundings, decisive in ((0, True), (1, True), (100, True), (128, False), (256, False), (300, False)):
        wide = Bounded(one, one, np.array(roundings), dtype_named("bfloat16"))
        assert accepts(comparer, wide, one.astype(wide.dtype)).decisive is decisive
    nothing = Bounded(0 * one, 0 * one, np.array(300), dtype_named("bfloat16"))
    accepts(comparer, nothing, (0 * one).astype(nothing.dtype))
    refuses(comparer, nothing, one.astype(nothing.dtype))


def measured_results_stay_within_thirteen_spreads(comparer: ModuleType, random: Random) -> None:
    for dtype in FLOATS:
        kind = dtype_named(dtype)
        whole = 26 if dtype == "float64" else 13  # the oracle's own roundings, which count once more
        values = random.uniform(1, 1.5, 6).astype(kind)
        spread = np.full(6, 2 * tolerance.unit_roundoff(kind))
        spread[3] = 0.0
        expected = Measured(values.astype(np.float64), spread, kind)
        assert accepts(comparer, expected, values).margin == 0
        for place in range(6):
            edge = values.copy()
            edge[place] += kind.type((whole - 1) * spread[place])
            found = accepts(comparer, expected, edge)
            assert place == 3 or 0.9 < found.margin <= 1
            edge[place] = next_of(edge[place] + kind.type(2 * spread[place]), np.inf)
            assert f"[{place}]" in refuses(comparer, expected, edge)
        for wrong in (np.nan, np.inf, -np.inf):
            spoiled = values.copy()
            spoiled[2] = wrong
            refuses(comparer, expected, spoiled)
            strange = Measured(spoiled.astype(np.float64), spread, kind)
            accepts(comparer, strange, spoiled)
            refuses(comparer, strange, values)
            refuses(comparer, strange, -spoiled)
        for other in (values[:5], values[None], values.astype(np.int64), values.tolist(), None):
            refuses(comparer, expected, other)
        blunt = Measured(values.astype(np.float64), np.ones(6), kind)
        assert accepts(comparer, expected, values).decisive
        assert not accepts(comparer, blunt, values).decisive


NUMBERS = (
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
    a_bound_as_wide_as_the_value_decides_nothing,
    measured_results_stay_within_thirteen_spreads,
)
