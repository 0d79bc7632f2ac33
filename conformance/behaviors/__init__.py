"""Named behaviors: what a backend does instead of what its dialect says, as functions.

An expectation names one with `behaves-as`, so that any other disagreement is still found.
A behavior takes a case's inputs and returns or raises what a reading would. One file a chapter,
each with its own table `BEHAVIORS`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

BEHAVIORS: dict[str, Callable[..., Any]] = {}
"""Every behavior, by the name that an expectation uses."""

for _module in pkgutil.iter_modules(__path__):
    BEHAVIORS |= importlib.import_module(f"{__name__}.{_module.name}").BEHAVIORS
