"""What is: the adapters, and how one is found by its name.

An adapter's module imports no framework; only making an adapter does. So this registry, the
command line and pytest's collection can look at every adapter without paying for any framework.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, entry_points, version

from backends.base import Backend, Operation

GROUP = "conformance.backends"

BUILT_IN = {
    "numpy": "backends.numpy_control:NumpyControl",
    "tf": "backends.keras_layers:Tf",
    "tf-legacy": "backends.keras_layers:TfLegacy",
    "torch": "backends.torch_nn:Torch",
    "hf": "backends.hf:HuggingFace",
    "keras-torch": "backends.keras_layers:KerasTorch",
    "keras-jax": "backends.keras_layers:KerasJax",
}


class UnknownBackend(LookupError):
    """A name that stands for no backend; the message lists the names."""


@dataclass(frozen=True)
class Choice:
    """A backend as it was chosen.

    name: as it was given. target: where its adapter is. option: what stands behind the colon.
    pins: versions of its packages, other than the installed ones.
    """

    name: str
    target: str
    option: str | None = None
    pins: tuple[tuple[str, str], ...] = ()

    @cached_property
    def adapter(self) -> type[Backend]:
        """The adapter's class."""
        return load(self.target)

    @property
    def missing(self) -> list[str]:
        """The packages that the adapter needs and that are not installed."""
        return [package for package in self.adapter.packages if not _installed(package)]

    def versions(self) -> dict[str, str]:
        """The versions of the packages that the adapter needs: the pinned ones, else the installed."""
        pinned = dict(self.pins)
        return {p: pinned.get(p) or version(p) for p in self.adapter.packages or ("numpy",)}

    def version(self) -> str | None:
        """The version that selects the readings, None for the newest reading."""
        return self.versions()[self.adapter.packages[0]] if self.adapter.packages else None

    def operations(self) -> dict[str, Operation]:
        """The operations that the adapter has; the control has those that its dialect states."""
        return self.adapter.offers(self.option)

    def make(self, device: str) -> Backend:
        """Import the framework and make the adapter."""
        adapter = self.adapter
        return adapter(device) if self.option is None else adapter(device, self.option)  # type: ignore[call-arg]


def known() -> dict[str, str]:
    """Every name that --backend takes, and the adapter behind it."""
    return BUILT_IN | {entry.name: entry.value for entry in entry_points(group=GROUP)}


def choose(name: str) -> Choice:
    """The backend of a name: "tf", "numpy:keras-3", or "package.module:Class" for any other.

    Behind an @ stand versions of its packages, several with a plus: "tf-legacy@tf_keras==2.16.0".
    """
    targets = known()
    if name in targets:
        return Choice(name, targets[name])
    plain, at, pins = name.partition("@")
    if at:
        return _pinned(name, choose(plain), pins)
    first, colon, rest = name.partition(":")
    if first == "numpy" and colon:
        from reference.dialects import DIALECTS

        if rest not in DIALECTS:
            raise UnknownBackend(
                f"there is no dialect {rest!r}; choose from {', '.join(f'numpy:{d}' for d in DIALECTS)}"
            )
        return Choice(name, targets["numpy"], rest)
    if colon and rest.isidentifier():
        choice = Choice(name, name)
        load(name)
        return choice
    raise UnknownBackend(f"there is no backend {name!r}; {_choices()}")


def _choices() -> str:
    """What --backend takes, as the end of a refusal."""
    names = ", ".join(known())
    return (
        f"choose from {names}, numpy:DIALECT, or name an adapter that is on the path as package.module:Class"
    )


def _pinned(name: str, plain: Choice, text: str) -> Choice:
    """The backend with the versions of the text, such as "keras==3.3.3+torch==2.13.0"."""
    pins: list[tuple[str, str]] = []
    for part in text.split("+"):
        package, equals, number = part.partition("==")
        if not (equals and number and package in plain.adapter.packages):
            packages = ", ".join(plain.adapter.packages) or "no package"
            raise UnknownBackend(
                f"backend {name!r}: {part!r} is no version of a package of {plain.name}; "
                f"write PACKAGE==VERSION, where the package is one of {packages}"
            )
        pins.append((package, number))
    return Choice(name, plain.target, plain.option, tuple(pins))


def load(target: str) -> type[Backend]:
    """The adapter class of "package.module:Class"; UnknownBackend says what is wrong with it."""
    module_name, _, class_name = target.partition(":")
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except (Exception, SystemExit) as error:  # whatever a module of others does when it is imported
        raise UnknownBackend(
            f"the adapter {target!r} cannot be imported ({type(error).__name__}: {error}); {_choices()}"
        ) from None
    if not (isinstance(found, type) and issubclass(found, Backend)):
        raise UnknownBackend(f"{target!r} is not a subclass of backends.base.Backend; {_choices()}")
    return found


def _installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True
