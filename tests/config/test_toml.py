from pathlib import Path

import pytest

from meristem.config.read import read_config
from meristem.config.toml import parse_toml
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
    with pytest.raises(kind, match="f.toml.*nested too deep"):
        parse_toml("a = " + "[" * 20_000, Path("f.toml"), kind)
