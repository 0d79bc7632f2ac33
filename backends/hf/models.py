"""The models of transformers that take the weights of a case: configurations, and where each weight goes."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.engines.base import Array

Weights = dict[str, Array]
Model = dict[str, Any]

_BERT = {
    "token": "embeddings.word_embeddings.weight",
    "position": "embeddings.position_embeddings.weight",
    "segment": "embeddings.token_type_embeddings.weight",
    "embedding_norm": "embeddings.LayerNorm",
    "pooler": "pooler.dense",
    "query": "encoder.layer.{}.attention.self.query",
    "key": "encoder.layer.{}.attention.self.key",
    "value": "encoder.layer.{}.attention.self.value",
    "output": "encoder.layer.{}.attention.output.dense",
    "attention_norm": "encoder.layer.{}.attention.output.LayerNorm",
    "inner": "encoder.layer.{}.intermediate.dense",
    "outer": "encoder.layer.{}.output.dense",
    "output_norm": "encoder.layer.{}.output.LayerNorm",
}
_GPT2 = {
    "token": "wte.weight",
    "position": "wpe.weight",
    "final_norm": "ln_f",
    "output": "h.{}.attn.c_proj",
    "attention_norm": "h.{}.ln_1",
    "inner": "h.{}.mlp.c_fc",
    "outer": "h.{}.mlp.c_proj",
    "output_norm": "h.{}.ln_2",
}
_VIT = {
    "final_norm": "layernorm",
    "query": "layers.{}.attention.q_proj",
    "key": "layers.{}.attention.k_proj",
    "value": "layers.{}.attention.v_proj",
    "output": "layers.{}.attention.o_proj",
    "attention_norm": "layers.{}.layernorm_before",
    "inner": "layers.{}.mlp.fc1",
    "outer": "layers.{}.mlp.fc2",
    "output_norm": "layers.{}.layernorm_after",
}
_VIT_BEFORE_5 = {
    "final_norm": "layernorm",
    "query": "encoder.layer.{}.attention.attention.query",
    "key": "encoder.layer.{}.attention.attention.key",
    "value": "encoder.layer.{}.attention.attention.value",
    "output": "encoder.layer.{}.attention.output.dense",
    "attention_norm": "encoder.layer.{}.layernorm_before",
    "inner": "encoder.layer.{}.intermediate.dense",
    "outer": "encoder.layer.{}.output.dense",
    "output_norm": "encoder.layer.{}.layernorm_after",
}
_LLAMA = {
    "token": "embed_tokens.weight",
    "final_norm": "norm",
    "query": "layers.{}.self_attn.q_proj",
    "key": "layers.{}.self_attn.k_proj",
    "value": "layers.{}.self_attn.v_proj",
    "output": "layers.{}.self_attn.o_proj",
    "attention_norm": "layers.{}.input_layernorm",
    "gate": "layers.{}.mlp.gate_proj",
    "up": "layers.{}.mlp.up_proj",
    "down": "layers.{}.mlp.down_proj",
    "output_norm": "layers.{}.post_attention_layernorm",
}
_T5 = {"token": "shared.weight"}
for _side, _last in (("encoder", 1), ("decoder", 2)):
    _own = f"{_side}.block.{{}}.layer.0"
    _T5 |= {
        f"{_side}_{name}": f"{_own}.SelfAttention.{name[0]}" for name in ("query", "key", "value", "output")
    }
    _T5 |= {
        f"{_side}_relative": f"{_side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
        f"{_side}_attention_norm": f"{_own}.layer_norm",
        f"{_side}_inner": f"{_side}.block.{{}}.layer.{_last}.DenseReluDense.wi",
        f"{_side}_outer": f"{_side}.block.{{}}.layer.{_last}.DenseReluDense.wo",
        f"{_side}_output_norm": f"{_side}.block.{{}}.layer.{_last}.layer_norm",
        f"{_side}_final_norm": f"{_side}.final_layer_norm",
    }
_T5 |= {
    f"decoder_cross_{name}": f"decoder.block.{{}}.layer.1.EncDecAttention.{name[0]}"
    for name in ("query", "key", "value", "output")
}
_T5 |= {"decoder_cross_norm": "decoder.block.{}.layer.1.layer_norm"}

NAMES = {"bert": _BERT, "gpt2": _GPT2, "vit": _VIT, "llama": _LLAMA, "t5": _T5}
"""Where each weight of a family goes: a parameter, or the module that has a weight and a bias."""

CLASSES = {"bert": "Bert", "gpt2": "GPT2", "vit": "ViT", "llama": "Llama", "t5": "T5"}
"""What the names of a family's classes begin with."""


