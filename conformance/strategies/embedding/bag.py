"""Structures of bags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from backends.codec import dtype_named
from conformance.strategies import fills
from conformance.strategies.common import SEEDS
from conformance.structure import Structure

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Bags(Structure):
    """A table, and bags of ids.

    lengths: of the bags. columns: whether the ids have two axes; then all lengths are equal.
    padding: "none", "used", or "from the end". weighted: whether there are weights.
    last: whether the last offset is where the last bag ends.
    strange: what is wrong, or "".
    """

    vocabulary: int
    dimension: int
    dtype: str
    ids_dtype: str
    lengths: tuple[int, ...]
    columns: bool
    mode: str
    padding: str
    weighted: bool
    last: bool = False
    strange: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the ids."""
        return (len(self.lengths), self.lengths[0]) if self.columns else (sum(self.lengths),)

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        ids = fills.ids(random, self.shape, self.vocabulary, self.ids_dtype)
        table = fills.floats(random, (self.vocabulary, self.dimension), self.dtype)
        ends = np.cumsum([0, *self.lengths]).astype(self.ids_dtype)
        used = int(random.choice(ids.reshape(-1))) if ids.size else 0
        padding = {"none": None, "used": used, "from the end": -1 - int(random.integers(self.vocabulary))}
        inputs: dict[str, Any] = {
            "table": table,
            "ids": ids,
            "offsets": None if self.columns else ends if self.last else ends[:-1],
            "mode": self.mode,
            "padding_idx": padding[self.padding],
            "weights": fills.floats(random, self.shape, self.dtype) if self.weighted else None,
            "include_last_offset": self.last,
        }
        return self._spoil(inputs, random)

    def _spoil(self, inputs: dict[str, Any], random: np.random.Generator) -> dict[str, Any]:
        """The inputs with one thing wrong, or strange."""
        ids, table = inputs["ids"], inputs["table"]
        if self.strange == "nan":
            table[random.integers(len(table)), random.integers(table.shape[1])] = np.nan
        elif self.strange == "range":
            ids.flat[random.integers(ids.size)] = random.choice([-1, self.vocabulary])
        elif self.strange == "first":
            inputs["offsets"] = inputs["offsets"] + 1
        elif self.strange == "offsets":
            inputs["offsets"] = np.zeros(1, self.ids_dtype) if self.columns else None
        elif self.strange == "weights-shape":
            inputs["weights"] = np.ones((*self.shape[:-1], self.shape[-1] + 1), dtype_named(self.dtype))
        return inputs


@dataclass(frozen=True)
class BagGradients(Bags):
    """Legal bags, what arrives at their output, and the options of the gradient.

    option: "", "frequency", "sparse" or "both".
    """

    option: str = ""

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        inputs = super().fill(random)
        inputs.pop("include_last_offset")
        if self.mode == "max":
            inputs["table"] = distinct(random, (self.vocabulary, self.dimension), self.dtype)
        inputs["upstream"] = fills.floats(random, (len(self.lengths), self.dimension), self.dtype)
        return {
            **inputs,
            "scale_grad_by_freq": self.option in ("frequency", "both"),
            "sparse": self.option in ("sparse", "both"),
        }


def distinct(random: np.random.Generator, shape: tuple[int, int], dtype: str) -> Array:
    """Whole numbers that differ within each column."""
    columns = [random.permutation(shape[0]) - shape[0] // 2 for _ in range(shape[1])]
    return np.stack(columns, axis=1).astype(dtype_named(dtype))


_sizes: dict[str, Any] = {
    "seed": SEEDS,
    "vocabulary": st.sampled_from((4, 1, 2, 6)),
    "dimension": st.sampled_from((2, 1, 3)),
    "dtype": st.sampled_from(fills.FLOATS),
    "ids_dtype": st.sampled_from(("int64", "int32")),
}
_ragged: dict[str, Any] = {
    "lengths": st.lists(st.integers(0, 4), min_size=1, max_size=3).map(tuple),
    "columns": st.just(False),
}
_even: dict[str, Any] = {
    "lengths": st.sampled_from(((2, 2), (1, 1, 1), (3,), (1,))),
    "columns": st.just(True),
}
_padding = st.sampled_from(("none", "used", "from the end"))
_modes: dict[str, Any] = {"mode": st.sampled_from(("sum", "mean", "max")), "weighted": st.just(False)}
_sums: dict[str, Any] = {"mode": st.just("sum"), "weighted": st.booleans()}
_plain: dict[str, Any] = {"padding": st.just("none")}


def _bags(kind: Any, **more: Any) -> Any:
    """Bags of ragged and of even lengths, in every mode."""
    return st.one_of(
        *(
            st.builds(kind, **_sizes, **form, **mode, **more)
            for form in (_ragged, _even)
            for mode in (_modes, _sums)
        )
    )


bags = _bags(Bags, padding=_padding)
closed_bags = st.builds(Bags, **_sizes, **_ragged, **_modes, padding=_padding, last=st.just(True))
nan_bags = st.builds(
    Bags,
    **_sizes,
    lengths=st.sampled_from(((3,), (2, 3), (4, 1))),
    columns=st.just(False),
    mode=st.just("max"),
    weighted=st.just(False),
    **_plain,
    strange=st.just("nan"),
)
_long: dict[str, Any] = {"lengths": st.sampled_from(((2, 1), (3,))), "columns": st.just(False)}
bag_misuses = st.one_of(
    *(
        st.builds(Bags, **_sizes, **form, **_modes, **_plain, strange=st.sampled_from(kinds))
        for form, kinds in ((_long, ("range", "offsets", "first")), (_even, ("range", "offsets")))
    ),
    st.builds(Bags, **_sizes, **_long, **_sums, **_plain, strange=st.just("weights-shape")),
    st.builds(
        Bags, **_sizes, **_even, mode=st.sampled_from(("mean", "max")), weighted=st.just(True), **_plain
    ),
)
hollow_bags = st.builds(
    Bags,
    **_sizes,
    lengths=st.sampled_from(((0,), (0, 0), (0, 0, 0))),
    columns=st.just(True),
    **_modes,
    **_plain,
)
single_bags = st.builds(
    Bags, **_sizes, lengths=st.sampled_from(((1,), (1, 1, 1))), columns=st.booleans(), **_modes, **_plain
)
late_bags = Bags(0, 4, 2, "float32", "int64", (2, 1), False, "sum", "none", False, strange="first")
"""Bags of which the first does not begin at 0."""
largest_gradients = BagGradients(0, 4, 2, "float32", "int64", (2, 3), False, "max", "none", False)
"""What arrives at the largest of a bag."""
bag_gradients = _bags(BagGradients, padding=_padding, option=st.sampled_from(("", "sparse")))
frequent_bags = st.one_of(
    *(
        st.builds(
            BagGradients,
            **_sizes,
            **_ragged,
            mode=st.sampled_from(("sum", "mean")),
            weighted=st.just(False),
            padding=_padding,
            option=st.sampled_from(("frequency", "both")),
        ),
        st.builds(BagGradients, **_sizes, **_ragged, **_sums, padding=_padding, option=st.just("frequency")),
    )
)
