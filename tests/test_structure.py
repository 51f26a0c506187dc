"""The shape of the project: tests mirror modules, promises in documents are true."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

import meristem
from meristem.cli.main import app

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "meristem"
MODULES = sorted(
    path.relative_to(SOURCE)
    for path in SOURCE.rglob("*.py")
    if path.name not in {"__init__.py", "__main__.py", "_version.py"}
)
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")]


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_every_module_has_a_test_file(module: Path) -> None:
    tests = ROOT / "tests"
    if (tests / module.parent / f"test_{module.name}").is_file():
        return
    mentions = f"meristem.{'.'.join(module.with_suffix('').parts)}"
    texts = (path.read_text(encoding="utf-8") for path in tests.rglob("test_*.py"))
    assert any(mentions in text for text in texts), f"no test imports {mentions}"


def test_the_public_api_is_pinned() -> None:
    assert sorted(meristem.__all__) == ["__version__"]


def test_the_library_never_prints() -> None:
    called = re.compile(r"^\s*print\(", re.MULTILINE)
    guilty = [
        str(module)
        for module in MODULES
        if called.search((SOURCE / module).read_text(encoding="utf-8"))
    ]
    assert guilty == []


@pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT))
)
def test_named_files_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    rooms = "examples|docs|benchmarks|src|tests"
    named = re.findall(rf"`((?:{rooms})/[\w./-]+\.\w+)`", text)
    missing = [name for name in named if not (ROOT / name).exists()]
    assert missing == []


@pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT))
)
def test_named_commands_exist(document: Path) -> None:
    root = get_command(app)
    named = re.findall(
        r"\bmeristem ((?:kinetics |simulate |bench )?[a-z][a-z-]+)",
        "\n".join(
            re.findall(
                r"```(?:bash|console|sh)\n(.*?)```", document.read_text("utf-8"), re.S
            )
        ),
    )
    for words in named:
        command = root
        for word in words.split():
            command = getattr(command, "commands", {}).get(word)
            assert command is not None, f"no command `meristem {words}`"


def test_help_is_light() -> None:
    code = (
        "import sys; from meristem.cli.main import app\n"
        "from typer.testing import CliRunner\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "heavy = {'torch', 'pandas', 'sklearn', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
