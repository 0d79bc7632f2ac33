"""The operations of the chapter masking, on torch: packed sequences, and what `torch.where` makes."""

from __future__ import annotations

from typing import Any, ClassVar

from backends.base import operation
from backends.engines.adapter import EngineBackend
from backends.engines.base import Array
from backends.engines.torch import TorchEngine

_NO_MASKS = "PyTorch has no masks that travel with tensors"


_PACKED = """\
units, suffix = weights[1].shape[1], "_reverse" if reverse else ""
module = getattr(torch.nn, cell)(x.shape[2], units, batch_first=True, bidirectional=reverse)
module = module.to(tensor(x).dtype)
names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
tensors = {name + suffix: tensor(w) for name, w in zip(names, weights)}
module.load_state_dict(tensors, strict=False)
rnn, options = torch.nn.utils.rnn, {"batch_first": True, "enforce_sorted": False}
packed = rnn.pack_padded_sequence(tensor(x), tensor(lengths), **options)
output, last = module(packed)
output, _ = rnn.pad_packed_sequence(output, batch_first=True)
last = last if isinstance(last, tuple) else (last,)
actual = [numpy(output[..., -units:]), *(numpy(state[-1]) for state in last)]"""


class TorchMasking(EngineBackend):
    """torch.nn.utils.rnn, and masks by hand."""

    tensors: TorchEngine

    masking_without: ClassVar[dict[str, str]] = {
        "masking.propagate": _NO_MASKS,
        "masking.unsupported": _NO_MASKS,
        "masking.explicit": _NO_MASKS,
        "masking.nested": _NO_MASKS,
        "masking.time-distributed": _NO_MASKS,
        "masking.recurrent": "torch.nn takes no mask for a recurrent module: see masking.packed",
        "masking.bidirectional": "torch.nn takes no mask for a recurrent module: see masking.packed",
    }

    @operation(
        "masking.produce",
        kind="composed",
        script="given = tensor(x)\n"
        "value = tensor(mask_value) if isinstance(mask_value, np.ndarray) else mask_value\n"
        "mask = (given != value).any(dim=-1)\n"
        "actual = numpy(torch.where(mask[..., None], given, 0)), numpy(mask)",
    )
    def produced_mask(self, x: Array, mask_value: Any) -> Any:
        """The steps that differ from the mask value, and the rest as zeros."""
        import numpy as np

        given = self.tensors.tensor(x)
        value = self.tensors.tensor(mask_value) if isinstance(mask_value, np.ndarray) else mask_value
        mask = (given != value).any(dim=-1)
        zeroed = self.tensors.torch.where(mask[..., None], given, 0)
        return self.tensors.array(zeroed), self.tensors.array(mask)

    @operation(
        "masking.pooling",
        kind="composed",
        script='axis = 2 if data_format == "channels_first" else 1\n'
        "given = tensor(x)\n"
        "valid = torch.ones_like(given[:, :1] if axis == 2 else given[..., :1], dtype=torch.bool)\n"
        "if mask is not None:\n    valid = tensor(mask).unsqueeze(3 - axis)\n"
        "total = torch.where(valid, given, 0).sum(dim=axis, keepdim=keepdims)\n"
        "actual = numpy(total / valid.sum(dim=axis, keepdim=keepdims))",
    )
    def pooled(self, x: Array, mask: Array | None, data_format: str, keepdims: bool) -> Any:
        """The sum over the valid steps, divided by their number."""
        torch = self.tensors.torch
        given = self.tensors.tensor(x)
        axis = 2 if data_format == "channels_first" else 1
        if mask is None:
            return self.tensors.array(given.mean(dim=axis, keepdim=keepdims))
        valid = self.tensors.tensor(mask).unsqueeze(3 - axis)
        total = torch.where(valid, given, 0).sum(dim=axis, keepdim=keepdims)
        return self.tensors.array(total / valid.sum(dim=axis, keepdim=keepdims))

    @operation("masking.packed", script=_PACKED)
    def packed_output(self, cell: str, weights: list[Array], x: Array, lengths: Array, reverse: bool) -> Any:
        """The padded outputs of a module, and its last states; of the second direction if `reverse`."""
        engine, torch = self.tensors, self.tensors.torch
        rnn, units = torch.nn.utils.rnn, weights[1].shape[1]
        given = engine.tensor(x)
        module = getattr(torch.nn, cell)(x.shape[2], units, batch_first=True, bidirectional=reverse)
        suffix = "_reverse" if reverse else ""
        names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        module = module.to(given.device, given.dtype)
        tensors = {name + suffix: engine.tensor(array) for name, array in zip(names, weights, strict=True)}
        module.load_state_dict(tensors, strict=False)
        packed = rnn.pack_padded_sequence(
            given, torch.from_numpy(lengths.copy()), batch_first=True, enforce_sorted=False
        )
        output, last = module(packed)
        output, _ = rnn.pad_packed_sequence(output, batch_first=True)
        states = last if isinstance(last, tuple) else (last,)
        return [engine.array(output[..., -units:]), *(engine.array(state[-1]) for state in states)]
