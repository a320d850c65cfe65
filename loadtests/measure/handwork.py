"""Lines written by hand per feature and twin, counted from the source.

Rule: the twins are read as text, never imported (the harness knows no framework). A line counts when it holds
code: docstrings, comments and blank lines do not. Which function or class belongs to which feature is said in
handwork.toml, by name, so that the count follows the code and a renamed function is an error, not a zero.
Neighbours: results stores the counts with a run, claims and the report read them.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from loadtests.errors import UserError

ROOT = Path(__file__).parents[2]
MAP = Path(__file__).with_name("handwork.toml")
OWN = frozenset({"shared", "fastapi_impl", "flask_impl"})
_NOT_CODE = frozenset(
    {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
        tokenize.ENCODING,
    }
)


class Handwork(BaseModel):
    """One feature in one twin: lines of code, where they are, and the third-party packages they use."""

    model_config = ConfigDict(frozen=True)

    feature: str
    title: str
    twin: str
    lines: int
    names: tuple[str, ...]
    packages: tuple[str, ...]


def count(map_file: Path = MAP, root: Path = ROOT) -> tuple[Handwork, ...]:
    """Every mapped feature of both twins, in the map's order."""
    features = tomllib.loads(map_file.read_text("utf-8"))
    return tuple(
        _feature(key, entry["title"], twin, tuple(entry[twin]), root)
        for key, entry in features.items()
        for twin in ("fastapi", "flask")
    )


def lines_of(work: tuple[Handwork, ...], feature: str) -> Mapping[str, int]:
    """Lines by twin for one feature; empty when it is not mapped."""
    return {item.twin: item.lines for item in work if item.feature == feature}


def _feature(key: str, title: str, twin: str, names: tuple[str, ...], root: Path) -> Handwork:
    lines: set[tuple[str, int]] = set()
    packages: set[str] = set()
    for name in names:
        place, _, part = name.partition("#")
        file, _, wanted = place.partition("::")
        source = (root / file).read_text("utf-8")
        tree = ast.parse(source)
        node = _find(tree, wanted, name)
        lines |= {(file, number) for number in _part(part, source, node)}
        packages |= _packages(tree, node)
    return Handwork(
        feature=key,
        title=title,
        twin=twin,
        lines=len(lines),
        names=names,
        packages=tuple(sorted(packages)),
    )


def _find(tree: ast.Module, wanted: str, name: str) -> ast.stmt:
    """The top-level function, class, assignment or call; `Class.method` goes one level down."""
    owner, _, method = wanted.partition(".")
    inside = (n.body for n in tree.body if isinstance(n, ast.ClassDef) and n.name == owner and method)
    for body, sought in ((tree.body, wanted), *((body, method) for body in inside)):
        for node in body:
            if sought in _names(node):
                return node
    raise UserError(f"handwork.toml names {name}, which is not in that file; mend the map")


def _part(part: str, source: str, node: ast.stmt) -> frozenset[int]:
    """The numbers of the lines that count: all code, the docstring's YAML, or some keyword arguments."""
    if not part:
        return _code_lines(source, node)
    kind, _, names = part.partition(":")
    if kind == "yaml":
        return _yaml_lines(source, node)
    keywords = (k for k in ast.walk(node) if isinstance(k, ast.keyword) and k.arg in names.split(","))
    return frozenset(number for k in keywords for number in range(k.lineno, (k.value.end_lineno or k.lineno) + 1))


def _yaml_lines(source: str, node: ast.stmt) -> frozenset[int]:
    text = source.splitlines()
    numbers = sorted(_docstring_lines(node))
    begin = next((number for number in numbers if text[number - 1].strip() == "---"), None)
    if begin is None:
        return frozenset()
    return frozenset(n for n in numbers if n > begin and text[n - 1].strip(' "'))


def _names(node: ast.stmt) -> frozenset[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return frozenset({node.name})
        case ast.Assign():
            return frozenset(target.id for target in node.targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            return frozenset({name})
        case ast.Expr(value=ast.Call(func=called)):
            return frozenset({ast.unparse(called)})
        case _:
            return frozenset()


def _code_lines(source: str, node: ast.stmt) -> frozenset[int]:
    """Numbers of the lines inside the node, decorators included, that hold a token of code."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    inside = range(first, (node.end_lineno or node.lineno) + 1)
    code = {
        number
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in _NOT_CODE
        for number in range(token.start[0], token.end[0] + 1)
    }
    return frozenset(code & set(inside) - _docstring_lines(node))


def _docstring_lines(node: ast.stmt) -> frozenset[int]:
    found: set[int] = set()
    for inner in ast.walk(node):
        if not isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if ast.get_docstring(inner, clean=False) is not None:
            text = inner.body[0]
            found |= set(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    return frozenset(found)


def _packages(tree: ast.Module, node: ast.stmt) -> frozenset[str]:
    """Third-party packages whose imported names the node uses."""
    origin: dict[str, str] = {}
    for statement in ast.walk(tree):
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                origin[(alias.asname or alias.name).split(".")[0]] = alias.name.split(".")[0]
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            for alias in statement.names:
                origin[alias.asname or alias.name] = statement.module.split(".")[0]
    used = {origin[name.id] for name in ast.walk(node) if isinstance(name, ast.Name) and name.id in origin}
    return frozenset(used - OWN - sys.stdlib_module_names)