def state(family: str, weights: Weights, before_5: bool) -> dict[str, Array]:
    """The weights under the names, and in the layout, that the model's class has in this release.

    before_5: whether a ViT has the names that it had before transformers 5.
    """
    found: dict[str, Array] = {}
    names = _VIT_BEFORE_5 if family == "vit" and before_5 else NAMES[family]
    for name, array in weights.items():
        plain = name.removesuffix("_bias")
        path = names.get(plain)
        if path is None or (name.endswith("_relative") and not len(weights["encoder_query"])):
            continue
        if not path.endswith(".weight"):
            path += ".bias" if name.endswith("_bias") else ".weight"
        for index, one in enumerate(array) if "{}" in path else [(0, array)]:
            turned = one.ndim == 2 and family != "gpt2" and "embed" not in path and "shared" not in path
            turned = turned and "relative" not in path
            found[path.format(index)] = one.T if turned else one
    return found | _special(family, weights)


def _special(family: str, weights: Weights) -> dict[str, Array]:
    """Weights that a class keeps otherwise: GPT-2 in one matrix, ViT as a convolution."""
    if family == "gpt2":
        parts = ("query", "key", "value")
        kernels = np.concatenate([weights[name] for name in parts], axis=-1)
        biases = np.concatenate([weights[f"{name}_bias"] for name in parts], axis=-1)
        own = {f"h.{i}.attn.c_attn.weight": kernel for i, kernel in enumerate(kernels)}
        return own | {f"h.{i}.attn.c_attn.bias": bias for i, bias in enumerate(biases)}
    if family == "vit":
        hidden = weights["class"].shape[0]
        return {
            "embeddings.cls_token": weights["class"][None, None],
            "embeddings.position_embeddings": weights["position"][None],
            "embeddings.patch_embeddings.projection.weight": weights["patch"].T.reshape(hidden, 2, 2, 2),
            "embeddings.patch_embeddings.projection.bias": weights["patch_bias"],
        }
    if family == "t5":
        return {f"{side}.embed_tokens.weight": weights["token"] for side in ("encoder", "decoder")}
    return {}


def named(batch: dict[str, Array | None]) -> dict[str, Array]:
    """The arrays of a batch under the names that the models' `forward` has."""
    tokens = batch.get("tokens")
    names = {
        "tokens": "pixel_values" if tokens is not None and tokens.ndim == 4 else "input_ids",
        "segments": "token_type_ids",
        "positions": "position_ids",
        "mask": "attention_mask",
        "decoder_tokens": "decoder_input_ids",
        "embeds": "inputs_embeds",
    }
    return {names[name]: array for name, array in batch.items() if array is not None}


def new(transformers: Any, family: str, model: Model, weights: Weights, kernel: str) -> Any:
    """A model of the family, the sizes and the attention kernel, with whatever weights its class gives it."""
    config, options = form(family, model, weights, kernel)
    made = getattr(transformers, f"{CLASSES[family]}Config")(**config)
    return getattr(transformers, f"{CLASSES[family]}Model")(made, **options)


