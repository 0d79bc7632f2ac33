"""A masked average for PyTorch, where masks are handed on by hand: over a list, and along dims.

>>> average, mask = MaskedAverage()([x, y], [x_mask, y_mask])
>>> sentence, mask = MaskedAverageOverDim(dim=1)(average, mask)
"""

import torch
from torch import nn


class MaskedAverage(nn.Module):
    """The mean over the inputs that are not masked at a position; where all are, 0, and masked."""

    def forward(self, inputs, masks):
        rank = max(x.dim() for x in inputs)
        total, count, merged = 0, 0, False
        for x, mask in zip(inputs, masks, strict=True):
            x = x if x.is_floating_point() else x.to(torch.float32)
            valid = torch.ones_like(x[..., :1], dtype=torch.bool) if mask is None else mask.unsqueeze(-1)
            for _ in range(rank - x.dim()):  # unit axes behind the batch
                x, valid = x.unsqueeze(1), valid.unsqueeze(1)
            total = total + torch.where(valid, x, 0)  # selects: NaN * 0 would be NaN
            count = count + valid.to(x.dtype)
            merged = valid | merged
        average = total / torch.clamp(count, min=1)
        return average, None if any(mask is None for mask in masks) else merged.squeeze(-1)


class MaskedAverageOverDim(nn.Module):
    """The mean along dims over what is not masked; where nothing is valid, 0, and masked."""

    def __init__(self, dim, keepdim=False):
        super().__init__()
        self.dim = (dim,) if isinstance(dim, int) else tuple(dim)
        self.keepdim = keepdim

    def forward(self, x, mask=None):
        x = x if x.is_floating_point() else x.to(torch.float32)
        valid = torch.ones_like(x, dtype=torch.bool)
        if mask is not None:
            valid = valid & mask.unsqueeze(-1)
        total = torch.where(valid, x, 0).sum(self.dim, keepdim=self.keepdim)
        average = total / valid.sum(self.dim, keepdim=self.keepdim).clamp(min=1).to(x.dtype)
        dims = tuple(d % x.dim() for d in self.dim if d % x.dim() != x.dim() - 1)
        if mask is None or not dims:
            return average, mask
        return average, mask.any(dims, keepdim=self.keepdim)
