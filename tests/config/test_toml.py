from pathlib import Path

import pytest

from meristem.config.read import read_config
from meristem.config.toml import parse_toml, unfinished_line
from meristem.errors import ConfigError, KnowledgeError


def test_windows_paths_are_explained(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text('[genotypes]\npath = "C:\\data\\g.vcf"\n')
    with pytest.raises(ConfigError, match="line 2") as caught:
        read_config(file)
    assert "write paths with /" in caught.value.remedy
    assert "single quotes" in caught.value.remedy


def test_an_escape_that_happens_to_be_valid_is_no_path(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    table = '[phenotypes]\npath = "p.csv"\n'
    file.write_text(f'[genotypes]\npath = "C:\\temp\\new.vcf"\n{table}')
    with pytest.raises(ConfigError, match="control character") as caught:
        read_config(file)
    assert "single quotes" in caught.value.remedy


@pytest.mark.parametrize("kind", [ConfigError, KnowledgeError])
def test_deep_nesting_is_an_error_with_a_place(kind: type) -> None:
    with pytest.raises(kind, match="f.toml, line 2.*nested too deep"):
        parse_toml("b = 1\na = " + "[" * 20_000, Path("f.toml"), kind)


UNFINISHED = {
    "array": ("a = 1\nb = [\n1,\n2,\n", 2),
    "text over lines": ('a = 1\n[b]\nc = """\n' + "words\n" * 3000, 3),
    "text": ("a = 1\n\nb = 'c", 3),
    "table": ("[a]\nb = [1,\n2]\nc = { d = 1,", 4),
    "header": ("a = 1\n[b", 2),
    "key": ("a = 1\nb", 2),
    "number": ("a = 1\nb = " + "9" * 5000 + "\nc = 2", 2),
}


@pytest.mark.parametrize("name", UNFINISHED)
def test_what_never_ends_is_named_by_the_line_it_begins_in(name: str) -> None:
    text, line = UNFINISHED[name]
    with pytest.raises(ConfigError, match=rf"line {line}\b") as caught:
        parse_toml(text, Path("f.toml"))
    assert "line" in caught.value.remedy


def message(text: str) -> str:
    """Return what is said of a text, nothing if it is TOML."""
    try:
        parse_toml(text, Path("f.toml"))
    except ConfigError as fault:
        return fault.message
    return ""


def test_every_cut_of_a_document_names_a_line() -> None:
    text = "# first\n[a]\nb = \"c\"\nd = [1,\n 2]\n[[e]]\nf = { g = 'h' }\n"
    said = [message(text[:end]) for end in range(len(text))]
    assert all("line " in one for one in said if one)
    assert sum(map(bool, said)) > 20
    assert unfinished_line(text) == text.count("\n") + 1
