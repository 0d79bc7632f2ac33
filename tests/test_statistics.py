"""The judging of random outcomes: its arithmetic, its false alarms, and what it catches."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from conformance.law import load_laws
from conformance.statistics import (
    FAMILIES,
    POWER,
    RUN,
    SHIFT,
    TRIALS,
    Comparison,
    critical,
    dependence,
    level_of,
    lower_tail,
    power,
    power_of,
    shares,
    upper_tail,
)
from reference.outcomes import Coins

Array = np.ndarray[Any, Any]


def coins(probability: float = 0.5) -> Coins:
    return Coins(8, (40, 30), "float32", (0, 1), probability, 0)


def exact_upper_tail(n: int, p: Fraction, k: int) -> Fraction:
    """The tail in whole numbers: a second path."""
    terms = (math.comb(n, j) * p**j * (1 - p) ** (n - j) for j in range(max(k, 0), n + 1))
    return sum(terms, Fraction(0))


@pytest.mark.parametrize("n", [1, 2, 7, 40, 150])
@pytest.mark.parametrize("p", [Fraction(1, 2), Fraction(3, 10), Fraction(9, 10)])
def test_tails_are_those_of_exact_fractions(n: int, p: Fraction) -> None:
    for k in range(-1, n + 2):
        want = float(exact_upper_tail(n, p, k))
        assert upper_tail(n, float(p), k) == pytest.approx(want, rel=1e-9, abs=1e-13)
        other = float(1 - exact_upper_tail(n, p, k + 1))
        assert lower_tail(n, float(p), k) == pytest.approx(other, rel=1e-9, abs=1e-13)


def test_a_tiny_tail_keeps_its_relative_precision() -> None:
    want = float(exact_upper_tail(150, Fraction(1, 2), 140))
    assert upper_tail(150, 0.5, 140) == pytest.approx(want, rel=1e-9, abs=0)
    assert want < 1e-20


@pytest.mark.parametrize("k", [201_000, 202_000, 204_000, 210_000])
def test_a_tail_lies_below_its_chernoff_bound(k: int) -> None:
    n, share = 400_000, k / 400_000
    divergence = share * math.log(share / 0.5) + (1 - share) * math.log((1 - share) / 0.5)
    chernoff = math.exp(-n * divergence)
    assert 0 < upper_tail(n, 0.5, k) <= chernoff
    assert upper_tail(n, 0.5, k) > chernoff / n


@pytest.mark.parametrize("p", [0.5, 0.3, 0.9])
@pytest.mark.parametrize("level", [0.05, 1e-3, 1e-12])
def test_critical_counts_are_the_last_that_pass(p: float, level: float) -> None:
    n = 1000
    low, high = critical(n, p, level)
    for count, refused in ((low - 1, True), (low, False), (high, False), (high + 1, True)):
        assert Comparison("", n, count, p, p, level).refused is refused


def test_power_is_the_chance_of_a_refusal() -> None:
    level, n, other = 0.01, 60, 0.8
    low, high = critical(n, 0.5, level)
    refused = [k for k in range(n + 1) if not low <= k <= high]
    terms = [math.comb(n, k) * other**k * (1 - other) ** (n - k) for k in refused]
    assert power(n, 0.5, other, level) == pytest.approx(math.fsum(terms), rel=1e-9)
    assert power(n, 0.5, 0.5, level) <= level


def test_the_levels_of_a_run_add_up_to_its_rate() -> None:
    random_laws = [
        law for law in load_laws().values() if law.clause == "initializers.binary" and law.structures
    ]
    for law in random_laws:
        assert law.structures is not None
        assert level_of(law.structures) * law.structures * TRIALS == pytest.approx(RUN)
    for family in FAMILIES.values():
        upper = np.random.default_rng(0).random((8, 40, 30)) < 0.5
        assert math.fsum(c.level for c in family(coins(), upper, 1e-12)) == pytest.approx(1e-12)


def test_four_hundred_thousand_draws_catch_a_coin_of_0_51() -> None:
    for p in (0.5, 0.3, 0.9):
        powers = power_of("shares", coins(p), 400_000, level_of(10), 1)
        assert min(powers.values()) >= POWER
    assert min(power_of("shares", coins(), 100_000, level_of(10), 1).values()) < POWER
    assert SHIFT == 0.01


def test_the_false_alarms_at_a_plain_level_are_no_more_than_it_says() -> None:
    """At a level of 1/10, 400 good samples: more than 80 refusals would have a chance below 1e-9."""
    random = np.random.default_rng(12345)
    for family in (shares, dependence):
        refused = sum(
            any(c.refused for c in family(coins(0.3), random.random((4, 12, 10)) < 0.3, 0.1))
            for _ in range(400)
        )
        assert refused <= 80
        assert upper_tail(400, 0.1, 81) < 1e-9


def _half_balanced(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    line = np.broadcast_to(np.arange(shape[-1]) < shape[-1] // 2, shape)
    return np.asarray(random.permuted(line, axis=-1))


def _sticky(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Along the last axis an entry is like the one before it in three of four cases."""
    turns = random.random(shape) < 0.25
    turns[..., 0] = random.random(shape[:-1]) < 0.5
    return np.asarray(np.cumsum(turns, axis=-1) % 2 == 1)


