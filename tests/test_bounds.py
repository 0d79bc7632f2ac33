"""Where bounds come from: the formats, Higham's bound, and the worst sum."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from comparer import DIGITS, FLOATS, LEAST, bounded, draw_terms, fractions, in_some_order, limits
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.codec import dtype_named
from conformance import tolerance
from reference.tracked import track


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


@pytest.mark.parametrize("dtype", FLOATS)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, database=None, deadline=None)
def test_two_formulas_of_one_quantity_may_differ_within_their_bounds_alone(dtype: str, seed: int) -> None:
    kind, random = dtype_named(dtype), np.random.default_rng(seed)
    x, y = (track(random.uniform(1.5, 2, 5), kind) for _ in range(2))
    one, other = (x + y) * x, x * x + x * y
    both = one.either(other)
    assert (both.error >= one.error).all()
    assert (np.abs(other.value - both.value) + other.error <= both.error).all()
    for wrong in (x * x - x * y, (x + y) / x, (x + y) * x * 1.5):
        with pytest.raises(AssertionError, match="different quantities"):
            one.either(wrong)
