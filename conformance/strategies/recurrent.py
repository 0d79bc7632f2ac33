"""Structures for recurrent layers under masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from backends.codec import dtype_named
from conformance.strategies import fills
from conformance.strategies.common import SEEDS
from conformance.strategies.masking import mask_of, spoil
from conformance.structure import Structure

Array = np.ndarray[Any, Any]

GATES = {"SimpleRNN": 1, "linear": 1, "RNN": 1, "LSTM": 4, "GRU": 3}


def weights_of(
    random: np.random.Generator, cell: str, features: int, units: int, dtype: str, two: bool
) -> list[Array]:
    """Kernel, recurrent kernel and bias: whole numbers from -1 to 1 for the linear cell."""
    columns = GATES[cell] * units
    shapes = [(features, columns), (units, columns), (2, columns) if two else (columns,)]
    if cell == "linear":
        return [random.integers(-1, 2, shape).astype(dtype_named(dtype)) for shape in shapes]
    return [fills.floats(random, shape, dtype) for shape in shapes]


@dataclass(frozen=True)
class Recurrence(Structure):
    """A recurrent layer, its weights, an input and a mask.

    options: names of the options that are on. spoiled: whether NaN and infinities stand at masked steps.
    initial: whether states are given to begin with.
    """

    cell: str
    batch: int
    time: int
    features: int
    units: int
    dtype: str
    pattern: str
    options: tuple[str, ...]
    initial: bool = False
    spoiled: bool = False

    def cases(self, fills: int) -> list[dict[str, Any]]:
        """Few, since every call of a recurrent layer is slow, and compiles anew on JAX."""
        return super().cases(min(fills, 3))

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        names = (
            "return_sequences",
            "return_state",
            "go_backwards",
            "unroll",
            "zero_output_for_mask",
            "reset_after",
        )
        options = {name: name in self.options for name in names}
        two = self.cell == "GRU" and options["reset_after"]
        weights = weights_of(random, self.cell, self.features, self.units, self.dtype, two)
        shape = (self.batch, self.time, self.features)
        mask = mask_of(random, self.batch, self.time, self.pattern)
        x = self._values(random, shape)
        if self.spoiled and mask is not None:
            x = spoil(random, x, mask)
        states = 2 if self.cell == "LSTM" else 1
        initial = (
            [self._values(random, (self.batch, self.units)) for _ in range(states)] if self.initial else None
        )
        return {
            "cell": self.cell,
            "weights": weights,
            "x": x,
            "mask": mask,
            "options": options,
            "initial": initial,
        }

    def _values(self, random: np.random.Generator, shape: tuple[int, ...]) -> Array:
        if self.cell == "linear":
            return random.integers(-2, 3, shape).astype(dtype_named(self.dtype))
        return fills.floats(random, shape, self.dtype)


@dataclass(frozen=True)
class Bidirection(Recurrence):
    """The same in both directions."""

    merge_mode: str | None = "concat"

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        case = super().fill(random)
        two = self.cell == "GRU" and case["options"]["reset_after"]
        backward = weights_of(random, self.cell, self.features, self.units, self.dtype, two)
        return {
            "cell": self.cell,
            "forward": case["weights"],
            "backward": backward,
            **{name: case[name] for name in ("x", "mask", "options")},
            "merge_mode": self.merge_mode,
        }


@dataclass(frozen=True)
class Packed(Structure):
    """Sequences and their lengths. lengths: "any", "full" or "empty", where one length is 0."""

    cell: str
    batch: int
    time: int
    features: int
    units: int
    dtype: str
    lengths: str
    reverse: bool
    spoiled: bool = False

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        columns = GATES[self.cell] * self.units
        shapes = [(columns, self.features), (columns, self.units), (columns,), (columns,)]
        weights = [fills.floats(random, shape, self.dtype) for shape in shapes]
        x = fills.floats(random, (self.batch, self.time, self.features), self.dtype)
        lengths = random.integers(1, self.time + 1, self.batch)
        if self.lengths == "full":
            lengths[:] = self.time
        if self.lengths == "empty":
            lengths[random.integers(self.batch)] = 0
        if self.spoiled:
            x = spoil(random, x, np.arange(self.time) < lengths[:, None])
        return {"cell": self.cell, "weights": weights, "x": x, "lengths": lengths, "reverse": self.reverse}


def _options(*choices: str) -> st.SearchStrategy[tuple[str, ...]]:
    """Each option on or off, with equal chances."""
    flags = st.tuples(*[st.booleans()] * len(choices))
    return flags.map(lambda on: tuple(name for name, chosen in zip(choices, on, strict=True) if chosen))


MASKED = ("any", "any", "right", "left", "all", "row")

_sizes: dict[str, Any] = {
    "seed": SEEDS,
    "batch": st.sampled_from((2, 3, 1)),
    "time": st.sampled_from((3, 2, 1, 4)),
    "features": st.sampled_from((1, 2)),
    "units": st.sampled_from((2, 1)),
    "pattern": st.sampled_from((*MASKED, "none masked", "absent")),
}
_whole = _sizes | {"cell": st.just("linear"), "dtype": st.sampled_from(fills.FLOATS)}
_smooth = _sizes | {
    "cell": st.sampled_from(("LSTM", "GRU", "SimpleRNN")),
    "dtype": st.just("float32"),
}
_every = ("return_sequences", "return_state", "go_backwards", "reset_after")
_masked = {"pattern": st.sampled_from(MASKED)}

smooth = st.builds(
    Recurrence,
    **_smooth,
    options=_options("return_sequences", "go_backwards", "reset_after").map(
        lambda chosen: (*chosen, "return_state")
    ),
    initial=st.booleans(),
)
simple_in_bfloat16 = Recurrence(
    0, "SimpleRNN", 3, 4, 2, 2, "bfloat16", "any", ("return_sequences", "return_state"), True
)
"""States that are rounded to few bits, step by step."""
doubles = st.builds(Recurrence, **(_smooth | {"dtype": st.just("float64")}), options=_options(*_every))
unrolled = st.builds(
    Recurrence, **_whole, options=_options("return_sequences", "return_state", "go_backwards", "unroll")
)
_backwards = _options("return_sequences", "return_state", "reset_after").map(
    lambda chosen: (*chosen, "go_backwards")
)
whole = st.one_of(
    st.builds(Recurrence, **_whole, options=_options(*_every)),
    # A mask that is read in the wrong direction shows where padding stands at one end.
    st.builds(Recurrence, **(_whole | {"pattern": st.sampled_from(("left", "right"))}), options=_backwards),
)
whole_with_states = st.builds(
    Recurrence, **(_whole | _masked), options=_options(*_every), initial=st.just(True)
)
zero_outputs = st.builds(
    Recurrence,
    **(_whole | _masked),
    options=st.sampled_from(
        [
            (*chosen, "return_sequences", "zero_output_for_mask")
            for chosen in (("go_backwards", "unroll"), ("unroll",), ("go_backwards",), (), ("return_state",))
        ]
    ),
)
last_outputs = st.builds(
    Recurrence,
    **(_whole | _masked),
    options=_options("return_state", "go_backwards").map(lambda chosen: (*chosen, "zero_output_for_mask")),
)
spoiled = st.builds(
    Recurrence, **(_smooth | _masked), options=_options(*_every), spoiled=st.just(True), initial=st.booleans()
)
unspoiled = st.builds(
    Recurrence, **(_smooth | _masked), options=_options("return_sequences", "return_state", "go_backwards")
)
padded = st.builds(
    Recurrence, **(_whole | {"pattern": st.just("right")}), options=_options("return_state", "go_backwards")
)
wholly_masked = st.builds(
    Recurrence,
    **(_smooth | {"pattern": st.just("all")}),
    options=_options("return_sequences", "go_backwards"),
)
wholly_valid = st.builds(
    Recurrence,
    **(_whole | {"pattern": st.just("none masked")}),
    options=_options(*_every),
    initial=st.booleans(),
)
bidirections = st.builds(
    Bidirection,
    **(_whole | {"cell": st.sampled_from(("linear", "linear", "GRU"))} | {"dtype": st.just("float32")}),
    options=_options("return_sequences", "reset_after"),
    merge_mode=st.sampled_from(("concat", "sum", None)),
)
bidirections_with_zeros = st.builds(
    Bidirection,
    **(_whole | _masked | {"dtype": st.just("float32")}),
    options=st.sampled_from(
        (("return_sequences", "zero_output_for_mask"), ("return_sequences",), ("zero_output_for_mask",))
    ),
    merge_mode=st.sampled_from(("concat", "sum", None)),
)
_packed: dict[str, Any] = {name: _sizes[name] for name in ("seed", "batch", "time", "features", "units")} | {
    "cell": st.sampled_from(("RNN", "LSTM", "GRU")),
    "dtype": st.sampled_from(("float32", "float64")),
    "lengths": st.sampled_from(("any", "any", "full")),
    "reverse": st.booleans(),
}
packed = st.builds(Packed, **_packed, spoiled=st.booleans())
empty_packed = st.builds(Packed, **(_packed | {"lengths": st.just("empty")}))
