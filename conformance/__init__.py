"""A test-oracle conformance suite for the semantics of deep-learning layers."""

from __future__ import annotations

__version__ = "0.1.0"
