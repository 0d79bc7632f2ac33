"""A test-oracle conformance suite for the semantics of deep-learning layers."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

__version__ = "0.1.0"


def _refuse_foreign_modules() -> None:
    """ImportError if `reference` or `backends` is not the package beside this one."""
    for name in ("reference", "backends"):
        own = Path(__file__).resolve().parent.parent / name / "__init__.py"
        spec = find_spec(name)
        places = [spec.origin, *(spec.submodule_search_locations or ())] if spec else []
        found = next(filter(None, places), None)
        if found is None or Path(found).resolve() != own:
            raise ImportError(
                f"conformance needs its own package {name!r}, {own.parent}, and this Python finds "
                f"{found or 'none'} first; rename that one, or take its folder off sys.path"
            )


_refuse_foreign_modules()
