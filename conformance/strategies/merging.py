"""Structures for the chapter merging: masks, and the layers that merge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from conformance.strategies import fills
from conformance.strategies.common import SEEDS
from conformance.structure import Structure

LAYERS = ("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract")
SIZES = (1, 2, 3, 0)
MISUSES = (
    "no masks",
    "length",
    "masks",
    "inputs",
    "masks in an array",
    "inputs in an array",
    "masks in a tuple",
    "inputs in a tuple",
)
DTYPES = ("float32", "float16", "bfloat16")
"""The dtypes of most laws; float64 has laws of its own, since Keras 3 narrows it on some engines."""

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Merge(Structure):
    """Inputs of a merge layer and their masks.

    present: for each input whether it has a mask. container: type of both lists, "list" or "tuple".
    """

    layer: str
    batch: int
    time: int
    present: tuple[bool, ...]
    container: str = "list"

    @property
    def fillable(self) -> bool:
        return any(self.present) and self.batch * self.time > 0

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        make = list if self.container == "list" else tuple
        shape = (self.batch, self.time)
        inputs = make(np.zeros((*shape, 1), np.float32) for _ in self.present)
        masks = make(fills.booleans(random, shape) if there else None for there in self.present)
        return {"layer": self.layer, "inputs": inputs, "masks": masks}


@dataclass(frozen=True)
class UnequalMasks(Structure):
    """Two masks whose shapes differ. times: of the two masks, 0 for one of an input without steps."""

    layer: str
    batch: int
    times: tuple[int, int]

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        shapes = [(self.batch, time) if time else (self.batch,) for time in self.times]
        masks = [fills.booleans(random, shape) for shape in shapes]
        inputs = [np.zeros((*shape, 1), np.float32) for shape in shapes]
        return {"layer": self.layer, "inputs": inputs, "masks": masks}


@dataclass(frozen=True)
class Misuse(Structure):
    """A call that breaks the form: how is one of `MISUSES`.

    An array or a tuple with a part for each input is what passes for a list where nothing is checked.
    """

    layer: str
    how: str

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        inputs: Any = [np.zeros((1, 1, 1), np.float32) for _ in range(2)]
        masks: Any = [fills.booleans(random, (1, 1)) for _ in range(2)]
        if self.how == "no masks":
            inputs, masks = (inputs if random.random() < 0.5 else inputs[0]), None
        elif self.how == "masks":
            masks = masks[0]
        elif self.how == "inputs":
            inputs = inputs[0]
        elif self.how == "masks in an array":
            masks = np.stack(masks)
        elif self.how == "inputs in an array":
            inputs = np.stack(inputs)
        elif self.how == "masks in a tuple":
            masks = tuple(masks)
        elif self.how == "inputs in a tuple":
            inputs = tuple(inputs)
        else:
            masks = masks[:1] if random.random() < 0.5 else [*masks, None]
        return {"layer": self.layer, "inputs": inputs, "masks": masks}


@dataclass(frozen=True)
class Delivery(Structure):
    """A call of a layer on inputs to which masks are attached. option: an axis, or a pair of axes."""

    layer: str
    option: Any
    shapes: tuple[Shape, ...]
    present: tuple[bool, ...]

    @property
    def fillable(self) -> bool:
        return any(self.present)

    @property
    def options(self) -> dict[str, Any]:
        """The option as the layer's constructor takes it by name; none for a layer without one."""
        name = {"Concatenate": "axis", "Dot": "axes"}.get(self.layer)
        return {} if name is None else {name: self.option}

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        inputs = [np.ones(shape, np.float32) for shape in self.shapes]
        pairs = zip(self.shapes, self.present, strict=True)
        masks = [fills.booleans(random, shape[:-1]) if there else None for shape, there in pairs]
        return {"layer": self.layer, "options": self.options, "inputs": inputs, "masks": masks}


@dataclass(frozen=True)
class Shapes(Delivery):
    """The shapes alone."""

    @property
    def fillable(self) -> bool:
        return False

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        return {"layer": self.layer, "options": self.options, "shapes": list(self.shapes)}


