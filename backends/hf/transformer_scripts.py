"""Standalone scripts for the operations of the chapter transformer, and what they are written with."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.engines.base import Array
from backends.hf import models

_MADE = """\
made = new()
for name, one in sorted(weights.items()):
    made.get_parameter(name).data = torch.tensor(one, dtype=made.dtype)
"""

_CALL = (
    _MADE
    + """\
output = made(**{name: tensor(array) for name, array in batch.items()}, %s)
"""
)

_STATES = """\
if family == "t5":
    actual = {
        "last_hidden_state": numpy(output.last_hidden_state),
        "decoder_hidden_states": tuple([numpy(one) for one in output.decoder_hidden_states]),
        "encoder_last_hidden_state": numpy(output.encoder_last_hidden_state),
        "encoder_hidden_states": tuple([numpy(one) for one in output.encoder_hidden_states]),%s
    }
else:
    actual = {
        "last_hidden_state": numpy(output.last_hidden_state),
        "hidden_states": tuple([numpy(one) for one in output.hidden_states]),%s
    }"""

HIDDEN_STATES = (
    _CALL % "output_hidden_states=True"
    + """\
grad = lambda states: torch.autograd.grad(output.last_hidden_state.sum(), states, allow_unused=True)
reached = lambda states: tuple([one is not None for one in grad(states)] if states else [])
places = lambda states: [one.data_ptr() for one in states if one.numel()]
apart = lambda states: len(set(places(states))) == len(places(states))
"""
    + _STATES
    % tuple(
        f"""
        "reached": reached(output.{own}),
        "apart": apart(output.{own}),"""
        for own in ("decoder_hidden_states", "hidden_states")
    )
)

EMBEDDINGS = _CALL % "output_hidden_states=True" + "actual = numpy(output.hidden_states[0])"

ATTENTIONS = (
    """\
import io
import logging

said = io.StringIO()
logging.getLogger("transformers").addHandler(logging.StreamHandler(said))
"""
    + _CALL % "output_attentions=True"
    + """\
if family == "t5":
    actual = {
        "last_hidden_state": numpy(output.last_hidden_state),
        "decoder_attentions": tuple([numpy(one) for one in output.decoder_attentions]),
        "cross_attentions": tuple([numpy(one) for one in output.cross_attentions]),
        "encoder_attentions": tuple([numpy(one) for one in output.encoder_attentions]),
        "warned": "output_attentions" in said.getvalue(),
    }
else:
    actual = {
        "last_hidden_state": numpy(output.last_hidden_state),
        "attentions": tuple([numpy(one) for one in output.attentions]),
        "warned": "output_attentions" in said.getvalue(),
    }"""
)

ATTENTION_MASK = (
    _CALL % "output_attentions=True"
    + """\
rows = np.nonzero(mask)
actual = {
    "states": numpy(output.last_hidden_state)[rows],
    "maps": numpy(output.attentions[-1])[rows[0], :, rows[1]],
}"""
)

POOLER = (
    _CALL % "return_dict=return_dict"
    + """\
if return_dict:
    actual = {name: numpy(one) for name, one in output.items()}
else:
    actual = tuple([None if one is None else numpy(one) for one in output])"""
)

MODES = (
    _MADE
    + """\
call = lambda: made(**{name: tensor(array) for name, array in batch.items()}, output_hidden_states=True)
if mode in ("train", "checkpointing"):
    made.train()
if mode == "checkpointing":
    made.gradient_checkpointing_enable()
if mode == "traced":
    made = torch.compile(made, backend="eager")
if mode == "threads":
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        output = [one.result() for one in [pool.submit(call), pool.submit(call)]][-1]
elif mode == "twice":
    call()
    output = call()
elif mode == "no-grad":
    with torch.no_grad():
        output = call()
elif mode == "inference":
    with torch.inference_mode():
        output = call()
else:
    output = call()
"""
    + _STATES % ("", "")
)

ASKING = """\
sizes = {"hidden_size": 4, "num_hidden_layers": layers, "num_attention_heads": 2}
if family == "t5":
    sizes = {"d_model": 4, "d_kv": 2, "d_ff": 4, "num_layers": layers, "num_heads": 2}
if family in ("bert", "llama"):
    sizes["intermediate_size"] = 4
names = {"bert": "Bert", "gpt2": "GPT2", "llama": "Llama", "t5": "T5"}
config = getattr(transformers, f"{names[family]}Config")(
    vocab_size=5, attn_implementation="eager", **sizes, **settings
)
made = getattr(transformers, f"{names[family]}Model")(config).eval()
batch = {"input_ids": torch.zeros((2, 3), dtype=torch.long)}
if family == "t5":
    batch["decoder_input_ids"] = torch.zeros((2, 4), dtype=torch.long)
output = made(**batch, use_cache=False, **arguments)


def shapes(value):
    if isinstance(value, tuple):
        return tuple(map(shapes, value))
    if isinstance(value, dict):
        return {name: shapes(item) for name, item in value.items()}
    return None if value is None else tuple(value.shape)


is_tuple = isinstance(output, tuple)
actual = ["tuple" if is_tuple else "dict", shapes(output if is_tuple else dict(output))]"""

GENERATION = """\
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
made = transformers.GPT2LMHeadModel(config).eval()
output = made.generate(
    torch.zeros((1, prompt), dtype=torch.long),
    attention_mask=torch.ones((1, prompt), dtype=torch.long),
    do_sample=False,
    max_new_tokens=steps,
    min_new_tokens=steps,
    use_cache=cache,
    output_hidden_states=True,
    output_attentions=True,
    return_dict_in_generate=True,
)
actual = {
    name: tuple(tuple(tuple(entry.shape) for entry in step) for step in output[name])
    for name in ("hidden_states", "attentions")
}"""


def laid_out(inputs: dict[str, Any], version: str | None) -> dict[str, Any]:
    """The inputs of a case as a model of transformers takes them.

    weights: lists of numbers, exact, by the names of the class, without those that the class itself starts
    with: norms of 1 and biases of 0. batch: arrays by the names of its `forward`.
    """
    before_5 = int((version or "5").partition(".")[0]) < 5
    state = models.state(inputs.get("family", "bert"), inputs["weights"], before_5)
    weights = {n: a.astype(np.float64).tolist() for n, a in state.items() if not _is_at_its_start(n, a)}
    names = ("tokens", "embeds", "segments", "positions", "mask", "decoder_tokens")
    batch = models.named({name: inputs.get(name) for name in names})
    return {**inputs, "weights": weights, "batch": batch}


def _is_at_its_start(name: str, array: Array) -> bool:
    is_norm = "norm" in name.lower() or ".ln_" in f".{name}"
    return not array.any() if name.endswith(".bias") else is_norm and bool((array == 1).all())


def spelled_model(inputs: dict[str, Any]) -> str:
    """The text of a function `new()`: the model of a case, in eval mode and in its dtype."""
    family, weights = inputs.get("family", "bert"), inputs["weights"]
    kernel = inputs.get("implementation", "eager")
    config, options = models.form(family, inputs["model"], weights, kernel)
    of_class = "".join(f", {name}={value!r}" for name, value in options.items())
    of_config = ", ".join(f"{name}={value!r}" for name, value in config.items())
    return f"""\
def new():
    config = transformers.{models.CLASSES[family]}Config({of_config})
    made = transformers.{models.CLASSES[family]}Model(config{of_class})
    return made.to(torch.{next(iter(weights.values())).dtype.name}).eval()"""
