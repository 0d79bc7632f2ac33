"""The operations of the chapter weighting, on the models of transformers."""

from __future__ import annotations

from typing import Any

from backends.base import operation
from backends.engines.adapter import EngineBackend
from backends.engines.base import Array
from backends.engines.torch import TorchEngine

_MODELS = {
    "token-classification": ("BertForTokenClassification", "classifier"),
    "masked-lm": ("BertForMaskedLM", "cls"),
    "causal-lm": ("BertLMHeadModel", "cls"),
}

_SCRIPT = f"""\
name, head = {_MODELS!r}[task]
classes = logits.shape[-1]
config = transformers.BertConfig(
    vocab_size=classes, num_labels=classes, hidden_size=1, num_hidden_layers=0, num_attention_heads=1,
    intermediate_size=1, max_position_embeddings=8, is_decoder=task == "causal-lm",
)


class Given(torch.nn.Module):
    def forward(self, hidden):
        return tensor(logits)


model = getattr(transformers, name)(config).eval()
setattr(model, head, Given())
ids = torch.zeros(labels.shape, dtype=torch.int64)
attended = None if attention_mask is None else tensor(attention_mask)
actual = numpy(model(input_ids=ids, attention_mask=attended, labels=tensor(labels)).loss)"""


class HuggingFaceLabels(EngineBackend):
    """The losses of Bert's heads, with a head that gives the logits of the case."""

    tensors: TorchEngine
    transformers: Any
    _models: dict[tuple[Any, ...], Any]

    @operation("weighting.token-labels", kind="composed", script=_SCRIPT)
    def token_labels(self, task: str, logits: Array, labels: Array, attention_mask: Array | None) -> Any:
        """The loss of a model without layers whose head is replaced by one that gives the logits."""
        torch, tensor = self.tensors.torch, self.tensors.tensor
        key = (task, logits.shape[-1])
        if key not in self._models:
            self._models[key] = self._headless(*key)
        model, head = self._models[key]
        head.logits = tensor(logits)
        ids = torch.zeros(labels.shape, dtype=torch.int64, device=self.tensors.torch_device)
        with torch.no_grad():
            told = model(input_ids=ids, attention_mask=tensor(attention_mask), labels=tensor(labels))
        return self.tensors.array(told.loss)

    def _headless(self, task: str, classes: int) -> Any:
        """A model for a task, and the module that stands where its head was."""
        name, head = _MODELS[task]
        config = self.transformers.BertConfig(
            vocab_size=classes,
            num_labels=classes,
            hidden_size=1,
            num_hidden_layers=0,
            num_attention_heads=1,
            intermediate_size=1,
            max_position_embeddings=8,
            is_decoder=task == "causal-lm",
        )

        class Given(self.tensors.torch.nn.Module):  # type: ignore[misc, name-defined]
            def forward(self, hidden: Any) -> Any:
                return self.logits

        model, given = getattr(self.transformers, name)(config).eval(), Given()
        setattr(model, head, given)
        return model.to(self.tensors.torch_device), given
