"""Judging random outcomes, with a rate of false alarms and a power that are computed, not felt.

A random operation cannot be compared with an expected value. Its form and its support are compared
exactly; what remains are counts that are binomial if the entries are independent coins: how many
are the upper value, how many pairs of neighbors are alike, and so on. Each `Comparison` is one such
count; it is refused if so extreme a count has a chance of at most its level.

False alarms. A run may refuse a correct backend with a chance of at most `RUN` = 1e-9. That chance
is shared by at most `TRIALS` trials (a law on a backend), each trial's equally by its structures,
and each structure's equally by its comparisons. The sum of the shares bounds the chance that any
comparison alarms, however the comparisons depend on each other (Bonferroni), so nothing needs to be
assumed but the binomial law of each count alone, which is exact. The seeds of the draws come from
Hypothesis, so that a refusal can be replayed; what is random is the choice of the seed.

Power. A law must catch a coin whose probability is off by `SHIFT` = 0.01 (0.51 for 0.50) with a
chance of at least `POWER`; if the draws were too few for that, its verdict is inconclusive.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from reference.outcomes import Coins

Array = np.ndarray[Any, Any]

RUN = 1e-9
"""The chance that a whole run refuses a correct backend, at most."""

TRIALS = 100
"""Trials of random laws that a run may have: ten backends and ten such laws."""

SHIFT = 0.01
"""The bias that a law on the shares must catch."""

POWER = 1 - 1e-6
"""The chance, at least, with which it must catch it."""

SLACK = 2.0**-20
"""How far a probability may be off, relatively: float32 arithmetic, see `reference.outcomes.Coins`."""


Draft = tuple[str, int, int, float, float]
"""A comparison without its level: what, n, count, low, high."""


def level_of(structures: int) -> float:
    """The chance of a false alarm that one of a law's `structures` may use up."""
    return RUN / TRIALS / structures


@lru_cache(maxsize=4096)
def upper_tail(n: int, p: float, k: int) -> float:
    """The chance that a binomial count of `n` with probability `p` is `k` or more.

    The terms are added from `k` on, each from the one before it, so that a tiny tail keeps its
    relative precision: some 1e-9, from the logarithm of the gamma function at `n` up to 10^6.

    >>> upper_tail(4, 0.5, 3)
    0.3125
    """
    if k <= 0:
        return 1.0
    if k > n or p <= 0:
        return 0.0
    if p >= 1:
        return 1.0
    if k <= n * p:
        return max(0.0, 1.0 - upper_tail(n, 1 - p, n - k + 1))
    j = np.arange(k, n, dtype=np.float64)
    ratios = np.log((n - j) / (j + 1)) + (math.log(p) - math.log1p(-p))
    logs = np.concatenate(([0.0], np.cumsum(ratios)))
    return min(1.0, math.exp(_log_term(n, p, k)) * float(np.exp(logs).sum()))


def _log_term(n: int, p: float, k: int) -> float:
    """The logarithm of the chance of a count of exactly `k`, for 0 < p < 1."""
    choose = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return choose + k * math.log(p) + (n - k) * math.log1p(-p)


def lower_tail(n: int, p: float, k: int) -> float:
    """The chance that a binomial count of `n` with probability `p` is `k` or less."""
    return upper_tail(n, 1 - p, n - k)


def critical(n: int, p: float, level: float) -> tuple[int, int]:
    """The counts that are not refused at `level`: the smallest and the largest."""
    low, high = 0, n + 1  # the smallest count whose upper tail is at most half the level
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if upper_tail(n, p, middle) <= level / 2 else (middle + 1, high)
    largest = low - 1
    low, high = -1, n  # the largest count whose lower tail is at most half the level
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if lower_tail(n, p, middle) <= level / 2 else (low, middle - 1)
    return low + 1, largest


def power(n: int, p: float, other: float, level: float) -> float:
    """The chance that `n` draws of probability `other` are refused where `p` is claimed."""
    smallest, largest = critical(n, p, level)
    return min(1.0, lower_tail(n, other, smallest - 1) + upper_tail(n, other, largest + 1))


@dataclass(frozen=True)
class Comparison:
    """One count that is binomial if the claim holds.

    what: the thing counted, in words. n, count: of how many, and how many. low, high: its
    probability lies between them. level: the chance of a false alarm that it may use up.
    """

    what: str
    n: int
    count: int
    low: float
    high: float
    level: float

    @property
    def chance(self) -> float:
        """The two-sided chance of a count so extreme, the larger over the claimed probabilities."""
        above, below = upper_tail(self.n, self.high, self.count), lower_tail(self.n, self.low, self.count)
        return min(1.0, 2 * min(above, below))

    @property
    def refused(self) -> bool:
        """Whether the count is too extreme to be by chance."""
        return self.chance <= self.level

    def __str__(self) -> str:
        share = self.low if self.low == self.high else (self.low + self.high) / 2
        return (
            f"{self.count} of {self.n} {self.what}, where {share * self.n:.1f} are expected; "
            f"a count so far off has a chance of {self.chance:.1e}, and {self.level:.1e} is where we stop"
        )


