"""The operations of the chapter losses, on torch.nn."""

from __future__ import annotations

from typing import Any

from backends.base import operation
from backends.engines.adapter import EngineBackend
from backends.engines.base import Array
from backends.engines.torch import TorchEngine

_SCRIPT = """\
options = {{{}}}
prediction = tensor(y_pred).requires_grad_()
value = getattr(torch.nn, loss)(**options)(prediction, tensor(y_true))
value.backward(tensor(upstream))
actual = numpy(value), numpy(prediction.grad)"""

_FITTED = '"weight": None if weight is None else tensor(weight), "reduction": reduction'


class TorchLosses(EngineBackend):
    """torch.nn.MSELoss and its kin, each with its reduction."""

    tensors: TorchEngine

    def _loss(self, loss: str, y_true: Array, y_pred: Array, upstream: Array, **options: Any) -> Any:
        engine = self.tensors
        module, target = getattr(engine.torch.nn, loss)(**options), engine.tensor(y_true)
        prediction, arriving = engine.tensor(y_pred), engine.tensor(upstream)
        value, gradients = engine.gradient(lambda p: module(p, target), [prediction], arriving)
        return engine.array(value), engine.array(gradients[0])

    @operation(
        "losses.reduced-distance",
        script=_SCRIPT.format('"reduction": reduction').replace(
            "prediction =",
            'name = {"HuberLoss": "delta", "SmoothL1Loss": "beta"}.get(loss)\n'
            "options |= {name: delta} if name else {}\nprediction =",
            1,
        ),
    )
    def reduced_distance(
        self, loss: str, y_true: Array, y_pred: Array, upstream: Array, delta: float, reduction: str
    ) -> Any:
        """MSELoss, L1Loss, HuberLoss or SmoothL1Loss."""
        own = {"HuberLoss": {"delta": delta}, "SmoothL1Loss": {"beta": delta}}.get(loss, {})
        return self._loss(loss, y_true, y_pred, upstream, reduction=reduction, **own)

    @operation(
        "losses.reduced-binary",
        script=_SCRIPT.format(_FITTED).replace(
            "prediction =",
            "if pos_weight is not None:\n    options |= {'pos_weight': tensor(pos_weight)}\nprediction =",
            1,
        ),
    )
    def reduced_binary(
        self,
        loss: str,
        y_true: Array,
        y_pred: Array,
        upstream: Array,
        weight: Array | None,
        pos_weight: Array | None,
        reduction: str,
    ) -> Any:
        """BCELoss or BCEWithLogitsLoss."""
        own = {"BCEWithLogitsLoss": {"pos_weight": self.tensors.tensor(pos_weight)}}.get(loss, {})
        options = {"weight": self.tensors.tensor(weight), "reduction": reduction, **own}
        return self._loss(loss, y_true, y_pred, upstream, **options)

    @operation(
        "losses.reduced-classes",
        script=_SCRIPT.format(_FITTED + ', "ignore_index": ignore_index').replace(
            "prediction =",
            "if loss == 'CrossEntropyLoss':\n"
            "    options |= {'label_smoothing': label_smoothing}\nprediction =",
            1,
        ),
    )
    def reduced_classes(
        self,
        loss: str,
        y_true: Array,
        y_pred: Array,
        upstream: Array,
        weight: Array | None,
        ignore_index: int,
        label_smoothing: float,
        reduction: str,
    ) -> Any:
        """CrossEntropyLoss or NLLLoss."""
        own = {"CrossEntropyLoss": {"label_smoothing": label_smoothing}}.get(loss, {})
        options = {"weight": self.tensors.tensor(weight), "ignore_index": ignore_index, **own}
        return self._loss(loss, y_true, y_pred, upstream, reduction=reduction, **options)