BAD: dict[str, Callable[[np.random.Generator, tuple[int, ...]], Array]] = {
    "constant": lambda random, shape: np.ones(shape, bool),
    "alternating": lambda random, shape: (np.arange(math.prod(shape)) % 2 == 0).reshape(shape),
    "copied rows": lambda random, shape: np.broadcast_to(
        random.random((*shape[:-2], 1, shape[-1])) < 0.5, shape
    ),
    "same every call": lambda random, shape: np.broadcast_to(random.random((1, *shape[1:])) < 0.5, shape),
    "halves alike": lambda random, shape: np.concatenate(
        [random.random((*shape[:-1], shape[-1] // 2)) < 0.5] * 2, axis=-1
    ),
    "too even": _half_balanced,
    "sticky": _sticky,
    "one row of ones": lambda random, shape: (
        (random.random(shape) < 0.5) | (np.arange(shape[-2]) == 3)[:, None]
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_sampler_is_caught_at_the_level_of_a_run(name: str) -> None:
    for seed in range(5):
        made = np.asarray(BAD[name](np.random.default_rng(seed), (32, 40, 30)))
        assert any(c.refused for c in dependence(coins(), made, level_of(12))), f"{name}, seed {seed}"


@pytest.mark.parametrize(("claimed", "thrown"), [(0.5, 0.51), (0.5, 0.49), (0.3, 0.7), (0.9, 0.91)])
def test_a_biased_coin_is_caught_by_the_share(claimed: float, thrown: float) -> None:
    for seed in range(5):
        made = np.random.default_rng(seed).random((1, 640, 640)) < thrown
        assert any(c.refused for c in shares(coins(claimed), made, level_of(10)))


@pytest.mark.parametrize("p", [0.5, 0.3, 0.9])
def test_a_good_sampler_passes(p: float) -> None:
    for seed in range(20):
        random = np.random.default_rng(seed)
        assert not any(c.refused for c in dependence(coins(p), random.random((8, 16, 12)) < p, level_of(12)))
        assert not any(c.refused for c in shares(coins(p), random.random((1, 640, 640)) < p, level_of(10)))


def test_a_refusal_says_what_was_counted_and_at_which_rate() -> None:
    comparison = Comparison("entries are the upper value", 1000, 700, 0.5, 0.5, 1e-12)
    assert str(comparison) == (
        "700 of 1000 entries are the upper value, where 500.0 are expected; "
        "a count so far off has a chance of 1.8e-37, and 1.0e-12 is where we stop"
    )