@dataclass(frozen=True)
class Values(Structure):
    """Inputs with values, and their masks.

    specials: whether NaN and infinities are among the values. upstream: shape of the gradient that
    arrives, None for none. ties: whether values are whole numbers from -2 to 2, so that many are equal.
    """

    layer: str
    dtype: str
    shapes: tuple[Shape, ...]
    present: tuple[bool, ...]
    specials: bool = False
    upstream: Shape | None = None
    ties: bool = False

    @property
    def fillable(self) -> bool:
        return all(0 not in shape for shape in self.shapes)

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        specials = (np.nan, np.inf, -np.inf, 0.0, -0.0) if self.specials else (0.0, 1.0)
        inputs = [fills.spread(random, shape, self.dtype, specials) for shape in self.shapes]
        if self.ties:
            inputs = [random.integers(-2, 3, a.shape).astype(a.dtype) for a in inputs]
        pairs = zip(self.shapes, self.present, strict=True)
        masks = [fills.booleans(random, shape[:-1]) if there else None for shape, there in pairs]
        case: dict[str, Any] = {"layer": self.layer, "inputs": inputs, "masks": masks}
        if self.upstream is not None:
            case["upstream"] = fills.spread(random, self.upstream, self.dtype, (0.0, 1.0))
        return case


EQUAL: tuple[tuple[Shape, ...], ...] = (
    ((2, 3, 2), (2, 3, 2)),
    ((2, 2, 1), (2, 2, 1)),
    ((2, 2, 1), (2, 2, 1), (2, 2, 1)),
    ((1, 3, 1), (1, 3, 1), (1, 3, 1), (1, 3, 1)),
    ((3, 2), (3, 2)),
    ((2, 2, 2, 1), (2, 2, 2, 1)),
)
STRETCHED: tuple[tuple[Shape, ...], ...] = (
    ((2, 1, 2), (2, 3, 2)),
    ((2, 3, 2), (2, 3, 1)),
    ((1, 3, 1), (1, 1, 2), (1, 3, 2)),
)
RANKS: tuple[tuple[Shape, ...], ...] = (
    ((2, 2), (2, 3, 2)),
    ((2, 2), (2, 2, 2)),
    ((3, 2, 1), (3, 1)),
    ((2, 2), (2, 2, 2), (2, 2, 2, 2)),
    ((1, 2), (1, 3, 2)),
)
EMPTY: tuple[tuple[Shape, ...], ...] = (((0, 2, 1), (0, 2, 1)), ((2, 0, 1), (2, 0, 1)))
BIASES: tuple[tuple[Shape, ...], ...] = (
    ((2, 2), (2, 1)),
    ((2, 2, 2), (2, 1, 1)),
    ((1, 2, 2), (1, 2, 1)),
    ((2, 2, 1), (2, 1, 1)),
    ((3, 3), (3, 1)),
    ((2, 3, 2), (2, 1)),
)
"""An input with one axis that is not 1, of the size of another axis of the first input."""
ALONE: tuple[tuple[Shape, ...], ...] = (((2, 3, 1),), ((1, 2, 2),))
UNFIT: tuple[tuple[Shape, ...], ...] = (
    ((1, 2, 1), (2, 2, 1)),
    ((2, 2, 1), (2, 3, 1)),
    ((3, 2), (3, 2, 3)),
    ((2, 3, 2), (3, 2)),
)


def layers_for(shapes: tuple[Shape, ...]) -> tuple[str, ...]:
    """The layers that take so many inputs, each of them."""
    return LAYERS if len(shapes) == 2 else LAYERS[:-1]


@st.composite
def _values(
    draw: Any,
    shapes: tuple[tuple[Shape, ...], ...],
    layers: tuple[str, ...] = LAYERS,
    *,
    specials: bool = False,
    masked: str = "some",
    ties: bool = False,
    upstream: bool = False,
    fitting: bool = True,
    dtypes: tuple[str, ...] = DTYPES,
) -> Values:
    """masked: "some", "none", "all", or "highest" for the inputs of highest rank alone.

    fitting: whether the layer takes so many inputs.
    """
    chosen = draw(st.sampled_from(shapes))
    layer = draw(st.sampled_from([name for name in layers if not fitting or name in layers_for(chosen)]))
    rank = max(map(len, chosen))
    may = [{"none": False, "highest": len(shape) == rank}.get(masked, True) for shape in chosen]
    present = tuple(
        there and (masked == "all" or draw(st.sampled_from((True, True, False)))) for there in may
    )
    merged: Shape | None = None
    if upstream:
        merged = tuple(np.broadcast_shapes(*((s[0], *(1,) * (rank - len(s)), *s[1:]) for s in chosen)))
    return Values(
        seed=draw(SEEDS),
        layer=layer,
        dtype=draw(st.sampled_from(dtypes)),
        shapes=chosen,
        present=present,
        specials=specials and draw(st.booleans()),
        upstream=merged,
        ties=ties,
    )


def _layers(inputs: int) -> st.SearchStrategy[str]:
    return st.sampled_from(LAYERS if inputs == 2 else LAYERS[:-1])


def _merges(present: st.SearchStrategy[tuple[bool, ...]]) -> st.SearchStrategy[Merge]:
    return st.builds(
        Merge,
        seed=SEEDS,
        layer=_layers(0),
        batch=st.sampled_from(SIZES),
        time=st.sampled_from(SIZES),
        present=present,
        container=st.sampled_from(("list", "list", "tuple")),
    )


