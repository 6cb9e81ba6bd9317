"""What a handler can come to import, read from the sources: module by module, late imports inside functions included.

Of `aws/bootstrap.py`, which knows every adapter, only those functions count that the handler names.
"""

import ast
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

BOOTSTRAP = "notorious.aws.bootstrap"


def reached(handler: Path, package: Path, *, beside: Sequence[str] = ()) -> tuple[dict[str, str], set[str]]:
    """Top-level names that are neither the standard library's nor ours, each with who imports it; and our modules.

    Args:
        handler: the file of a handler.
        package: the folder of the package `notorious`.
        beside: modules of ours that are imported in a way that the sources do not show.
    """
    tree = ast.parse(handler.read_text())
    wanted = _attributes_of("bootstrap", tree)
    found: dict[str, str] = {}
    waiting = [(name, str(handler)) for name in (*_imported(tree), *beside)]
    seen: set[str] = set()
    ours: set[str] = set()
    while waiting:
        name, importer = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        top = name.split(".")[0]
        if top != "notorious":
            if top not in sys.stdlib_module_names:
                found.setdefault(top, importer)
            continue
        # Importing a module imports the packages around it.
        parts = name.split(".")
        waiting += [(".".join(parts[:length]), importer) for length in range(1, len(parts))]
        source = _source_of(name, package)
        if source is not None:
            ours.add(name)
            needed = wanted if name == BOOTSTRAP else None
            waiting += [(imported, name) for imported in _imports_of(source, needed)]
    return found, ours - {"notorious"}


def _source_of(name: str, package: Path) -> Path | None:
    """The file of a module of ours; None where the name is that of something inside a module."""
    path = package.joinpath(*name.split(".")[1:])
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _imports_of(path: Path, wanted: frozenset[str] | None) -> list[str]:
    tree = _tree(path)
    if wanted is None:
        return list(_imported(tree))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    reached: set[str] = set()
    waiting = [name for name in wanted if name in functions]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            called = {node.id for node in ast.walk(functions[name]) if isinstance(node, ast.Name)}
            waiting += called & functions.keys()
    kept = [node for node in tree.body if not isinstance(node, ast.FunctionDef) or node.name in reached]
    return [name for node in kept for name in _imported(node)]


def _attributes_of(name: str, tree: ast.AST) -> frozenset[str]:
    return frozenset(
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    )


def _imported(tree: ast.AST) -> Iterator[str]:
    """Names of modules, and of what is taken from them, which may be modules too; not what only type checkers see."""
    if isinstance(tree, ast.If) and isinstance(tree.test, ast.Name) and tree.test.id == "TYPE_CHECKING":
        return
    if isinstance(tree, ast.Import):
        yield from (alias.name for alias in tree.names)
    elif isinstance(tree, ast.ImportFrom) and tree.module and not tree.level:
        yield tree.module
        yield from (f"{tree.module}.{alias.name}" for alias in tree.names)
    for child in ast.iter_child_nodes(tree):
        yield from _imported(child)
