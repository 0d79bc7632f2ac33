"""The operations of the chapter transformer, on torch.nn.TransformerEncoder."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.base import Unsupported, operation
from backends.engines.adapter import EngineBackend
from backends.engines.base import Array
from backends.engines.torch import TorchEngine


class TorchTransformer(EngineBackend):
    """torch.nn.TransformerEncoder behind embeddings: with the norm last for BERT, first for GPT-2."""

    tensors: TorchEngine

    def encoder(self, family: str, model: dict[str, Any], weights: dict[str, Array]) -> Any:
        """The encoder of these weights, in eval mode."""
        nn = self.tensors.torch.nn
        if family not in ("bert", "gpt2") or model["activation"] != "gelu":
            raise Unsupported(
                "torch.nn.TransformerEncoderLayer has relu and the exact gelu, and no rotary or "
                "relative positions"
            )
        if model.get("hidden_dropout", 0.0) != model.get("attention_dropout", 0.0):
            raise Unsupported("torch.nn.TransformerEncoderLayer has one rate of dropout for all")
        layers, hidden, inner = weights["inner"].shape
        layer = nn.TransformerEncoderLayer(
            hidden,
            model["heads"],
            inner,
            dropout=model.get("hidden_dropout", 0.0),
            activation=model["activation"],
            layer_norm_eps=model["epsilon"],
            batch_first=True,
            norm_first=family == "gpt2",
        )
        final = nn.LayerNorm(hidden, model["epsilon"]) if family == "gpt2" else None
        made = nn.TransformerEncoder(layer, layers, final, enable_nested_tensor=family == "bert")
        dtype = getattr(self.tensors.torch, weights["inner"].dtype.name)
        made = made.to(self.tensors.torch_device, dtype).eval()
        made.load_state_dict({n: self.tensors.to_tensor(a) for n, a in _state(weights).items()})
        return made

    def embed(
        self, family: str, model: dict[str, Any], weights: dict[str, Array], batch: dict[str, Any]
    ) -> Any:
        """What the first layer gets."""
        functional = self.tensors.torch.nn.functional
        w = {name: self.tensors.tensor(array) for name, array in weights.items()}
        tokens = functional.embedding(self.tensors.tensor(batch["tokens"]), w["token"])
        if family == "gpt2":
            return tokens + w["position"][: tokens.shape[1]]
        segments = functional.embedding(self.tensors.tensor(batch["segments"]), w["segment"])
        positions = functional.embedding(self.tensors.tensor(batch["positions"]), w["position"])
        shape = w["embedding_norm"].shape
        total = tokens + segments + positions
        norms = w["embedding_norm"], w["embedding_norm_bias"]
        return functional.layer_norm(total, shape, *norms, eps=model["epsilon"])

    def masks(self, family: str, batch: dict[str, Any]) -> dict[str, Any]:
        """The masks under the names that an encoder has: True is masked."""
        torch, mask = self.tensors.torch, batch["mask"]
        given = {} if mask is None else {"src_key_padding_mask": self.tensors.to_tensor(mask == 0)}
        if family == "gpt2":
            time = batch["tokens"].shape[1]
            later = torch.ones(time, time, dtype=torch.bool, device=self.tensors.torch_device).triu(1)
            given |= {"mask": later}
        return given

    @operation("transformer.hidden-states", kind="composed")
    def hidden_states(
        self, family: str, model: dict[str, Any], weights: dict[str, Array], **batch: Array | None
    ) -> Any:
        """The states layer by layer."""
        encoder = self.encoder(family, model, weights)
        states = [self.embed(family, model, weights, batch)]
        masks = self.masks(family, batch)
        names = {"mask": "src_mask"}
        for layer in encoder.layers:
            states.append(layer(states[-1], **{names.get(n, n): m for n, m in masks.items()}))
        last = states[-1] if encoder.norm is None else encoder.norm(states[-1])
        return {
            "last_hidden_state": self.tensors.array(last),
            "hidden_states": tuple(map(self.tensors.array, states)),
        }

    @operation("transformer.modes", kind="composed")
    def modes(
        self,
        family: str,
        model: dict[str, Any],
        weights: dict[str, Array],
        mode: str,
        **batch: Array | None,
    ) -> Any:
        """The last hidden states of valid positions, by the encoder as a whole."""
        if mode not in ("eval", "no-grad", "inference", "train"):
            raise Unsupported(f"the mode {mode} is one of transformers")
        encoder = self.encoder(family, model, weights).train(mode == "train")
        torch = self.tensors.torch
        context = {"no-grad": torch.no_grad, "inference": torch.inference_mode}.get(mode, torch.enable_grad)
        with context():
            x = self.embed(family, model, weights, batch)
            x = torch.nn.functional.dropout(x, encoder.layers[0].dropout.p, training=mode == "train")
            last = encoder(x, **self.masks(family, batch))
        mask, tokens = batch["mask"], batch["tokens"]
        assert tokens is not None
        valid = np.ones(tokens.shape, bool) if mask is None else mask != 0
        return self.tensors.array(last)[np.nonzero(valid)]


def _state(weights: dict[str, Array]) -> dict[str, Array]:
    """The weights under the names, and in the layout, of torch.nn.TransformerEncoder."""
    parts, found = ("query", "key", "value"), {}
    names = {"output": "self_attn.out_proj", "inner": "linear1", "outer": "linear2"}
    for index in range(len(weights["query"])):
        kernels = np.concatenate([weights[name][index].T for name in parts])
        found[f"layers.{index}.self_attn.in_proj_weight"] = kernels
        biases = np.concatenate([weights[f"{name}_bias"][index] for name in parts])
        found[f"layers.{index}.self_attn.in_proj_bias"] = biases
        for name, path in names.items():
            found[f"layers.{index}.{path}.weight"] = weights[name][index].T
            found[f"layers.{index}.{path}.bias"] = weights[f"{name}_bias"][index]
        for name, path in (("attention_norm", "norm1"), ("output_norm", "norm2")):
            found[f"layers.{index}.{path}.weight"] = weights[name][index]
            found[f"layers.{index}.{path}.bias"] = weights[f"{name}_bias"][index]
    if "final_norm" in weights:
        found |= {"norm.weight": weights["final_norm"], "norm.bias": weights["final_norm_bias"]}
    return found
