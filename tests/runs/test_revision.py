from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from meristem.config.models import GBLUPOptions, RidgeOptions
from meristem.models.catalog import build
from meristem.runs.revision import (
    PACKAGE,
    _imports,
    _source,
    code_revision,
    revision_of,
)

GBLUP = ("meristem.models.linear.gblup",)
RIDGE = ("meristem.models.linear.ridge",)
FORESTS = ("meristem.models.trees.forests",)
CATALOG = ("meristem.models.catalog",)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy") / "meristem"
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(PACKAGE, folder, ignore=ignored))


def change(package: Path, name: str, folder: Path) -> Path:
    copy = folder / "meristem"
    shutil.copytree(package, copy)
    with (copy / name).open("a", encoding="utf-8") as handle:
        handle.write("\nCHANGED = 1.5\n")
    return copy


def test_a_copy_has_the_revision_of_the_original(package: Path) -> None:
    assert code_revision(GBLUP, package) == code_revision(GBLUP)


@pytest.mark.parametrize(
    ("name", "reached"),
    [
        ("models/linear/gblup.py", (True, False, False, True)),
        ("mixed/reml.py", (True, None, True, True)),
        ("models/trees/forests.py", (False, False, True, True)),
        ("records/genotypes.py", (True, True, True, True)),
        ("report/build.py", (False, False, False, False)),
        ("config/models.py", (False, False, False, False)),
    ],
)
def test_a_changed_line_counts_where_it_is_reached(
    package: Path, tmp_path: Path, name: str, reached: tuple[bool | None, ...]
) -> None:
    copy = change(package, name, tmp_path)
    for modules, expected in zip(
        (GBLUP, RIDGE, FORESTS, CATALOG), reached, strict=True
    ):
        if expected is not None:
            same = code_revision(modules, copy) == code_revision(modules, package)
            assert same is not expected, (name, modules)


def test_every_import_of_the_package_is_found() -> None:
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        for node in ast.walk(ast.parse(path.read_bytes())):
            named = getattr(node, "module", None) or ""
            if isinstance(node, ast.ImportFrom) and named.startswith("meristem"):
                found = _imports(name, PACKAGE)
                for one in (named, *(f"{named}.{a.name}" for a in node.names)):
                    assert _source(one, PACKAGE) is None or one in found, (name, one)


@dataclass(frozen=True)
class Around:
    predictor: object


def test_a_model_within_a_model_counts() -> None:
    ridge, gblup = build(RidgeOptions()), build(GBLUPOptions())
    assert revision_of(Around(ridge)) != revision_of(Around(gblup))
    assert revision_of(Around(ridge)) == revision_of(ridge)


def test_no_library_is_loaded_for_it() -> None:
    code = (
        "import sys; from meristem.runs.revision import code_revision;"
        "code_revision(('meristem.models.binn.spec',));"
        "assert not {'torch', 'pandas', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
