"""How a defect of the emulator is mended: a piece of its source is replaced, and only if it is exactly as expected.

A mend names the text that is wrong and the text that is right. The text that is wrong has to occur in the source,
once; otherwise `UnexpectedEmulator` is raised before anything is served. So an upgrade of the emulator, or a second
mend at the same place, can never pass unnoticed. Line numbers in tracebacks stay near those of the emulator's file.
"""

import inspect
import sys
import textwrap
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from notorious.errors import UnexpectedEmulator

EMULATOR_VERSION = "1.5.33"
REMEDY = f"pip install ministack=={EMULATOR_VERSION}"
_SOURCE = "_mended_source"


def rewrite(owner: ModuleType | type, name: str, *changes: tuple[str, str], under: str = "", **brought: object) -> None:
    """Replace pieces of a function or method of the emulator.

    Each change is (text that is there once, text to be there instead); both are written as in a function at the
    margin, that is, without the indentation of a class. The result is stored under its own name, or `under` another
    one, with the original left as it is. What the new text refers to is `brought` into the module.
    """
    original = getattr(owner, name, None)
    if not isinstance(original, FunctionType):
        raise _unexpected(owner, name)
    first = original.__code__.co_firstlineno
    source = getattr(original, _SOURCE, None) or textwrap.dedent(inspect.getsource(original))
    for old, new in changes:
        source = replaced(source, old, new, where=_place(owner, name))
    if under:
        source = replaced(source, f"def {name}(", f"def {under}(", where=_place(owner, name))
    space = original.__globals__
    space.update(brought)
    made: dict[str, Any] = {}
    exec(compile("\n" * (first - 1) + source, original.__code__.co_filename, "exec", dont_inherit=True), space, made)
    function = made[under or name]
    setattr(function, _SOURCE, source)
    setattr(owner, under or name, function)
    if not under:
        _replace_imported(original, function)


def replace(owner: ModuleType, name: str, make: Callable[[Any], FunctionType]) -> None:
    """Put a function of ours in the place of one of the emulator's; `make` is given the original."""
    original = getattr(owner, name, None)
    if not isinstance(original, FunctionType):
        raise _unexpected(owner, name)
    function = make(original)
    setattr(owner, name, function)
    _replace_imported(original, function)


def _replace_imported(original: FunctionType, function: FunctionType) -> None:
    # Other modules of the emulator may have imported the function by name.
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith("ministack."):
            for name, value in list(vars(module).items()):
                if value is original:
                    setattr(module, name, function)


def replaced(source: str, old: str, new: str, *, where: str) -> str:
    """The source with one piece exchanged; the piece has to be there exactly once."""
    found = source.count(old)
    if found != 1:
        raise UnexpectedEmulator(
            f"The emulator's {where} does not read as expected ({found} times instead of once: {old.strip()[:80]!r}). "
            f"Install the version that Notorious mends: {REMEDY}"
        )
    return source.replace(old, new)


def expect(owner: ModuleType | type, *names: str) -> None:
    """Refuse an emulator in which one of these names is missing: they are about to be used or replaced."""
    for name in names:
        if not hasattr(owner, name):
            raise _unexpected(owner, name)


def _unexpected(owner: ModuleType | type, name: str) -> UnexpectedEmulator:
    return UnexpectedEmulator(
        f"The emulator's {_place(owner, name)} is not there. Install the version that Notorious mends: {REMEDY}"
    )


def _place(owner: ModuleType | type, name: str) -> str:
    return f"{owner.__name__}.{name}"
