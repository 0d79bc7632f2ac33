"""Structures for the chapter transformer: small models, whose weights come from the seed, and batches."""

from __future__ import annotations

from dataclasses import dataclass
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


def make(random: np.random.Generator, structure: Encoder) -> tuple[dict[str, Any], dict[str, Array]]:
    """A model and its weights. Biases and norms are drawn too: at their defaults, faults would hide."""
    family, layers, heads = structure.family, structure.layers, structure.heads
    size = 2 if family == "llama" else {1: 4, 2: 3}.get(heads, 2)
    hidden, inner, scale = heads * size, 5, 0.03 if structure.small else 1.0
    if hidden < 4:
        size, hidden = 4 // heads, 4
    weights: dict[str, Array] = {}

    def kernel(name: str, *shape: int, factor: float = 1.0) -> None:
        drawn = random.standard_normal(shape) * factor / np.sqrt(shape[-2] if len(shape) > 1 else 1)
        weights[name] = drawn.astype(dtype_named(structure.dtype))

    def norm(name: str, *shape: int, bias: bool) -> None:
        drawn = scale * (1 + 0.3 * random.standard_normal(shape))
        weights[name] = drawn.astype(dtype_named(structure.dtype))
        if bias:
            kernel(f"{name}_bias", *shape, factor=0.2 * scale * np.sqrt(shape[-2] if len(shape) > 1 else 1))

    def table(name: str, *shape: int) -> None:
        kernel(name, *shape, factor=scale * np.sqrt(shape[-2]))

    def maps(names: str, *, bias: bool, prefix: str = "") -> None:
        shapes = {"inner": (hidden, inner), "outer": (inner, hidden), "gate": (hidden, inner)}
        shapes |= {"up": (hidden, inner), "down": (inner, hidden)}
        if family == "llama" and heads > 1:
            shapes |= {"key": (hidden, hidden // heads), "value": (hidden, hidden // heads)}
        for name in names.split():
            kernel(f"{prefix}{name}", layers, *shapes.get(name, (hidden, hidden)))
            if bias:
                outputs = shapes.get(name, (hidden, hidden))[1]
                kernel(f"{prefix}{name}_bias", layers, outputs, factor=0.3 * np.sqrt(max(layers, 1)))

    model: dict[str, Any] = {"heads": heads, "activation": structure.activation, "epsilon": 1e-12}
    if family in ("bert", "gpt2"):
        table("token", VOCABULARY, hidden)
        table("position", POSITIONS, hidden)
    if family == "bert":
        table("segment", SEGMENTS, hidden)
        norm("embedding_norm", hidden, bias=True)
    if family == "vit":
        kernel("patch", 2 * 2 * 2, hidden, factor=scale)
        kernel("patch_bias", hidden, factor=0.3 * scale)
        kernel("class", hidden, factor=scale)
        table("position", 3, hidden)
        model |= {"patch": 2}
    if family in ("bert", "gpt2", "vit"):
        maps("query key value output inner outer", bias=True)
        norm("attention_norm", layers, hidden, bias=True)
        norm("output_norm", layers, hidden, bias=True)
        model |= {"epsilon": 1e-12 if family == "bert" else 1e-5}
    if family in ("gpt2", "vit"):
        norm("final_norm", hidden, bias=True)
    if family == "llama":
        table("token", VOCABULARY, hidden)
        maps("query key value output gate up down", bias=False)
        norm("attention_norm", layers, hidden, bias=False)
        norm("output_norm", layers, hidden, bias=False)
        norm("final_norm", hidden, bias=False)
        model |= {"epsilon": 1e-6, "theta": 100.0, "groups": 1}
    if family == "t5":
        table("token", VOCABULARY, hidden)
        for prefix in ("encoder_", "decoder_"):
            crossing = " cross_query cross_key cross_value cross_output" if prefix == "decoder_" else ""
            maps("query key value output inner outer" + crossing, bias=False, prefix=prefix)
            for name in ("attention_norm", "output_norm", *(("cross_norm",) if crossing else ())):
                norm(f"{prefix}{name}", layers, hidden, bias=False)
            norm(f"{prefix}final_norm", hidden, bias=False)
            table(f"{prefix}relative", 4, heads)
        model |= {"epsilon": 1e-6, "buckets": 4, "distance": 6}
    return model, weights


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
without_layers = encoders(*ALL, layers=0)
deep = encoders("bert", "gpt2", layers=12, heads=2, batch=1)
empty = encoders(*ALL, batch=0)
renamed = encoders("bert", "gpt2", "llama", layers=st.sampled_from((1, 2)))


@dataclass(frozen=True)
class Attending(Encoder):
    """A model, a batch, and an implementation of attention."""

    implementation: str = "eager"

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        return super().fill(random) | {"implementation": self.implementation}


@dataclass(frozen=True)
class Masked(Encoder):
    """A model and a batch with a mask of a dtype, where every query that counts has a valid key."""

    mask_dtype: str = "int64"

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        inputs = super().fill(random)
        kind = self.dtype if self.mask_dtype == "same" else self.mask_dtype
        return inputs | {"mask": inputs["mask"].astype(dtype_named(kind))}


@dataclass(frozen=True)
class Running(Encoder):
    """A model, a batch, and a mode; dropout: the rates of BERT's hidden states and attention weights."""

    mode: str = "eval"
    dropout: tuple[float, float] = (0.0, 0.0)

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        inputs = super().fill(random)
        rates = dict(zip(("hidden_dropout", "attention_dropout"), self.dropout, strict=True))
        if self.family == "bert":
            inputs["model"] |= rates
        return inputs | {"mode": self.mode}


@dataclass(frozen=True)
class Pooled(Encoder):
    """BERT with its pooler or without, and how its output is asked for."""

    pooled: bool = True
    return_dict: bool = True

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        inputs = super().fill(random)
        weights, hidden = inputs["weights"], inputs["weights"]["token"].shape[1]
        if self.pooled:
            for name, shape in (("pooler", (hidden, hidden)), ("pooler_bias", (hidden,))):
                weights[name] = random.standard_normal(shape).astype(weights["token"].dtype)
        names = ("model", "weights", "tokens", "segments", "positions", "mask")
        return {name: inputs[name] for name in names} | {"return_dict": self.return_dict}


@dataclass(frozen=True)
class Embedded(Encoder):
    """BERT's embeddings. given: which inputs are there. outside: a table in which an id is not, or None."""

    given: tuple[str, ...] = ("tokens",)
    outside: str | None = None

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        inputs = super().fill(random)
        weights, shape = inputs["weights"], (self.batch, self.time)
        tables = {"tokens": VOCABULARY, "segments": SEGMENTS, "positions": POSITIONS}
        arrays: dict[str, Array] = {n: random.integers(0, rows, shape) for n, rows in tables.items()}
        if self.outside in arrays and arrays[self.outside].size:
            arrays[self.outside].flat[-1] = random.choice([-1, tables[self.outside]])
        width = weights["token"].shape[1]
        arrays["embeds"] = random.standard_normal((*shape, width)).astype(weights["token"].dtype)
        names = ("tokens", "embeds", "segments", "positions")
        own = {name: arrays[name] if name in self.given else None for name in names}
        return {"model": inputs["model"], "weights": weights, **own}


@dataclass(frozen=True)
class Asked(Structure):
    """What is asked for, by arguments and by configuration: pairs of names and values."""

    family: str
    layers: int
    arguments: tuple[tuple[str, Any], ...]
    settings: tuple[tuple[str, Any], ...]

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        return {
            "family": self.family,
            "layers": self.layers,
            "arguments": {n: list(v) if isinstance(v, tuple) else v for n, v in self.arguments},
            "settings": dict(self.settings),
        }

    @property
    def fillable(self) -> bool:
        return False


@dataclass(frozen=True)
class Generated(Structure):
    """A prompt and how many tokens are generated."""

    prompt: int
    steps: int
    layers: int
    cache: bool

    def fill(self, random: np.random.Generator) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "seed"}

    @property
    def fillable(self) -> bool:
        return False


def _with(kind: type[Encoder], base: Any, **fields: Any) -> Any:
    """Structures of `kind` with the fields of a `base` and further ones."""
    return st.tuples(base, st.fixed_dictionaries(fields)).map(lambda pair: kind(**vars(pair[0]), **pair[1]))


_FEW: dict[str, Any] = {"layers": st.sampled_from((1, 2)), "dtype": st.sampled_from(("float32", "float64"))}
_FLAGS = ("output_hidden_states", "output_attentions", "return_dict")


def _flags(*values: Any) -> Any:
    """Some flags with some values each."""
    return st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name in _FLAGS}).map(
        lambda chosen: tuple(chosen.items())
    )


