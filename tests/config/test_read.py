from pathlib import Path

import pytest

from meristem.config import read_config
from meristem.errors import ConfigError

MINIMAL = '[genotypes]\npath = "g.vcf"\n[phenotypes]\npath = "/data/p.csv"\n'


def test_relative_paths_start_at_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text(MINIMAL)
    config = read_config(file)
    assert config.genotypes.path == tmp_path / "g.vcf"
    assert config.phenotypes.path == Path("/data/p.csv")
    assert config.run.out == tmp_path / "run"


def test_crlf_and_byte_order_mark_are_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes(b"\xef\xbb\xbf" + MINIMAL.replace("\n", "\r\n").encode())
    assert read_config(file).phenotypes.path == Path("/data/p.csv")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MINIMAL + "[genotype]\npath='x'\n", "genotype"),
        (MINIMAL + "[run]\nseed = -1\n", "run.seed"),
        (MINIMAL + "[[models]]\nkind = 'oracle'\n", "oracle"),
        (MINIMAL + "[[models]]\nkind = 'binn'\nhiden = [3]\n", "hiden"),
        ("[genotypes\n", "TOML"),
        ("[run]\nseed = 1\n", "genotypes"),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "a.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_config(file)
    assert said in caught.value.message
    assert str(file) in caught.value.message
    assert "remedy" in caught.value.message


def test_all_faults_are_listed_at_once(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text(MINIMAL + "[run]\nseed = -1\njobs = 0\n")
    with pytest.raises(ConfigError, match="2 field"):
        read_config(file)


def test_absent_and_non_text_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config(tmp_path)
    bad = tmp_path / "latin.toml"
    bad.write_bytes("[run]\ntitle = 'é'".encode("latin1"))
    with pytest.raises(ConfigError, match="UTF-8"):
        read_config(bad)