def form(family: str, model: Model, weights: Weights, kernel: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The configuration of a model, and the other options of its class."""
    make = {"bert": _bert, "gpt2": _gpt2, "vit": _vit, "llama": _llama, "t5": _t5}[family]
    options = {"bert": {"add_pooling_layer": "pooler" in weights}, "vit": {"add_pooling_layer": False}}
    return make(model, weights) | {"attn_implementation": kernel}, options.get(family, {})


def _sizes(weights: Weights) -> dict[str, int]:
    layers, hidden, inner = weights["inner" if "inner" in weights else "gate"].shape
    return {"num_hidden_layers": layers, "hidden_size": hidden, "intermediate_size": inner}


def _bert(model: Model, weights: Weights) -> dict[str, Any]:
    return {
        **_sizes(weights),
        "vocab_size": len(weights["token"]),
        "max_position_embeddings": len(weights["position"]),
        "type_vocab_size": len(weights["segment"]),
        "num_attention_heads": model["heads"],
        "hidden_act": model["activation"],
        "layer_norm_eps": model["epsilon"],
        "hidden_dropout_prob": model.get("hidden_dropout", 0.0),
        "attention_probs_dropout_prob": model.get("attention_dropout", 0.0),
        "pad_token_id": None,
    }


def _gpt2(model: Model, weights: Weights) -> dict[str, Any]:
    layers, hidden, inner = weights["inner"].shape
    return {
        "vocab_size": len(weights["token"]),
        "n_positions": len(weights["position"]),
        "n_embd": hidden,
        "n_layer": layers,
        "n_head": model["heads"],
        "n_inner": inner,
        "activation_function": model["activation"],
        "layer_norm_epsilon": model["epsilon"],
        "resid_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "attn_pdrop": 0.0,
        "bos_token_id": 0,
        "eos_token_id": None,
    }


def _llama(model: Model, weights: Weights) -> dict[str, Any]:
    return {
        **_sizes(weights),
        "vocab_size": len(weights["token"]),
        "num_attention_heads": model["heads"],
        "num_key_value_heads": model["groups"],
        "hidden_act": model["activation"],
        "rms_norm_eps": model["epsilon"],
        "rope_parameters": {"rope_type": "default", "rope_theta": model["theta"]},
        "rope_theta": model["theta"],  # where transformers 4 reads it
        "pad_token_id": None,
        "bos_token_id": 0,
        "eos_token_id": None,
    }


def _t5(model: Model, weights: Weights) -> dict[str, Any]:
    layers, hidden, inner = weights["encoder_inner"].shape
    return {
        "vocab_size": len(weights["token"]),
        "d_model": hidden,
        "d_kv": hidden // model["heads"],
        "d_ff": inner,
        "num_layers": layers,
        "num_decoder_layers": layers,
        "num_heads": model["heads"],
        "relative_attention_num_buckets": model["buckets"],
        "relative_attention_max_distance": model["distance"],
        "dropout_rate": 0.0,
        "layer_norm_epsilon": model["epsilon"],
        "feed_forward_proj": model["activation"],
        "decoder_start_token_id": 0,
        "pad_token_id": 0,
    }


def _vit(model: Model, weights: Weights) -> dict[str, Any]:
    return {
        **_sizes(weights),
        "num_attention_heads": model["heads"],
        "hidden_act": model["activation"],
        "layer_norm_eps": model["epsilon"],
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "image_size": (4, 2),
        "patch_size": model["patch"],
        "num_channels": 2,
    }


def tiny(transformers: Any, family: str, layers: int, settings: dict[str, Any]) -> Any:
    """A model of hidden size 4 with two heads, whatever its weights, with attention as it is written."""
    sizes: dict[str, Any] = {"hidden_size": 4, "num_hidden_layers": layers, "num_attention_heads": 2}
    if family == "t5":
        sizes = {"d_model": 4, "d_kv": 2, "d_ff": 4, "num_layers": layers, "num_heads": 2}
    if family in ("bert", "llama"):
        sizes["intermediate_size"] = 4
    name = {"bert": "Bert", "gpt2": "GPT2", "llama": "Llama", "t5": "T5"}[family]
    config = getattr(transformers, f"{name}Config")(
        vocab_size=5, attn_implementation="eager", **sizes, **settings
    )
    return getattr(transformers, f"{name}Model")(config)


def tiny_batch(tensors: Any, family: str) -> dict[str, Any]:
    """Tokens for a tiny model, and for its decoder."""
    batch = {"input_ids": tensors.tensor(np.zeros((2, 3), np.int64))}
    if family == "t5":
        batch["decoder_input_ids"] = tensors.tensor(np.zeros((2, 4), np.int64))
    return batch


def tiny_generator(transformers: Any, layers: int) -> Any:
    """A GPT-2 with its head, that never ends a text by itself."""
    config = transformers.GPT2Config(
        vocab_size=5,
        n_positions=16,
        n_embd=4,
        n_layer=layers,
        n_head=2,
        bos_token_id=0,
        eos_token_id=None,
        pad_token_id=0,
        attn_implementation="eager",
    )
    return transformers.GPT2LMHeadModel(config).eval()
