"""The layout of hidden states over every architecture that takes token ids: an expensive look.

    python -m backends.hf.architectures [MODEL_TYPE …] > architectures.json

The rule of listing: every model type in transformers' base-model mapping whose model class names
`input_ids` as its main input. Each gets a small random configuration, and runs in a process of its
own with a limit of time and of memory. What differs from the layout stands, with its source, in
`architectures.toml`; what could not be built or run is listed with the reason, nothing is left out.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

SECONDS = 60.0
GIGABYTES = 6
LAYERS = 3

_SMALL = {
    "vocab_size": 64,
    "hidden_size": 32,
    "d_model": 32,
    "n_embd": 32,
    "dim": 32,
    "emb_dim": 32,
    "embedding_size": 32,
    "embed_dim": 32,
    "word_embed_proj_dim": 32,
    "num_hidden_layers": LAYERS,
    "n_layer": LAYERS,
    "n_layers": LAYERS,
    "num_layers": LAYERS,
    "encoder_layers": LAYERS,
    "decoder_layers": LAYERS,
    "num_encoder_layers": LAYERS,
    "num_decoder_layers": LAYERS,
    "num_attention_heads": 4,
    "n_head": 4,
    "n_heads": 4,
    "num_heads": 4,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "d_kv": 8,
    "qk_rope_head_dim": 8,
    "qk_nope_head_dim": 8,
    "v_head_dim": 8,
    "kv_lora_rank": 16,
    "q_lora_rank": 16,
    "intermediate_size": 48,
    "ffn_dim": 48,
    "d_ff": 48,
    "n_inner": 48,
    "d_inner": 48,
    "hidden_dim": 48,
    "encoder_ffn_dim": 48,
    "decoder_ffn_dim": 48,
    "moe_intermediate_size": 16,
    "shared_expert_intermediate_size": 16,
    "num_experts": 4,
    "n_routed_experts": 4,
    "num_local_experts": 4,
    "num_experts_per_tok": 2,
    "max_position_embeddings": 64,
    "image_size": 32,
    "patch_size": 16,
    "n_positions": 64,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 0,
    "attn_implementation": "eager",
}


def listed() -> list[str]:
    """The model types, by the rule."""
    from transformers.models.auto.modeling_auto import MODEL_MAPPING, MODEL_MAPPING_NAMES

    found = []
    for name in sorted(MODEL_MAPPING_NAMES):
        try:
            made = MODEL_MAPPING[_config_class(name)]
            classes = made if isinstance(made, (list, tuple)) else (made,)
            takes_tokens = any(one.main_input_name == "input_ids" for one in classes)
        except (ImportError, KeyError, AttributeError, ValueError):
            takes_tokens = True  # it cannot be told here, and `look` gives the reason
        if takes_tokens:
            found.append(name)
    return found


def _config_class(name: str) -> Any:
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    return CONFIG_MAPPING[name]


def _small(plain: Any) -> dict[str, Any]:
    """What makes a configuration small, and those inside it."""
    small = {key: value for key, value in _SMALL.items() if hasattr(plain, key) and _settable(plain, key)}
    for name in ("layer_types", "mlp_layer_types"):
        if isinstance(getattr(plain, name, None), list) and _settable(plain, name):
            small[name] = getattr(plain, name)[:LAYERS]
    if "qk_rope_head_dim" in small and "num_key_value_heads" in small:
        small["num_key_value_heads"] = 4  # latent attention has as many as queries
    for name in getattr(plain, "sub_configs", {}):
        inside = getattr(plain, name, None)
        if inside is not None:
            small[name] = {**inside.to_dict(), **_small(inside)}
    return small


def _settable(plain: Any, key: str) -> bool:
    """Whether a configuration takes a value of its own, and does not compute it from others."""
    computed = getattr(type(plain), key, None)
    return not isinstance(computed, property) or computed.fset is not None


def adds_up(rows: Any) -> bool:
    """Whether the rows of a map (…, keys) sum to 1, but for the roundings of a softmax.

    A softmax divides n exponentials, however exact they are, by their own sum. That sum errs by n − 1
    roundings at most, and each quotient by 1 more, or by 2 where the reciprocal is multiplied: together
    k = n + 1, which is k·u ÷ (1 − k·u), u half the distance from 1 to the next number of the dtype.
    The rows are summed in float64, with n − 1 roundings that are each 2⁻²⁹ of those of float32.
    """
    import torch

    roundings = rows.shape[-1] + 1
    error = roundings * torch.finfo(rows.dtype).eps / 2
    error += roundings * torch.finfo(torch.float64).eps / 2
    return bool(((rows.double().sum(-1) - 1).abs() <= error / (1 - error)).all())


def look(name: str) -> dict[str, Any]:
    """What the hidden states of a small random model look like."""
    import torch
    from transformers import AutoModel

    torch.manual_seed(0)
    torch.set_num_threads(1)
    kind = _config_class(name)
    config = kind(**_small(kind()) | {"attn_implementation": "eager"})
    model = AutoModel.from_config(config).eval()
    batch = {"input_ids": torch.tensor([[5, 6, 7, 8], [9, 10, 11, 12]])}
    if config.is_encoder_decoder:
        batch["decoder_input_ids"] = torch.tensor([[5, 6, 7], [9, 10, 11]])
    ask = {"output_hidden_states": True, "output_attentions": True, "use_cache": False}
    with torch.no_grad():
        output = model(**batch, **ask)
        as_tuple = model(**batch, **ask, return_dict=False)
    side = "decoder_" if config.is_encoder_decoder else ""
    states, last = output.get(f"{side}hidden_states"), output.get("last_hidden_state")
    if states is None or last is None:
        return {"state": "ran", "deviations": [f"fields: {', '.join(output)}"]}
    maps = output.get(f"{side}attentions")
    deviations = []
    layers: int = getattr(config, "num_hidden_layers", LAYERS)
    if side:
        layers = getattr(config, "decoder_layers", layers)
    if len(states) != layers + 1:
        deviations.append(f"count: {len(states)} entries for {layers} layers")
    shapes = {tuple(entry.shape) for entry in states}
    if shapes != {tuple(last.shape)}:
        deviations.append(f"shapes: {sorted(shapes)}, last {tuple(last.shape)}")
    if states and not (states[-1].shape == last.shape and torch.equal(states[-1], last)):
        deviations.append("last: the last entry is not the last hidden state")
    embedded = model.get_input_embeddings()(batch[f"{side}input_ids"])
    bare = bool(states) and states[0].shape == embedded.shape and torch.equal(states[0], embedded)
    if maps is None or len(maps) != layers:
        deviations.append(f"attentions: {None if maps is None else len(maps)} maps for {layers} layers")
    elif any(m.shape[-1] != m.shape[-2] for m in maps):
        deviations.append(f"attentions: shapes {sorted({tuple(m.shape) for m in maps})}")
    elif not all(adds_up(m) for m in maps):
        deviations.append("attentions: rows do not sum to 1")
    if len(as_tuple) != len(output.to_tuple()):
        deviations.append("tuple: not the fields of the dict")
    return {"state": "ran", "first": "rows of the table" if bare else "more", "deviations": deviations}


def _work(name: str, pipe: Any) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (GIGABYTES << 30, GIGABYTES << 30))
    try:
        pipe.send(look(name))
    except Exception as error:
        text = str(error).strip().partition("\n")[0]
        pipe.send({"state": "failed", "reason": f"{type(error).__name__}: {text[:200]}"})


def run(names: list[str]) -> dict[str, dict[str, Any]]:
    """What every model type does, each in a process of its own."""
    context = multiprocessing.get_context("fork")
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        mine, other = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(name, other))
        process.start()
        other.close()
        result = {"state": "failed", "reason": f"no answer within {SECONDS:g} s"}
        try:
            if mine.poll(SECONDS):
                result = mine.recv()
        except EOFError:
            result = {"state": "failed", "reason": "the process died"}
        process.kill()
        process.join()
        found[name] = result
        print(name, result, file=sys.stderr, flush=True)
    return found


def table() -> dict[str, Any]:
    """What is known: `transformers`, its release; `kept`, model types; the others, by model type."""
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def exceptions() -> dict[str, dict[str, Any]]:
    """What is known to differ, or not to run, by model type."""
    return {name: entry for name, entry in table().items() if isinstance(entry, dict)}


def compare(found: dict[str, dict[str, Any]]) -> list[str]:
    """What differs from the table: a sentence each; none where all is as known."""
    known = exceptions() | {name: {"kinds": []} for name in table()["kept"]}
    problems = []
    for name, result in found.items():
        now = result.get("deviations", [result.get("reason", "")])
        kinds = sorted(one.partition(":")[0] for one in now)
        if name not in known:
            problems.append(
                f"{name}: {'; '.join(now) or 'as the layout says'}, and the table has no such type"
            )
        elif kinds != sorted(known[name]["kinds"]):
            problems.append(f"{name}: {'; '.join(now) or 'as the layout says'}, and the table says otherwise")
    return problems


def main() -> int:
    """Look at the model types that are named, or at all, and print what was found as JSON."""
    import transformers

    transformers.logging.set_verbosity_error()
    names = sys.argv[1:] or listed()
    found = run(names)
    json.dump(found, sys.stdout, indent=1)
    states = Counter(result["state"] for result in found.values())
    problems = compare(found)
    print(f"{len(found)} listed, {states['ran']} ran, {states['failed']} failed", file=sys.stderr)
    print("\n".join(problems), file=sys.stderr)
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
