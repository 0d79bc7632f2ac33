"""Whether a mutant allows more than its reading: bounds and open outcomes, laid beside each other.

A mutant that only widens a bound gives what the reading gives, and yet says something else: the law would
accept what it must refuse. No value shows that, so what both allow is compared itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.tolerance import bound, can_overflow, measured_bound
from reference.errors import Refused
from reference.outcomes import AnyOf, Bounded, Measured

NOISE = 1e-6
"""By how much, relatively, two bounds may differ that were computed in another order."""

CHANCE = 2.5
"""How many times larger one measured bound may be than another of the same sensitivity.

Each spread is an estimate from 64 runs. The ratio of two, squared, has an F distribution with 64 and 64
degrees of freedom, which passes 2.5² with a probability of 3e-12.
"""


def wider(said: Any, other: Any) -> bool:
    """Whether some outcome that `said` allows is not allowed by `other`."""
    return not all(any(_covers(one, part) for one in _each(other)) for part in _each(said))


def _each(said: Any) -> tuple[Any, ...]:
    return said.allowed if isinstance(said, AnyOf) else (said,)


def _covers(other: Any, said: Any) -> bool:
    """Whether one outcome takes in another, of which only bounds and refusals are looked at."""
    if isinstance(said, AnyOf) or isinstance(other, AnyOf):
        return not wider(said, other)
    if isinstance(said, Refused) or isinstance(other, Refused):
        return isinstance(said, type(other)) and {*said.shows_as} <= {*other.shows_as}
    if isinstance(said, dict) and isinstance(other, dict):
        return said.keys() == other.keys() and all(_covers(other[name], said[name]) for name in said)
    if isinstance(said, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(said) == len(other) and all(map(_covers, other, said))
    if isinstance(said, Bounded) and isinstance(other, Bounded):
        return said.value.shape == other.value.shape and _inside(said, other)
    if isinstance(said, Measured) and isinstance(other, Measured):
        return said.value.shape == other.value.shape and _near(said, other)
    return type(said) is type(other)


def _inside(said: Bounded, other: Bounded) -> bool:
    """Whether every number, infinity and NaN that one bound allows is allowed by another.

    A finite value stands for all numbers within its bound, and if that has no end for everything; an
    infinity or NaN stands for itself. Either may have flags for what a partial result can overflow to.
    """
    new, own = (np.asarray(one.value, np.float64) for one in (said, other))
    reach, limit = bound(said, flushes=False), bound(other, flushes=False)
    numbers = np.isfinite(own)
    with np.errstate(all="ignore"):
        covered = numbers & (np.abs(new - own) + reach <= limit * (1 + NOISE))
    covered |= ~np.isfinite(new) & ((new == own) | (np.isnan(new) & np.isnan(own)))
    flags = can_overflow(other)
    for ends, flag in zip((new == np.inf, new == -np.inf, np.isnan(new)), flags, strict=True):
        covered |= ends & flag
    spilled = [mine & ~its for mine, its in zip(can_overflow(said), flags, strict=True)]
    everything = numbers & np.isinf(limit)
    return bool((everything | (covered & ~np.any(spilled, axis=0))).all())


def _near(said: Measured, other: Measured) -> bool:
    """Whether all that one measured bound allows is allowed by another, but for the chance in both."""
    new, own = (np.asarray(one.value, np.float64) for one in (said, other))
    reach, limit = measured_bound(said), measured_bound(other)
    with np.errstate(all="ignore"):
        near = np.abs(new - own) + reach <= CHANCE * limit
    same = ~np.isfinite(new) & ((new == own) | (np.isnan(new) & np.isnan(own)))
    return bool((near | same).all())
