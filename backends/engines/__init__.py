"""What computes below a layer: tensors in and out, the device, gradients.

An engine is shared by every adapter that stands on it, so that the check that a tensor is where
it was asked to be stands once an engine.
"""
