"""The dialects: families of semantics that backends document, and who inherits from whom."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Dialect:
    """A family of semantics.

    name: how it is written everywhere.
    parent: the dialect whose readings hold where this one states none of its own, or None.
    package: the package whose version selects among the readings of this dialect.
    about: a paragraph for people.
    """

    name: str
    parent: str | None
    package: str
    about: str


DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        Dialect(
            "keras-2.2",
            None,
            "keras",
            "Standalone Keras 2.2.5 on TensorFlow 1, the release that the seed's answers quote. "
            "It no longer installs; its readings come from the tagged source.",
        ),
        Dialect(
            "keras-2.3",
            "keras-2.2",
            "keras",
            "Standalone Keras 2.3, the last of its line. It differs from 2.2 where losses are weighted.",
        ),
        Dialect(
            "keras-2",
            "keras-2.3",
            "tf_keras",
            "tf.keras 2.x, which lives on as the package tf_keras.",
        ),
        Dialect(
            "keras-3",
            "keras-2",
            "keras",
            "Keras 3 on TensorFlow, torch or JAX; what tf.keras means from TensorFlow 2.16 on.",
        ),
        Dialect("torch", None, "torch", "PyTorch in eager mode."),
        Dialect("transformers", "torch", "transformers", "Hugging Face transformers on PyTorch."),
        Dialect(
            "suite",
            None,
            "conformance",
            "What the seed's askers want and no framework ships, such as a masked average.",
        ),
    )
}


def lineage(name: str) -> tuple[str, ...]:
    """The dialect `name` and its ancestors, nearest first; KeyError lists the dialects."""
    if name not in DIALECTS:
        raise KeyError(f"there is no dialect {name!r}; the dialects are {', '.join(DIALECTS)}")
    chain: list[str] = []
    current: str | None = name
    while current is not None:
        chain.append(current)
        current = DIALECTS[current].parent
    return tuple(chain)


def release(version: str) -> tuple[int, ...]:
    """A version's leading numbers: "3.15.1+cpu" gives (3, 15, 1)."""
    numbers: list[int] = []
    for part in version.split("+")[0].split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
        if digits != part:
            break
    return tuple(numbers)
