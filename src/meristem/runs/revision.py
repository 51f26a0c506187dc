"""The revision of the code behind a result: a digest of the sources it runs through.

What a module imports is read from its source, so that no model library is loaded. A
changed line in any module that a model goes through gives its results another key.
"""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]

_NAME = PACKAGE.name
_VALUES_ALONE = (f"{_NAME}.config", f"{_NAME}.errors", f"{_NAME}._version")
"""Modules that decide no number: what options say is in the key by its value."""

_IMPORT = re.compile(
    rf"^ *(?:from ({_NAME}[\w.]*) import (?:\(([^)]*)\)|(.*))"
    rf"|import ({_NAME}[\w.]+))",
    re.MULTILINE,
)
"""Imports of this package's modules. Parsing all sources would take longer than a
small analysis; what a docstring looks like adds a module at worst."""

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch")


def revision_of(*values: object) -> str:
    """Return a digest of the code that objects or functions are made of.

    Parameters
    ----------
    *values
        Functions, classes or instances; dataclasses are searched field by field, so
        that a model that holds another counts with both.

    Returns
    -------
    str
        16 hexadecimal digits; they change with any source of this package that the
        modules of the values import, directly or not, and with the versions of the
        numerical libraries.

    Examples
    --------
    >>> from meristem.runs.keys import digest
    >>> revision_of(digest) == revision_of(digest, digest)
    True
    """
    modules = {name for value in values for name in _modules(value)}
    return code_revision(tuple(sorted(modules)))


@lru_cache(maxsize=256)
def code_revision(modules: tuple[str, ...], package: Path = PACKAGE) -> str:
    """Return the digest of the sources of modules and of all that they import.

    Parameters
    ----------
    modules
        Dotted names within this package.
    package
        Folder of the package.
    """
    running = hashlib.sha256(_library_versions().encode())
    for name in sorted(_reached(modules, package)):
        path = _source(name, package)
        if path is not None:
            running.update(f"{name}\0".encode() + path.read_bytes() + b"\0")
    return running.hexdigest()[:16]


def _library_versions() -> str:
    found = []
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def _modules(value: Any) -> Iterator[str]:
    """Yield the modules of this package that define a value and what it holds."""
    code = value if hasattr(value, "__qualname__") else type(value)
    module = str(code.__module__)
    if module.split(".")[0] == _NAME:
        yield module
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _modules(getattr(value, field.name))


def _reached(modules: tuple[str, ...], package: Path) -> set[str]:
    seen: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in seen or name.startswith(_VALUES_ALONE):
            continue
        seen.add(name)
        waiting += _imports(name, package)
    return seen


@lru_cache(maxsize=2048)
def _imports(name: str, package: Path) -> tuple[str, ...]:
    """Return the modules of this package that one of its modules imports."""
    path = _source(name, package)
    if path is None:
        return ()
    text = path.read_text(encoding="utf-8")
    found: set[str] = set()
    for module, listed, single, plain in _IMPORT.findall(text):
        if plain:
            found.add(plain)
            continue
        names = re.sub(r"#.*", "", listed or single)
        found.add(module)
        found.update(
            f"{module}.{name.split()[0]}" for name in names.split(",") if name.strip()
        )
    if "importlib import" in text:
        found.update(_named(ast.parse(text), name))
    return tuple(one for one in found if _source(one, package) is not None)


def _named(tree: ast.Module, name: str) -> Iterator[str]:
    """Yield the modules that a table of places like `linear.ridge:Ridge` names."""
    parent = name.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            module, colon, _ = node.value.partition(":")
            if colon and module.replace(".", "").isidentifier():
                yield f"{parent}.{module}"


@lru_cache(maxsize=8192)
def _source(name: str, package: Path) -> Path | None:
    place = package.joinpath(*name.split(".")[1:])
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if path.is_file():
            return path
    return None
