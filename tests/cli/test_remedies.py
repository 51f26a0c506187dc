"""Every command and option that a message of the program names is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

import meristem
from meristem.cli.main import app

SOURCE = Path(meristem.__file__).parent
OTHERS = re.compile(r"plink|bcftools|vcftools|iconv|dask (scheduler|worker)|\bpip\b")
COMMAND = re.compile(r"meristem |(?<![\w-])--[a-z]")
ROOT = get_command(app)
NO_COMMANDS = {"dataset", "genotypes"}  # the kinds of our stores


def messages(path: Path) -> Iterator[str]:
    """Yield the strings of a module without its docstrings, f-strings with gaps."""
    text = path.read_text(encoding="utf-8")
    if not COMMAND.search(text):
        return
    tree = ast.parse(text)
    inside = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
        if part is not node
    }
    documents = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)
    }
    for node in ast.walk(tree):
        if id(node) in inside | documents:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "X"
                for part in node.values
            )


MESSAGES = [
    (path, text)
    for path in sorted(SOURCE.rglob("*.py"))
    for text in messages(path)
    if COMMAND.search(text)
]


def find(words: list[str]) -> Any:
    """Return the command that words begin with."""
    command: Any = ROOT
    while hasattr(command, "commands"):
        if not words or words[0] not in command.commands:
            # `meristem select RUN` stands for its command `plan`
            return command.commands.get("plan")
        command = command.commands[words.pop(0)]
    return command


@cache
def options(command: Any) -> set[str]:
    found = {name for given in command.params for name in given.opts}
    for inner in getattr(command, "commands", {}).values():
        found = found | options(inner)
    return found | {"--help"}


@pytest.mark.parametrize(
    ("path", "text"), MESSAGES, ids=lambda value: str(value).split("meristem/")[-1][:60]
)
def test_commands_and_options_that_messages_name_exist(path: Path, text: str) -> None:
    known = options(ROOT)
    for called in re.findall(r"(?<!this )\bmeristem ((?:[a-z][a-z-]*\b ?)+)", text):
        words = called.split()
        if words[0] in NO_COMMANDS and len(words) == 1:
            continue
        assert find(words[:1]) or find(words[:2]), f"{path}: meristem {called}"
    for quoted in re.findall(r"`meristem ([^`]+)`", text):
        words = quoted.split()
        command = find(words)
        assert command is not None, f"{path}: {quoted}"
        for word in words:
            if word.startswith("--"):
                assert word in options(command), f"{path}: {quoted}"
    if OTHERS.search(text):
        return
    for option in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", text):
        assert option in known, f"{path}: {text}"


def test_the_messages_are_found() -> None:
    texts = [text for _, text in MESSAGES]
    assert any("meristem schema" in text for text in texts)
    assert any("--force" in text for text in texts)