def shares(coins: Coins, upper: Array, level: float) -> list[Comparison]:
    """The comparison of a law on the share of the upper value.

    upper: bool (calls, ...), whether an entry is the upper value.
    """
    return list(_leveled([_count("entries are the upper value", upper, *_claimed(coins))], level))


def dependence(coins: Coins, upper: Array, level: float) -> list[Comparison]:
    """The comparisons of a law on independence, along every axis; the first axis are the calls.

    Along an axis: the upper values in each slab (a row, a column, a call); the pairs that are alike
    of neighbors, from the first and from the second entry on, of the two halves, and of the axis
    and its mirror image; the lines with a moderate count, which shows shares that are too even.
    All pairs of a comparison are disjoint, so that their number is binomial for every probability.
    """
    low, high = _claimed(coins)
    found = [_count("entries are the upper value", upper, low, high)]
    for axis in range(upper.ndim):
        name = f"along axis {axis - 1}" if axis else "from call to call"
        line = np.moveaxis(upper, axis, 0)
        length = len(line)
        if length < 2:
            continue
        where = f"of axis {axis - 1}" if axis else "of the calls"
        found += [
            _count(f"entries at {i} {where} are the upper value", line[i], low, high) for i in range(length)
        ]
        half = length // 2
        pairs = {
            "even neighbors": (line[0 : length - 1 : 2], line[1::2]),
            "odd neighbors": (line[1 : length - 1 : 2], line[2::2]),
            "halves": (line[:half], line[half : 2 * half]),
            "mirror images": (line[:half], line[::-1][:half]),
        }
        found += [
            _count(f"pairs ({what} {name}) are alike", a == b, *_alike(low, high))
            for what, (a, b) in pairs.items()
            if a.size
        ]
        found += _evenness(line, low, high, name)
    return list(_leveled(found, level))


def _claimed(coins: Coins) -> tuple[float, float]:
    slack = coins.probability * SLACK
    return max(0.0, coins.probability - slack), min(1.0, coins.probability + slack)


def _alike(low: float, high: float) -> tuple[float, float]:
    """Between which chances two independent coins are alike; the chance is least at 1/2."""
    ends = [p * p + (1 - p) * (1 - p) for p in (low, high)]
    return (0.5 if low <= 0.5 <= high else min(ends)), max(ends)


def _evenness(line: Array, low: float, high: float, name: str) -> list[Draft]:
    """How many lines have a count within a standard deviation of the expected one."""
    length = len(line)
    if length < 8:
        return []
    middle = (low + high) / 2
    reach = math.sqrt(length * middle * (1 - middle))
    first, last = math.ceil(length * middle - reach), math.floor(length * middle + reach)
    least = lower_tail(length, high, last) - lower_tail(length, low, first - 1)
    most = lower_tail(length, low, last) - lower_tail(length, high, first - 1)
    counts = line.reshape(length, -1).sum(axis=0)
    moderate = (counts >= first) & (counts <= last)
    return [
        _count(f"lines {name} have a count from {first} to {last}", moderate, max(0.0, least), min(1.0, most))
    ]


def _count(what: str, hits: Array, low: float, high: float) -> Draft:
    return what, int(hits.size), int(np.count_nonzero(hits)), low, high


def _leveled(found: list[Draft], level: float) -> Iterator[Comparison]:
    """The comparisons, the level shared equally."""
    for what, n, count, low, high in found:
        yield Comparison(what, n, count, low, high, level / len(found))


FAMILIES = {"shares": shares, "dependence": dependence}
"""What a law can ask of coins, by name."""


def power_of(family: str, coins: Coins, draws: int, level: float, comparisons: int) -> dict[str, float]:
    """The power of a family against named wrong distributions, with `draws` entries in all.

    For "shares", a coin that is off by `SHIFT`. For "dependence", an array whose neighbors are all
    alike (constant, copied rows) or all different (alternating), by one of its `comparisons` alone,
    of a quarter of the entries in pairs: an axis has at least that many.
    """
    least = level / comparisons
    if family == "shares":
        p = coins.probability
        return {
            f"{other:g} for {p:g}": power(draws, p, other, least)
            for other in (p - SHIFT, p + SHIFT)
            if 0 < other < 1
        }
    low, high = _alike(*_claimed(coins))
    pairs = draws // 4
    return {"all alike": power(pairs, high, 1.0, least), "alternating": power(pairs, low, 0.0, least)}
