"""Batches: what becomes of samples, targets and weights on their way from arrays to a training step.

A sample is a row of every array that belongs to it: its image, its target, its weight. A generator
of Keras, or a loader of PyTorch, puts samples in an order and cuts the order into batches. Weights
are passengers: they decide neither the order, nor the split, nor the augmentation, and act in the
loss alone.
"""

from __future__ import annotations

from reference.batches import augmenting as augmenting
from reference.batches import flowing as flowing
from reference.batches import loading as loading
from reference.batches import splitting as splitting
from reference.batches import training as training
