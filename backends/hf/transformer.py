"""The operations of the chapter transformer, on the models of transformers."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np

from backends.base import is_encoder, operation
from backends.engines.adapter import EngineBackend
from backends.engines.base import Array
from backends.engines.torch import TorchEngine
from backends.hf import models
from backends.hf import transformer_scripts as scripts

STATES = (
    "last_hidden_state",
    "hidden_states",
    "decoder_hidden_states",
    "encoder_last_hidden_state",
    "encoder_hidden_states",
)
"""The fields of an output that hold states."""


class _Collector(logging.Handler):
    """Keeps the records of a log."""

    def __init__(self, said: list[logging.LogRecord]) -> None:
        super().__init__()
        self.said = said

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record)


class HuggingFaceTransformer(EngineBackend):
    """BertModel, GPT2Model, LlamaModel, T5Model and ViTModel, with the weights of the case."""

    tensors: TorchEngine
    transformers: Any
    _models: dict[tuple[Any, ...], Any]

    @classmethod
    def spelled(cls, inputs: dict[str, Any]) -> str:
        """The model of a case."""
        return scripts.spelled_model(inputs) if is_encoder(inputs) else super().spelled(inputs)

    @classmethod
    def own_layout(cls, inputs: dict[str, Any], version: str | None) -> dict[str, Any]:
        """The weights and the batch under the names that the model's class has."""
        return (
            scripts.laid_out(inputs, version) if is_encoder(inputs) else super().own_layout(inputs, version)
        )

    def model(
        self, family: str, model: dict[str, Any], weights: dict[str, Array], kernel: str = "eager"
    ) -> Any:
        """The model of these sizes and weights, in eval mode and with attention as it is written."""
        key = (family, kernel, *model.items(), *((n, w.shape, w.dtype.name) for n, w in weights.items()))
        if key not in self._models:
            dtype = getattr(self.tensors.torch, next(iter(weights.values())).dtype.name)
            made = models.new(self.transformers, family, model, weights, kernel)
            self._models[key] = made.to(self.tensors.torch_device, dtype)
        made = self._models[key].eval()
        state = models.state(family, weights, hasattr(made, "encoder"))
        made.load_state_dict({name: self.tensors.to_tensor(array) for name, array in state.items()})
        return made

    def given(self, **batch: Array | None) -> dict[str, Any]:
        """A batch under the names that the models' `forward` has."""
        return {name: self.tensors.tensor(array) for name, array in models.named(batch).items()}

    def arrays(self, value: Any) -> Any:
        """Arrays for tensors, inside tuples too."""
        return tuple(map(self.arrays, value)) if isinstance(value, tuple) else self.tensors.array(value)

    @operation("transformer.embeddings", script=scripts.EMBEDDINGS)
    def embedded(self, model: dict[str, Any], weights: dict[str, Array], **batch: Array | None) -> Any:
        """Entry 0 of the hidden states."""
        output = self.model("bert", model, weights)(**self.given(**batch), output_hidden_states=True)
        return self.tensors.array(output.hidden_states[0])

    @operation("transformer.hidden-states", script=scripts.HIDDEN_STATES)
    def hidden_states(
        self, family: str, model: dict[str, Any], weights: dict[str, Array], **batch: Array | None
    ) -> Any:
        """The fields that hold states, whether a gradient reaches them, and whether they lie apart."""
        output = self.model(family, model, weights)(**self.given(**batch), output_hidden_states=True)
        fields = {n: self.arrays(v) for n, v in output.items() if n in STATES}
        own = output.get("decoder_hidden_states", output.get("hidden_states"))
        grad = self.tensors.torch.autograd.grad
        gradients = grad(output.last_hidden_state.sum(), own, allow_unused=True) if own else ()
        places = [state.data_ptr() for state in own if state.numel()]
        return fields | {
            "reached": tuple(g is not None for g in gradients),
            "apart": len(set(places)) == len(places),
        }

    @operation("transformer.attentions", script=scripts.ATTENTIONS)
    def attentions(
        self,
        family: str,
        model: dict[str, Any],
        weights: dict[str, Array],
        implementation: str,
        **batch: Array | None,
    ) -> Any:
        """The fields that hold maps, and whether a warning spoke of attentions."""
        made = self.model(family, model, weights, implementation)
        with self._warnings() as said:
            output = made(**self.given(**batch), output_attentions=True)
        names = [n for n in output if n == "last_hidden_state" or n.endswith("attentions")]
        names = [n for n in names if n != "cross_attentions" or family == "t5"]
        warned = any("output_attentions" in record.getMessage() for record in said)
        return {n: self.arrays(output[n]) for n in names} | {"warned": warned}

    @contextmanager
    def _warnings(self) -> Iterator[list[logging.LogRecord]]:
        """What transformers logs meanwhile, also what it says but once in a process."""
        said: list[logging.LogRecord] = []
        handler = _Collector(said)
        own = self.transformers.utils.logging
        own.warning_once.cache_clear()
        own.set_verbosity_warning()
        own.disable_default_handler()
        logger = logging.getLogger("transformers")  # before 5.10 transformers cannot remove a handler
        logger.addHandler(handler)
        try:
            yield said
        finally:
            logger.removeHandler(handler)
            own.enable_default_handler()
            own.set_verbosity_error()

    @operation("transformer.attention-mask", script=scripts.ATTENTION_MASK)
    def attention_mask(
        self, family: str, model: dict[str, Any], weights: dict[str, Array], mask: Array, **batch: Any
    ) -> Any:
        """The last hidden state, and the last layer's maps, of valid positions."""
        made = self.model(family, model, weights)
        output = made(**self.given(mask=mask, **batch), output_attentions=True)
        row, time = np.nonzero(mask)
        maps = self.tensors.array(output.attentions[-1])
        return {"states": self.tensors.array(output[0])[row, time], "maps": maps[row, :, time]}

    @operation("transformer.pooler", script=scripts.POOLER)
    def pooler(
        self, model: dict[str, Any], weights: dict[str, Array], return_dict: bool, **batch: Array | None
    ) -> Any:
        """What a call gives, without being asked for more."""
        output = self.model("bert", model, weights)(**self.given(**batch), return_dict=return_dict)
        if isinstance(output, tuple):
            return self.arrays(output)
        return {name: self.arrays(value) for name, value in output.items()}

    @operation("transformer.modes", script=scripts.MODES)
    def modes(
        self,
        family: str,
        model: dict[str, Any],
        weights: dict[str, Array],
        mode: str,
        **batch: Array | None,
    ) -> Any:
        """The fields that hold states, in a mode."""
        made = self.model(family, model, weights)
        try:
            output = getattr(self, f"_{mode.replace('-', '_')}")(made, self.given(**batch))
        finally:
            made.gradient_checkpointing_disable()
        return {n: self.arrays(v) for n, v in output.items() if n in STATES}

    def _eval(self, made: Any, given: dict[str, Any]) -> Any:
        return made(**given, output_hidden_states=True)

    def _train(self, made: Any, given: dict[str, Any]) -> Any:
        return self._eval(made.train(), given)

    def _checkpointing(self, made: Any, given: dict[str, Any]) -> Any:
        made.gradient_checkpointing_enable()
        return self._train(made, given)

    def _no_grad(self, made: Any, given: dict[str, Any]) -> Any:
        with self.tensors.torch.no_grad():
            return self._eval(made, given)

    def _inference(self, made: Any, given: dict[str, Any]) -> Any:
        with self.tensors.torch.inference_mode():
            return self._eval(made, given)

    def _twice(self, made: Any, given: dict[str, Any]) -> Any:
        self._eval(made, given)
        return self._eval(made, given)

    def _threads(self, made: Any, given: dict[str, Any]) -> Any:
        with ThreadPoolExecutor(2) as pool:
            calls = [pool.submit(self._eval, made, given) for _ in range(2)]
            return [call.result() for call in calls][-1]

    def _traced(self, made: Any, given: dict[str, Any]) -> Any:
        return self.tensors.torch.compile(made, backend="eager")(**given, output_hidden_states=True)

    @operation("transformer.asking", script=scripts.ASKING)
    def asking(self, family: str, layers: int, arguments: dict[str, Any], settings: dict[str, Any]) -> Any:
        """The form of what a call gives: names and shapes."""
        made = models.tiny(self.transformers, family, layers, settings)
        made = made.to(self.tensors.torch_device).eval()
        output = made(**models.tiny_batch(self.tensors, family), use_cache=False, **arguments)
        form = _shapes(output if isinstance(output, tuple) else dict(output))
        return ["tuple" if isinstance(output, tuple) else "dict", form]

    @operation("transformer.generation", script=scripts.GENERATION)
    def generation(self, prompt: int, steps: int, layers: int, cache: bool) -> Any:
        """The shapes of what greedy generation keeps of every step."""
        made = models.tiny_generator(self.transformers, layers).to(self.tensors.torch_device)
        output = made.generate(
            self.tensors.tensor(np.zeros((1, prompt), np.int64)),
            attention_mask=self.tensors.tensor(np.ones((1, prompt), np.int64)),
            do_sample=False,
            max_new_tokens=steps,
            min_new_tokens=steps,
            use_cache=cache,
            output_hidden_states=True,
            output_attentions=True,
            return_dict_in_generate=True,
        )
        return {name: _shapes(output[name]) for name in ("hidden_states", "attentions")}


def _shapes(value: Any) -> Any:
    """Shapes for tensors, inside tuples and dicts too; None stays None."""
    if isinstance(value, tuple):
        return tuple(map(_shapes, value))
    if isinstance(value, dict):
        return {name: _shapes(item) for name, item in value.items()}
    return None if value is None else tuple(value.shape)
