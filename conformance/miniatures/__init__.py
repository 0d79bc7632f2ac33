"""Miniatures: small backends that are wrong on purpose, to prove that the laws can fail.

Each is the control with one fault. They ship, since they document the laws: what would a user
notice, and which law sees it?
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import ClassVar

from backends.numpy_control import NumpyControl


class Miniature(NumpyControl):
    """The base of the gallery; its first docstring line says the fault.

    dialect: a dialect in which what the fault breaks is a MUST.
    clause: the clause that is broken. law: name of the law that should catch it.
    notice: what a user would notice. report: link to an upstream report it was modeled on, or "".
    """

    name = "miniature"
    clause: ClassVar[str]
    law: ClassVar[str]
    notice: ClassVar[str]
    report: ClassVar[str] = ""

    @classmethod
    def fault(cls) -> str:
        """What is wrong with it, in one sentence."""
        return (cls.__doc__ or "").strip().split("\n", 1)[0]

    @classmethod
    def target(cls) -> str:
        """How --backend names it."""
        return f"{cls.__module__}:{cls.__qualname__}"


def gallery() -> list[type[Miniature]]:
    """Every miniature, chapter by chapter."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return [m for m in _descendants(Miniature) if m.__module__.startswith(__name__) and hasattr(m, "notice")]


def _descendants(kind: type[Miniature]) -> list[type[Miniature]]:
    """The subclasses of a class, and theirs; what several share stands in one without a notice."""
    return [m for child in kind.__subclasses__() for m in (child, *_descendants(child))]
