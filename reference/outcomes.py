"""What a reading can say of a case: an exact value, a bounded value, or a set of allowed outcomes.

A plain array, `None`, number, string, list or tuple means "exactly this".
A refusal is an exception of `reference.errors`, raised, or listed in `AnyOf`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Bounded:
    """A floating result together with what its error bound is derived from.

    value: array, in the working dtype: the result.
    magnitude: array of the same shape: the same sum with every term replaced by its absolute value.
    roundings: array that broadcasts to the shape: how many roundings an element went through
        (n terms that are added make n - 1); where it is 0 the element is exact, up to the sign of zero.
    dtype: the dtype that the backend's result has.
    amplified: array that broadcasts to the shape: by how much later factors can magnify what an
        early rounding loses below the normal numbers; 1 for a sum. A partial product can be as large.
    error: array of the same shape, float64, or None: the bound itself, where the reading followed
        every operation (`reference.tracked`); the magnitude is then the largest number on the way.
    flags: of the same shape, uint8, or None: then, which infinities and whether NaN may come instead,
        because a number on the way may be too large (`reference.overflow`).
    """

    value: np.ndarray[Any, Any]
    magnitude: np.ndarray[Any, Any]
    roundings: np.ndarray[Any, Any]
    dtype: np.dtype[Any]
    amplified: np.ndarray[Any, Any] = field(default_factory=lambda: np.ones(()))
    error: np.ndarray[Any, Any] | None = None
    flags: np.ndarray[Any, Any] | None = None


UNIT_ROUNDOFF = {"float16": 2.0**-11, "bfloat16": 2.0**-8, "float32": 2.0**-24, "float64": 2.0**-53}
"""The largest relative error of one rounding to nearest, by the name of the dtype."""


@dataclass(frozen=True)
class Measured:
    """A floating result of a long chain of operations, with what roundings do to it.

    For a chain, magnitudes that are carried along say little: they grow with every step, although
    errors mostly cancel. So the reading runs itself many times over, each time with an error of
    random sign and of the largest size that a rounding may have after every operation.

    value: array, float64: the result without errors.
    spread: array of the same shape: the root mean square of what the errors did to the result;
        where it is 0 the element is exact.
    dtype: the dtype that the backend's result has.
    """

    value: np.ndarray[Any, Any]
    spread: np.ndarray[Any, Any]
    dtype: np.dtype[Any]

    def __getitem__(self, index: Any) -> Measured:
        """The same of some of the elements."""
        return Measured(self.value[index], self.spread[index], self.dtype)


@dataclass(frozen=True)
class AnyOf:
    """An OPEN outcome: any one of `allowed` agrees; nothing else does.

    Each alternative is what a reading may return, or an instance of `reference.errors.Refused`.
    """

    allowed: tuple[Any, ...]


@dataclass(frozen=True)
class Coins:
    """A random outcome: a list of arrays in which every element is a coin, thrown independently.

    calls: how many arrays the list has. shape, dtype: of each, the dtype by name.
    values: the two values that an element can have, the lower first.
    probability: that an element is the upper value; to within 2^-20 of it, for float32 arithmetic.
    seed: what the control throws its coins with.

    One case can tell form and support exactly; shares and independence are judged over many
    elements, with a stated rate of false alarms (`conformance.statistics`).
    """

    calls: int
    shape: tuple[int, ...]
    dtype: str
    values: tuple[int, int]
    probability: float
    seed: int


@dataclass(frozen=True)
class Codes:
    """Whole numbers for words, by a function that only the running process knows.

    words: the words, in order: the outcome is a list with one int a word.
    low, high: the smallest and the largest number that can come, both included.
    Equal words have equal numbers; different words may.
    """

    words: tuple[str, ...]
    low: int
    high: int


@dataclass(frozen=True)
class Shuffled:
    """A random order: the same samples in batches, in any order, each epoch for itself.

    form: the samples, all of them: an array (samples, ...), or a list or tuple of such forms.
    sizes: of the batches of an epoch; they may be fewer samples than there are.
    epochs: how many. seed: what the control shuffles with.

    The outcome is a list of batches of this form. No sample comes twice in an epoch, and its rows
    stand at the same place of every part of its batch.
    """

    form: Any
    sizes: tuple[int, ...]
    epochs: int
    seed: int


def picked(form: Any, index: Any) -> Any:
    """The rows of an index, out of every array of a form, as new arrays."""
    if isinstance(form, (list, tuple)):
        return type(form)(picked(part, index) for part in form)
    return np.array(form[index])


@dataclass(frozen=True)
class Setting:
    """Where an operation runs, for the few readings that depend on it.

    engine: what computes below the layer: "numpy", "tensorflow", "torch" or "jax".
    device: the kind of device without its number: "cpu", "gpu" …
    """

    engine: str = "numpy"
    device: str = "cpu"


@dataclass(frozen=True)
class Working:
    """How a reading computes its sums: the dtype it works in, and the order of the terms.

    The oracle works in float64, first term first.
    The control works in the dtype under test, last term first.
    """

    dtype: np.dtype[Any] = field(default_factory=lambda: np.dtype(np.float64))
    reverse: bool = False

    def at_least(self, dtype: np.dtype[Any]) -> Working:
        """The same, in no narrower a dtype than the one given."""
        return Working(np.result_type(self.dtype, dtype), self.reverse)

    def order(self, terms: int) -> np.ndarray[Any, Any]:
        """The order in which `terms` terms are added: an int64 array (terms,)."""
        ascending = np.arange(terms)
        return ascending[::-1] if self.reverse else ascending


ORACLE = Working()