attending = _with(Attending, encoders(*ALL, padding=(None, "right", "holes_after_first")))
other_kernels = _with(Attending, encoders(*ALL, **_FEW), implementation=st.just("sdpa"))
masked = _with(
    Masked,
    encoders("bert", "gpt2", "llama", padding=("right", "none", "holes_after_first")),
    mask_dtype=st.sampled_from(("int64", "bool", "same")),
)
left_padded = _with(Masked, encoders("bert", padding=("left", "holes")))
right_padded = _with(Masked, encoders("bert", "gpt2", "llama", padding=("right",), batch=2))
running = _with(
    Running,
    encoders(*ALL),
    mode=st.sampled_from(
        ("eval", "no-grad", "inference", "train", "checkpointing", "twice", "threads", "checkpointing")
    ),
)
dropping = _with(
    Running,
    encoders("bert", small=False),
    mode=st.sampled_from(("train", "train", "checkpointing", "eval")),
    dropout=st.sampled_from(((1.0, 1.0), (1.0, 0.0), (0.0, 1.0))),
)
traced = _with(
    Running, encoders("bert", layers=1, heads=2, dtype="float32", batch=2, time=3), mode=st.just("traced")
)
pooled = _with(
    Pooled,
    encoders("bert", padding=(None, "left", "right")),
    pooled=st.booleans(),
    return_dict=st.booleans(),
)
_ids = st.sampled_from(("tokens", "embeds"))
embedded = _with(
    Embedded,
    encoders("bert", **(_FEW | {"layers": 1}), time=st.sampled_from((3, 1, POSITIONS))),
    given=st.tuples(_ids, st.sampled_from(("", "segments")), st.sampled_from(("", "positions"))),
)
misgiven = _with(
    Embedded,
    encoders("bert", layers=1, dtype="float32", time=st.sampled_from((3, POSITIONS + 1))),
    given=st.sampled_from((("tokens", "embeds"), ("segments",), ("tokens", "segments"), ("tokens",))),
)
outside_tables = _with(
    Embedded,
    encoders("bert", layers=1, dtype="float32"),
    given=st.just(("tokens", "segments", "positions")),
    outside=st.sampled_from(("tokens", "segments", "positions")),
)
empty_embeddings = _with(
    Embedded,
    encoders("bert", layers=1, dtype="float32", batch=0),
    given=st.sampled_from((("tokens",), ("embeds",))),
)
asked = st.builds(
    Asked,
    seed=st.just(0),
    family=st.sampled_from(("bert", "gpt2", "llama", "t5")),
    layers=st.sampled_from((1, 2)),
    arguments=_flags(True, False),
    settings=_flags(True, False),
)
asked_with_none = st.builds(
    Asked,
    seed=st.just(0),
    family=st.sampled_from(("bert", "gpt2", "llama", "t5")),
    layers=st.just(1),
    arguments=_flags(None, True),
    settings=_flags(True, False),
)
asked_by_number = st.builds(
    Asked,
    seed=st.just(0),
    family=st.sampled_from(("bert", "gpt2", "llama", "t5")),
    layers=st.just(2),
    arguments=st.sampled_from((0, 1, 2, -1, 5, (0,), (-1, 1), ())).map(
        lambda v: (("output_hidden_states", v),)
    ),
    settings=st.just(()),
)
generated = st.builds(
    Generated,
    seed=st.just(0),
    prompt=st.sampled_from((3, 1, 2)),
    steps=st.sampled_from((3, 1, 2)),
    layers=st.sampled_from((2, 1)),
    cache=st.booleans(),
)
