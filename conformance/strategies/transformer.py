"""Structures for the chapter transformer: small models, whose weights come from the seed, and batches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

from backends.codec import dtype_named
from conformance.strategies.common import SEEDS
from conformance.structure import Structure

Array = np.ndarray[Any, Any]
VOCABULARY, SEGMENTS, POSITIONS = 7, 3, 6
FILLS = 2
"""Cases of one structure: a model's forward pass costs milliseconds."""


FAR = 5
"""Tokens from which on some are so far apart that T5 lets them share a relative position."""

DISTANT = ((4, 3), (4, 6), (8, 6))
"""Buckets of relative positions, and the distance from which on all share the last."""


@dataclass(frozen=True)
class Encoder(Structure):
    """A model of a family and a batch.

    small: whether the embeddings and the scales of norms are so small that an epsilon shows.
    padding: None for no mask, or "none", "left", "right", "holes" for any, "holes_after_first" for any
        but the first, "row" for a row wholly masked.
    """

    family: str
    layers: int
    heads: int
    activation: str
    small: bool
    dtype: str
    batch: int
    time: int
    padding: str | None

    def cases(self, fills: int) -> list[dict[str, Any]]:
        return super().cases(min(fills, FILLS))

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        model, weights = make(random, self)
        tokens = random.integers(0, VOCABULARY, (self.batch, self.time))
        if self.family == "vit":
            tokens = random.standard_normal((self.batch, 2, 4, 2)).astype(dtype_named(self.dtype))
        of_bert = self.family == "bert"
        return {
            "family": self.family,
            "model": model,
            "weights": weights,
            "tokens": tokens,
            "segments": random.integers(0, SEGMENTS, (self.batch, self.time)) if of_bert else None,
            "positions": random.permuted(_rows(self.batch, self.time), axis=1) if of_bert else None,
            "mask": None if self.family == "vit" else mask(random, self.padding, self.batch, self.time),
            "decoder_tokens": (
                random.integers(0, VOCABULARY, (self.batch, self.time + 1)) if self.family == "t5" else None
            ),
        }


def _rows(batch: int, time: int) -> Array:
    return np.tile(np.arange(time), (batch, 1))


def mask(random: np.random.Generator, padding: str | None, batch: int, time: int) -> Array | None:
    """A mask of 0 and 1, int64 (batch, time)."""
    if padding is None:
        return None
    kept = random.integers(1, time + 1, (batch, 1))
    if padding == "right":
        valid = np.arange(time) < kept
    elif padding == "left":
        valid = np.arange(time) >= time - kept
    elif padding == "holes":
        valid = random.random((batch, time)) < 0.6
        valid[:, random.integers(time)] = True
    elif padding == "holes_after_first":
        valid = (random.random((batch, time)) < 0.6) | (np.arange(time) == 0)
    else:
        valid = np.ones((batch, time), bool)
        valid[:1] = padding != "row"
    return valid.astype(np.int64)


