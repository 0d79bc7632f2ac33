"""The few refusals that the semantics know.

A reading that refuses an input raises one of these, with the offending value in its message.
`shows_as` lists the names of the exception classes that dialects document for the same refusal;
a backend's exception agrees when one of its classes, or a base of it, bears such a name.
"""

from __future__ import annotations


class Refused(Exception):
    """An input that a reading does not accept; the base of every refusal in this book."""

    shows_as: tuple[str, ...] = ("ValueError",)

    def __init__(self, message: str, *, shows_as: tuple[str, ...] | None = None) -> None:
        super().__init__(message)
        if shows_as is not None:
            self.shows_as = shows_as


class NotAList(Refused):
    """A list was required and something else was given."""


class LengthMismatch(Refused):
    """Two lists that belong together differ in length."""


class ShapeMismatch(Refused):
    """Arrays whose shapes do not fit together."""

    shows_as = ("ValueError", "InvalidArgumentError", "RuntimeError", "TypeError")


class IndexOutOfRange(Refused):
    """An index outside the rows of a table."""

    shows_as = ("IndexError", "InvalidArgumentError")


class TypeRefused(Refused):
    """An element type that the operation does not take."""

    shows_as = ("TypeError", "ValueError", "RuntimeError", "InvalidArgumentError")


class NotStated(Exception):
    """A case that speaks of something that a dialect has not, such as a layer of a later release."""
