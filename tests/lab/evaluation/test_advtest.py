"""Names of Python functions and variables replaced, everything else as it was."""

from __future__ import annotations

import argparse
import ast
import dis
import inspect
import json.encoder
import re
import tarfile
import textwrap
from types import CodeType, FunctionType, ModuleType

import pytest

from cascode_lab.evaluation.advtest import rename_identifiers


def body(code: str, container: str = "") -> str:
    """Rename a piece of source written with indentation."""
    return rename_identifiers(textwrap.dedent(code).strip(), container)


def test_parameters_variables_and_the_function_are_renamed_in_order() -> None:
    """Names are numbered as they are first bound; attributes, modules and builtins keep theirs."""
    code = """
        def save(self, path, *rest, mode="w", **options):
            import json
            with open(path, mode) as stream:
                for number, (key, value) in enumerate(self.items):
                    text = json.dumps(value, **options)
            return len(text), rest
        """
    assert (
        body(code)
        == textwrap.dedent("""
        def Func(arg_0, arg_1, *arg_2, arg_3="w", **arg_4):
            import json
            with open(arg_1, arg_3) as arg_5:
                for arg_6, (arg_7, arg_8) in enumerate(arg_0.items):
                    arg_9 = json.dumps(arg_8, **arg_4)
            return len(arg_9), arg_2
        """).strip()
    )


def test_recursive_calls_are_renamed_however_they_reach_the_function() -> None:
    """Bare, through self, super and the class; another object's method of that name stays."""
    code = """
        def visit(self, node):
            visit(node)
            self.visit(node=node)
            super().visit(node)
            Walker.visit(self, node)
            other.visit(node=1)
        """
    assert (
        body(code, "Walker")
        == textwrap.dedent("""
        def Func(arg_0, arg_1):
            Func(arg_1)
            arg_0.Func(arg_1=arg_1)
            super().Func(arg_1)
            Walker.Func(arg_0, arg_1)
            other.visit(node=1)
        """).strip()
    )


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def f(a): return f'{a!r} {a.b} {{a}}'", "def Func(arg_0): return f'{arg_0!r} {arg_0.b} {{a}}'"),
        ("def f():\n    global n\n    n = 1", "def Func():\n    global n\n    n = 1"),
        ("def f(a): return g(a=a)", "def Func(arg_0): return g(a=arg_0)"),
        ("def f():\n    import a.b, c as d\n    d(a)", "def Func():\n    import a.b, c as arg_0\n    arg_0(a)"),
        ("def f(k):\n    return (lambda x: x + k)", "def Func(arg_0):\n    return (lambda arg_1: arg_1 + arg_0)"),
        (
            "def f():\n    class A:\n        b = 1\n        def m(self): return self.b\n    return A.b",
            "def Func():\n    class A:\n        b = 1\n        def m(arg_0): return arg_0.b\n    return A.b",
        ),
        (
            "def f(v):\n    match v:\n        case P(x=px): return px\n"
            "        case [h, *t]: return h, t\n        case _: pass",
            "def Func(arg_0):\n    match arg_0:\n        case P(x=arg_1): return arg_1\n"
            "        case [arg_2, *arg_3]: return arg_2, arg_3\n        case _: pass",
        ),
        ("def f(a):\n    print 'x', a", "def Func(arg_0):\n    print 'x', arg_0"),
        ("def ü(größe): return größe", "def Func(arg_0): return arg_0"),
        ("    def f(self): pass", "def Func(arg_0): pass"),
        ("", ""),
        ("not python (", "not python ("),
    ],
)  # fmt: skip
def test_forms_of_binding(code: str, expected: str) -> None:
    """Every form of binding, and text that is none."""
    assert rename_identifiers(code) == expected


def functions_of(module: ModuleType) -> list[FunctionType]:
    """The functions and methods that a module defines."""
    found = []
    for value in vars(module).values():
        members = list(vars(value).values()) if inspect.isclass(value) else [value]
        found += [member for member in members if inspect.isfunction(member) and member.__module__ == module.__name__]
    return found


def operations(code: CodeType) -> list[tuple[str, object]]:
    """What a function does, names left out."""
    steps: list[tuple[str, object]] = []
    for instruction in dis.get_instructions(code):
        if isinstance(instruction.argval, CodeType):
            steps += operations(instruction.argval)
        constant = instruction.argval if instruction.opname == "LOAD_CONST" else None
        steps.append((instruction.opname, constant if isinstance(constant, int | float | str) else None))
    return steps


@pytest.mark.parametrize("module", [argparse, tarfile, textwrap, json.encoder])
def test_renamed_functions_of_the_standard_library_do_the_same(module: ModuleType) -> None:
    """Each compiles to the same operations as before, and twice gives the same text."""
    compared = 0
    for function in functions_of(module):
        code = textwrap.dedent(inspect.getsource(function))
        before = ast.parse(code).body[0]
        assert isinstance(before, ast.FunctionDef)
        after = rename_identifiers(code)
        assert after == rename_identifiers(code)
        assert not re.search(rf"^def {function.__name__}\b", after, re.MULTILINE)
        old, new = (compile(text, "f", "exec") for text in (code, after))
        # Names of a function and its constants of them (keyword calls) differ; operations and other constants do not.
        kept = [(name, value) for name, value in operations(old) if not isinstance(value, str)]
        assert kept == [(name, value) for name, value in operations(new) if not isinstance(value, str)]
        compared += 1
    assert compared > 5
