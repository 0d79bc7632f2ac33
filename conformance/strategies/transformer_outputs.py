"""What is asked of a transformer beside its states: maps, pooler, modes, fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from backends.codec import dtype_named
from conformance.strategies.transformer import ALL, POSITIONS, SEGMENTS, VOCABULARY, Encoder, encoders
from conformance.structure import Structure

Array = np.ndarray[Any, Any]


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
    arguments=st.sampled_from((0, 1, 2, -1, 5, -3, -2, -4, (0,), (-1, 1), (-3, 1), ())).map(
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
