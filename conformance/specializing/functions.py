"""Folds calls: of built-in functions on literal data, of methods of dicts and texts, of lambdas."""

from __future__ import annotations

import ast
from typing import Any

from conformance.specializing.lists import MOST_ITEMS, ListFolder
from conformance.specializing.literals import (
    UNKNOWN,
    attribute,
    constant,
    copied,
    entry,
    is_array,
    is_atom,
    items,
    value_of,
)
from conformance.specializing.names import substituted

_BUILTINS: dict[str, Any] = {
    f.__name__: f for f in (len, str, int, float, bool, tuple, list, sorted, min, max, sum, range, any, all)
}
_TEXT_METHODS = {"startswith", "endswith", "removeprefix", "removesuffix", "lower", "upper", "split", "title"}


class CallFolder(ListFolder):
    """Folds calls whose arguments are known."""

    def called(self, node: ast.Call) -> ast.expr | None:
        """What a call of a function of the script comes to, if that is one expression."""
        raise NotImplementedError

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """A call, with starred arguments written out."""
        self.generic_visit(node)
        node.args = self.visit_List(ast.Tuple(node.args, ast.Load())).elts  # type: ignore[attr-defined]
        keywords: list[ast.keyword] = []
        for one in node.keywords:
            inner = self.look(one.value) if one.arg is None else None
            if isinstance(inner, ast.Dict) and all(isinstance(key, ast.Constant) for key in inner.keys):
                pairs = zip(inner.keys, inner.values, strict=True)
                keywords += [ast.keyword(value_of(k), copied(v)) for k, v in pairs if k]
            else:
                keywords.append(one)
        node.keywords = keywords
        return self._builtin(node) or self._method(node) or self.called(node) or node

    def _builtin(self, node: ast.Call) -> ast.expr | None:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if node.keywords or not node.args or name in self.known:
            return None
        seen = [self.look(one) for one in node.args]
        if name == "getattr" and len(seen) == 2 and isinstance(value_of(seen[1]), str):
            return self.folded(ast.Attribute(node.args[0], value_of(seen[1]), ast.Load()))
        if name in ("list", "tuple") and not isinstance(seen[0], (ast.List, ast.Tuple)):
            elements = self.elements(node.args[0])
            if elements is not None and len(elements) <= MOST_ITEMS:
                return (ast.List if name == "list" else ast.Tuple)(elements, ast.Load())
            return None
        if name == "len" and (elements := items(seen[0])) is not None:
            return constant(len(elements))
        if name == "len" and is_array(seen[0]) and attribute(seen[0], "shape"):
            return constant(attribute(seen[0], "shape")[0])
        if name == "len" and (outputs := self._outputs(seen[0])):
            return constant(outputs)
        if name == "isinstance" and isinstance(seen[0], (ast.List, ast.Tuple, ast.Dict)):
            return constant(type(seen[0]).__name__.lower() in ast.unparse(node.args[1]))
        if name in ("any", "all") and isinstance(seen[0], ast.List):
            operator = ast.Or() if name == "any" else ast.And()
            decided = [self.truth(one) for one in seen[0].elts]
            if None not in decided:
                return constant((any if name == "any" else all)(decided))
            if len(seen[0].elts) > 1:
                return self.folded(ast.BoolOp(operator, seen[0].elts))
        if (
            name == "isinstance"
            and ast.unparse(node.args[1]) == "tf.Tensor"
            and isinstance(seen[0], ast.Name)
        ):
            made = self.made.get(seen[0].id)
            if made is not None and ast.unparse(made).startswith(("tf.convert_to_tensor(", "tf.constant(")):
                return constant(True)
        values = [value_of(one) for one in seen]
        if name in _BUILTINS and UNKNOWN not in values and name not in ("list", "range"):
            try:
                return constant(_BUILTINS[name](*values))
            except (TypeError, ValueError):
                return None  # the script refuses it when it runs
        return None

    def _outputs(self, node: ast.AST) -> int:
        """How many outputs the model has whose `outputs` an expression names; 0 if that is not known."""
        if (
            not isinstance(node, ast.Attribute)
            or node.attr != "outputs"
            or not isinstance(node.value, ast.Name)
        ):
            return 0
        made = self.made.get(node.value.id)
        if not isinstance(made, ast.Call) or ast.unparse(made.func) != "keras.Model" or len(made.args) != 2:
            return 0
        return len(items(made.args[1]) or [None])

    def _method(self, node: ast.Call) -> ast.expr | None:
        function = self.look(node.func)
        if isinstance(function, ast.Lambda):
            names = [one.arg for one in function.args.args]
            if len(names) == len(node.args) and not node.keywords and all(map(is_atom, node.args)):
                given = dict(zip(names, node.args, strict=True))
                return self.folded(substituted(copied(function.body), given))
        if not isinstance(node.func, ast.Attribute) or node.keywords:
            return None
        base, values = self.look(node.func.value), [value_of(self.look(one)) for one in node.args]
        told = isinstance(base, ast.Dict) and all(k and value_of(k) is not UNKNOWN for k in base.keys)
        if node.func.attr == "get" and told and values and values[0] is not UNKNOWN:
            default = node.args[1] if len(node.args) > 1 else constant(None)
            return copied(entry(base, values[0]) or default)
        text = value_of(base)
        if isinstance(text, str) and node.func.attr in _TEXT_METHODS and UNKNOWN not in values:
            return constant(getattr(text, node.func.attr)(*values))
        return None
