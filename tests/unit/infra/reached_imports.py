"""What a handler can come to import, read from the sources: name by name, late imports inside functions included.

Whoever takes one function from a module meets what the module imports at its top, and what is imported inside that
function and inside those of the same module that it names; not what is imported inside the others. A class counts as
one with all its methods.
"""

import ast
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

Wanted = tuple[str, str | None]
"""A module, and what is taken from it; None: all of it."""
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def reached(handler: Path, package: Path, *, beside: Sequence[Wanted] = ()) -> tuple[dict[str, str], set[str]]:
    """Top-level names that are neither the standard library's nor ours, each with who imports it; and our modules.

    Args:
        handler: the file of a handler.
        package: the folder of the package `notorious`.
        beside: modules of ours that are imported in a way that the sources do not show.
    """
    found: dict[str, str] = {}
    ours: set[str] = set()
    waiting = [(wanted, str(handler)) for wanted in _imports_of(handler, None, package)]
    waiting += [(wanted, str(handler)) for wanted in beside]
    seen: set[Wanted] = set()
    while waiting:
        wanted, importer = waiting.pop()
        if wanted in seen:
            continue
        seen.add(wanted)
        module, name = wanted
        top = module.split(".")[0]
        if top != "notorious":
            if top not in sys.stdlib_module_names:
                found.setdefault(top, importer)
            continue
        # Importing a module imports the packages around it.
        parts = module.split(".")
        waiting += [((".".join(parts[:length]), ""), importer) for length in range(1, len(parts))]
        source = _source_of(module, package)
        if source is not None:
            ours.add(module)
            waiting += [(more, module) for more in _imports_of(source, name, package)]
    return found, ours - {"notorious"}


def _source_of(module: str, package: Path) -> Path | None:
    path = package.joinpath(*module.split(".")[1:])
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


@cache
def _imports_of(path: Path, name: str | None, package: Path) -> tuple[Wanted, ...]:
    """What a file imports when one name is taken from it (None: any, "": none, only the module itself)."""
    body = ast.parse(path.read_text()).body
    nodes: list[ast.AST] = list(body) if name is None else list(_needed_for(name, body))
    attributes: dict[str, set[str]] = {}
    for node in _walked(nodes):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            attributes.setdefault(node.value.id, set()).add(node.attr)
    return tuple(_imported(nodes, attributes, package))


def _needed_for(name: str, body: list[ast.stmt]) -> Iterator[ast.stmt]:
    definitions = {node.name: node for node in body if isinstance(node, _Definition)}
    at_the_top = [node for node in body if not isinstance(node, _Definition)]
    yield from at_the_top
    # Of what is only imported, nothing is called.
    waiting = {name, *_names_in(at_the_top)} & definitions.keys() if name else set()
    taken: set[str] = set()
    while waiting:
        one = waiting.pop()
        taken.add(one)
        yield definitions[one]
        waiting |= (_names_in([definitions[one]]) & definitions.keys()) - taken


def _names_in(nodes: Sequence[ast.AST]) -> set[str]:
    return {node.id for node in _walked(nodes) if isinstance(node, ast.Name)}


def _walked(nodes: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """All nodes but those that only type checkers see."""
    for node in nodes:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        yield node
        yield from _walked(list(ast.iter_child_nodes(node)))


def _imported(nodes: Sequence[ast.AST], attributes: dict[str, set[str]], package: Path) -> Iterator[Wanted]:
    for node in _walked(nodes):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, ""
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                if not whole.startswith("notorious.") or _source_of(whole, package) is None:
                    yield node.module, alias.name
                    continue
                # A module taken as a whole: what is used of it.
                used = attributes.get(alias.asname or alias.name)
                yield from ((whole, attribute) for attribute in used) if used else ((whole, None),)