@st.composite
def _deliveries(draw: Any, kind: type[Delivery], shapes: Any) -> Delivery:
    layer, option, chosen = draw(st.sampled_from(shapes))
    names = layers_for(chosen) if layer == "" else (layer,)
    return kind(
        seed=draw(SEEDS),
        layer=draw(st.sampled_from(names)),
        option=option,
        shapes=chosen,
        present=tuple(draw(st.sampled_from((True, True, True, False))) for _ in chosen),
    )


fully_masked = _merges(st.integers(1, 4).map(lambda inputs: (True,) * inputs))
partly_masked = _merges(
    st.lists(st.booleans(), min_size=1, max_size=4).map(tuple).filter(lambda present: not all(present))
)
merges = _merges(st.lists(st.booleans(), min_size=1, max_size=4).map(tuple))
unequal_masks = st.builds(
    UnequalMasks,
    seed=SEEDS,
    layer=_layers(2),
    batch=st.sampled_from((1, 2, 3)),
    times=st.sampled_from(((1, 2), (2, 1), (2, 3), (3, 2), (1, 3), (0, 3), (2, 0))),
)
misuses = st.builds(Misuse, seed=SEEDS, layer=_layers(2), how=st.sampled_from(MISUSES))

_CONCATENATED = (
    ("Concatenate", -1, ((2, 3, 1), (2, 3, 2))),
    ("Concatenate", 1, ((2, 1, 2), (2, 2, 2))),
    ("Concatenate", -2, ((2, 2, 1), (2, 1, 1), (2, 2, 1))),
    ("Concatenate", 2, ((1, 3, 1), (1, 3, 1))),
)
_DOTTED = (
    ("Dot", 2, ((2, 3, 2), (2, 1, 2))),
    ("Dot", (1, 2), ((2, 3, 2), (2, 1, 3))),
    ("Dot", 1, ((2, 3), (2, 3))),
    ("Dot", -1, ((1, 2, 3), (1, 3))),
    ("Dot", (-1, 1), ((2, 2, 2), (2, 2, 3))),
)
_MERGED = tuple(("", None, shapes) for shapes in (*EQUAL, ((2, 3, 1), (2, 3, 1))))
_ALL_SHAPES = (
    *_CONCATENATED,
    *_DOTTED,
    *(("", None, shapes) for shapes in (*EQUAL, *STRETCHED, *RANKS, *ALONE, *UNFIT)),
    ("Concatenate", 1, ((2, 3, 2), (2, 3, 1))),
    ("Concatenate", -1, ((2, 3, 2),)),
    ("Dot", 1, ((2, 3, 1), (2, 2, 1))),
    ("Subtract", None, ((2, 1, 1), (2, 1, 1), (2, 1, 1))),
)

deliveries = _deliveries(Delivery, (*_MERGED, *_CONCATENATED, *_DOTTED[:2]))
unmasked_delivery = Delivery(0, "Add", None, ((2, 3, 1), (2, 3, 1)), (False, False))
"""No input has a mask."""
shapes = _deliveries(Shapes, _ALL_SHAPES)

alone_shapes = _deliveries(Shapes, tuple(("", None, shapes) for shapes in ALONE))
empty_shapes = _deliveries(Shapes, tuple(("", None, shapes) for shapes in EMPTY))

plain_values = _values(EQUAL, specials=True, masked="none")
masked_values = _values(EQUAL, specials=True)
chosen_values = _values(EQUAL, ("Multiply", "Maximum", "Minimum"), masked="all")
average_values = _values(EQUAL, ("Average",))
stretched_values = _values((*STRETCHED, *RANKS), masked="highest")
ranked_values = _values(RANKS)
empty_values = _values(EMPTY)
bias_values = _values(BIASES, masked="none")
alone_values = _values((*ALONE, ((2, 2, 1), (2, 2, 1), (2, 2, 1))), fitting=False)
unfit_values = _values(UNFIT, masked="none")
unfit_masks = _values((((2, 1, 1), (2, 3, 1)), ((1, 1, 2), (1, 2, 2))), masked="all")
gradients = _values((*EQUAL, *STRETCHED[1:2]), upstream=True)
stretched_gradients = _values((*STRETCHED, *RANKS), masked="none", upstream=True)
tied_gradients = _values(EQUAL, ("Maximum", "Minimum"), ties=True, upstream=True)
wide_values = _values((*EQUAL, *STRETCHED), masked="none", dtypes=("float64",))
wide_gradients = _values(EQUAL, masked="none", upstream=True, dtypes=("float64",))