@dataclass(eq=False)
class _Drawn:
    """Weights of one model, drawn one after the other. scale: of tables and norms."""

    random: np.random.Generator
    structure: Encoder
    hidden: int
    scale: float
    weights: dict[str, Array] = field(default_factory=dict)

    def kernel(self, name: str, *shape: int, factor: float = 1.0) -> None:
        """Normal numbers, divided by the root of the number of inputs, times the factor."""
        drawn = self.random.standard_normal(shape) * factor / np.sqrt(shape[-2] if len(shape) > 1 else 1)
        self.weights[name] = drawn.astype(dtype_named(self.structure.dtype))

    def norm(self, name: str, *shape: int, bias: bool) -> None:
        """Factors around 1, and perhaps a bias, both scaled."""
        drawn = self.scale * (1 + 0.3 * self.random.standard_normal(shape))
        self.weights[name] = drawn.astype(dtype_named(self.structure.dtype))
        if bias:
            inputs = shape[-2] if len(shape) > 1 else 1
            self.kernel(f"{name}_bias", *shape, factor=0.2 * self.scale * np.sqrt(inputs))

    def table(self, name: str, *shape: int) -> None:
        """Normal numbers, scaled."""
        self.kernel(name, *shape, factor=self.scale * np.sqrt(shape[-2]))

    def maps(self, names: str, *, bias: bool, prefix: str = "") -> None:
        """The kernels of all layers by name, with 5 inner units, and perhaps their biases."""
        hidden, layers, heads = self.hidden, self.structure.layers, self.structure.heads
        shapes = {"inner": (hidden, 5), "outer": (5, hidden), "gate": (hidden, 5)}
        shapes |= {"up": (hidden, 5), "down": (5, hidden)}
        if self.structure.family == "llama" and heads > 1:
            shapes |= {"key": (hidden, hidden // heads), "value": (hidden, hidden // heads)}
        for name in names.split():
            shape = shapes.get(name, (hidden, hidden))
            self.kernel(f"{prefix}{name}", layers, *shape)
            if bias:
                factor = 0.3 * np.sqrt(max(layers, 1))
                self.kernel(f"{prefix}{name}_bias", layers, shape[1], factor=factor)


def make(random: np.random.Generator, structure: Encoder) -> tuple[dict[str, Any], dict[str, Array]]:
    """A model and its weights. Biases and norms are drawn too: at their defaults, faults would hide."""
    family, layers, heads = structure.family, structure.layers, structure.heads
    size = 2 if family == "llama" else {1: 4, 2: 3}.get(heads, 2)
    hidden, scale = max(heads * size, 4), 0.03 if structure.small else 1.0
    drawn = _Drawn(random, structure, hidden, scale)
    model: dict[str, Any] = {"heads": heads, "activation": structure.activation, "epsilon": 1e-12}
    if family in ("bert", "gpt2"):
        drawn.table("token", VOCABULARY, hidden)
        drawn.table("position", POSITIONS, hidden)
    if family == "bert":
        drawn.table("segment", SEGMENTS, hidden)
        drawn.norm("embedding_norm", hidden, bias=True)
    if family == "vit":
        drawn.kernel("patch", 2 * 2 * 2, hidden, factor=scale)
        drawn.kernel("patch_bias", hidden, factor=0.3 * scale)
        drawn.kernel("class", hidden, factor=scale)
        drawn.table("position", 3, hidden)
        model |= {"patch": 2}
    if family in ("bert", "gpt2", "vit"):
        drawn.maps("query key value output inner outer", bias=True)
        drawn.norm("attention_norm", layers, hidden, bias=True)
        drawn.norm("output_norm", layers, hidden, bias=True)
        model |= {"epsilon": 1e-12 if family == "bert" else 1e-5}
    if family in ("gpt2", "vit"):
        drawn.norm("final_norm", hidden, bias=True)
    if family == "llama":
        drawn.table("token", VOCABULARY, hidden)
        drawn.maps("query key value output gate up down", bias=False)
        drawn.norm("attention_norm", layers, hidden, bias=False)
        drawn.norm("output_norm", layers, hidden, bias=False)
        drawn.norm("final_norm", hidden, bias=False)
        model |= {"epsilon": 1e-6, "theta": 100.0, "groups": 1}
    if family == "t5":
        # Far tokens in several buckets, none of them at a distance where a logarithm decides by its rounding.
        buckets, distance = (4, 6) if structure.time < FAR else DISTANT[int(random.integers(len(DISTANT)))]
        drawn.table("token", VOCABULARY, hidden)
        for prefix in ("encoder_", "decoder_"):
            crossing = " cross_query cross_key cross_value cross_output" if prefix == "decoder_" else ""
            drawn.maps("query key value output inner outer" + crossing, bias=False, prefix=prefix)
            for name in ("attention_norm", "output_norm", *(("cross_norm",) if crossing else ())):
                drawn.norm(f"{prefix}{name}", layers, hidden, bias=False)
            drawn.norm(f"{prefix}final_norm", hidden, bias=False)
            drawn.table(f"{prefix}relative", buckets, heads)
        model |= {"epsilon": 1e-6, "buckets": buckets, "distance": distance}
    return model, drawn.weights


_ACTIVATIONS = {
    "bert": ("gelu",),
    "gpt2": ("gelu_new", "gelu"),
    "vit": ("gelu",),
    "llama": ("silu",),
    "t5": ("relu",),
}


def encoders(*families: str, padding: tuple[str | None, ...] = (None, "right"), **fixed: Any) -> Any:
    """Structures of some families; `fixed` fixes fields or gives strategies for them."""
    fields: dict[str, Any] = {
        "layers": st.sampled_from((1, 3, 2)),
        "heads": st.sampled_from((2, 1, 3)),
        "small": st.booleans(),
        "dtype": st.sampled_from(("float32", "float64", "float32", "bfloat16", "float16")),
        "batch": st.sampled_from((2, 1)),
        "time": st.sampled_from((3, 1, 2)),
        "padding": st.sampled_from(padding),
    }
    fields |= {k: v if isinstance(v, st.SearchStrategy) else st.just(v) for k, v in fixed.items()}
    return st.sampled_from(families).flatmap(
        lambda family: st.builds(
            Encoder,
            seed=SEEDS,
            family=st.just(family),
            activation=st.sampled_from(_ACTIVATIONS[family]),
            **fields,
        )
    )


ALL = ("bert", "gpt2", "llama", "t5", "vit")
states = encoders(*ALL, padding=(None, "right", "holes_after_first", "none"))
hopeless = encoders("bert", "gpt2", "llama", padding=("row", "left", "holes"))
distant = encoders("t5", layers=1, heads=2, time=st.sampled_from((FAR, FAR + 1)), batch=1)
without_layers = encoders(*ALL, layers=0)
deep = encoders("bert", "gpt2", layers=12, heads=2, batch=1)
empty = encoders(*ALL, batch=0)
renamed = encoders("bert", "gpt2", "llama", layers=st.sampled_from((1, 2)))
