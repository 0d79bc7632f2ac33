"""What is known of an expression before a script runs: plain data, and the shape of literal arrays."""

from __future__ import annotations

import ast
import copy
from typing import Any, TypeVar

import numpy as np

Node = TypeVar("Node")

UNKNOWN = object()
"""Says that an expression has no value beforehand; None is a value."""

_MAKING = {"convert_to_tensor", "constant", "from_numpy", "numpy", "convert_to_numpy", "asarray", "Input"}
"""Functions of the frameworks that never give None."""

_ATTRIBUTES = {"ndim", "size", "shape"}


def constant(value: Any) -> ast.expr:
    """Plain data as an expression; ∞, for which Python has no literal, as a number that is too large."""
    tree = ast.parse(repr(value), mode="eval").body
    return _Infinite().visit(tree)  # type: ignore[no-any-return]


class _Infinite(ast.NodeTransformer):
    """Puts the number for the name in which ∞ is written by repr."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A number for `inf`."""
        return ast.Constant(float("inf")) if node.id == "inf" else node


def copied(node: Node) -> Node:
    """A copy that may be changed."""
    return copy.deepcopy(node)


def is_array(node: ast.AST) -> bool:
    """Whether an expression is a literal array: a call of np.array, np.zeros and so on with plain data."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    if isinstance(node.func.value, ast.Call) and node.func.attr in ("reshape", "astype"):
        return is_array(node.func.value)
    made = ast.unparse(node.func) in ("np.array", "np.zeros", "np.ones")
    return made and all(value_of(one) is not UNKNOWN or _numbers(one) for one in node.args)


def _numbers(node: ast.AST) -> bool:
    """Whether a list holds numbers alone, np.nan and np.inf among them."""
    if isinstance(node, ast.List):
        return all(map(_numbers, node.elts))
    if isinstance(node, ast.UnaryOp):
        return _numbers(node.operand)
    return isinstance(node, ast.Constant) or ast.unparse(node) in ("np.nan", "np.inf")


def is_literal(node: ast.AST) -> bool:
    """Whether an expression is data: constants, literal arrays, and containers of such."""
    if isinstance(node, (ast.List, ast.Tuple)):
        return all(map(is_literal, node.elts))
    if isinstance(node, ast.Dict):
        return all(key is not None and is_literal(key) for key in node.keys) and all(
            map(is_literal, node.values)
        )
    return value_of(node) is not UNKNOWN or is_array(node)


def is_atom(node: ast.AST) -> bool:
    """Whether an expression may be repeated: a name, an attribute of a name, a constant, a function."""
    if isinstance(node, ast.Attribute):
        return is_atom(node.value)
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Name) and value_of(node.slice) is not UNKNOWN
    fixed = isinstance(value_of(node), (int, float, complex, str, bytes, tuple))
    return fixed or isinstance(node, (ast.Name, ast.Constant, ast.Lambda))


def value_of(node: ast.AST) -> Any:
    """The plain data that an expression writes out, UNKNOWN if it is more."""
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return UNKNOWN


def is_none(node: ast.AST) -> bool | None:
    """Whether an expression is None; None if that is not known."""
    if isinstance(node, ast.Constant):
        return node.value is None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _MAKING:
        return False
    known = isinstance(node, (ast.List, ast.Tuple, ast.Dict, ast.Lambda, ast.JoinedStr)) or is_array(node)
    return False if known else None


def attribute(node: ast.AST, name: str) -> Any:
    """An attribute of a literal array: its shape, its number of axes, the name of its dtype."""
    if not is_array(node):
        return UNKNOWN
    if name != "dtype" and name not in _ATTRIBUTES:
        return UNKNOWN
    text = ast.unparse(node)
    if "__import__" in text:  # a dtype that numpy does not have
        text = text.rpartition(".astype")[0]
        found = eval(text, {"np": np})  # noqa: S307 - a literal array of our own
        return "bfloat16" if name == "dtype" else getattr(found, name)
    found = eval(text, {"np": np})  # noqa: S307 - a literal array of our own
    return found.dtype.name if name == "dtype" else getattr(found, name)


def items(node: ast.AST) -> list[ast.expr] | None:
    """The elements of a literal list or tuple, the keys of a literal dict; None for anything else."""
    if isinstance(node, (ast.List, ast.Tuple)) and not any(isinstance(e, ast.Starred) for e in node.elts):
        return node.elts
    if isinstance(node, ast.Dict) and all(key is not None for key in node.keys):
        return [key for key in node.keys if key is not None]
    return None


def entry(node: ast.AST, key: Any) -> ast.expr | None:
    """The element of a literal container at a key or a place, None if there is none."""
    if isinstance(node, ast.Dict):
        for one, value in zip(node.keys, node.values, strict=True):
            if one is not None and value_of(one) == key:
                return value
        return None
    elements = items(node)
    if elements is None or not isinstance(key, int) or not -len(elements) <= key < len(elements):
        return None
    return elements[key]
