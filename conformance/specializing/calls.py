"""Calls of functions that a script defines: which parameter is given what, and what can stand for a call."""

from __future__ import annotations

import ast

from conformance.specializing.literals import copied


def bound(function: ast.FunctionDef, call: ast.Call) -> dict[str, ast.expr] | None:
    """The expression that each parameter is given; None if that cannot be told."""
    arguments = function.args
    if any(isinstance(one, ast.Starred) for one in call.args) or any(k.arg is None for k in call.keywords):
        return None
    positional = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
    if arguments.vararg is None and len(call.args) > len(positional):
        return None
    given = dict(zip(positional, call.args, strict=False))
    if arguments.vararg is not None:
        given[arguments.vararg.arg] = ast.Tuple(list(call.args[len(positional) :]), ast.Load())
    named = [*positional, *(one.arg for one in arguments.kwonlyargs)]
    rest: dict[str, ast.expr] = {}
    for keyword in call.keywords:
        assert keyword.arg is not None
        (given if keyword.arg in named else rest)[keyword.arg] = keyword.value
    if arguments.kwarg is not None:
        given[arguments.kwarg.arg] = ast.Dict([ast.Constant(key) for key in rest], list(rest.values()))
    elif rest:
        return None
    ends = positional[len(positional) - len(arguments.defaults) :]
    for name, default in zip(ends, arguments.defaults, strict=True):
        given.setdefault(name, copied(default))
    for one, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if value is not None:
            given.setdefault(one.arg, copied(value))
    return given if all(name in given for name in named) else None


def is_straight(body: list[ast.stmt]) -> bool:
    """Whether statements return at their end alone, if at all."""
    return not any(map(_returns, body[:-1])) and (
        not body or isinstance(body[-1], ast.Return) or not _returns(body[-1])
    )


def _returns(statement: ast.AST) -> bool:
    if isinstance(statement, (ast.Return, ast.Yield, ast.YieldFrom, ast.Nonlocal, ast.Global)):
        return True
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
        return False
    return any(map(_returns, ast.iter_child_nodes(statement)))
