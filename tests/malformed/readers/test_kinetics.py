"""Malformed input of the kinetic commands: one clear error, never a traceback."""

import contextlib
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from meristem.cli.kinetics import app
from meristem.errors import MeristemError
from meristem.kinetics.cas9.encode import encode_pairs
from meristem.kinetics.cas9.sites import read_sites
from meristem.kinetics.commands.settings import KineticsSettings, read_settings
from meristem.kinetics.network.mpkp import read_rates, read_source
from meristem.kinetics.network.store import read_kinns
from meristem.kinetics.scheme.scheme import read_scheme

TEXTS = {
    "empty": b"",
    "blank": b"\n\n",
    "latin": "guide,target\nAÄ,C\n".encode("latin-1"),
    "binary": bytes(range(256)) * 4,
    "cut gzip": gzip.compress(b"guide,target\nA,C\n" * 500)[:60],
    "html": b"<html><body>404</body></html>",
    "header only": b"guide,target\n",
    "ragged": b"guide,target\nA,C,G,T,A\n",
    "nul": b"guide\x00,target\nA,C\n",
    "json": b"{}",
}
READERS = {
    "sites": read_sites,
    "rates": read_rates,
    "source": read_source,
    "scheme": read_scheme,
    "model": read_kinns,
    "settings": lambda path: read_settings(path, KineticsSettings),
}


NO_TABLE = {
    "sites": ("no column 'target'.*it has", "columns guide and target"),
    "rates": ("column 'guide' is missing", "the table needs guide"),
    "source": ("column 'target' is missing", "the table needs target"),
    "scheme": ("not valid TOML.*line 1", "mend the line"),
    "model": ("no saved kinetic network", "meristem kinetics fit"),
    "settings": ("not valid TOML.*line 1", "mend the line"),
}
TABLES = ("rates", "source")
NO_ROWS = NO_TABLE | dict.fromkeys(
    TABLES, ("a header but no data rows", "add the rows")
)
RAGGED = NO_TABLE | dict.fromkeys(TABLES, ("line 2: has 5 fields", "every row"))
ZERO = dict.fromkeys(READERS, ("holds a zero byte", "plain UTF-8 text"))
NOT_TEXT = dict.fromkeys(READERS, ("not UTF-8", "iconv"))
EMPTY = dict.fromkeys(READERS, ("empty", "write"))
SAID = {
    "empty": EMPTY,
    "blank": EMPTY,
    "latin": NOT_TEXT,
    "binary": ZERO | {"sites": NOT_TEXT["sites"]},
    "cut gzip": dict.fromkeys(READERS, ("gzip stream is truncated", "copy or")),
    "html": NO_TABLE | dict.fromkeys(TABLES, NO_ROWS["rates"]),
    "json": NO_TABLE | dict.fromkeys(TABLES, NO_ROWS["rates"]),
    "header only": NO_ROWS | {"sites": ("holds no row", "add rows")},
    "ragged": RAGGED | {"sites": ("more fields than the header", "every row")},
    "nul": ZERO
    | {"sites": (r"no column 'guide'.*'guide\\x00'", "columns guide and target")},
}
"""Text -> reader -> what is said, and the remedy."""


@pytest.mark.parametrize("reader", list(READERS))
@pytest.mark.parametrize("text", list(TEXTS))
def test_every_reader_says_what_is_wrong_where_and_how_to_mend_it(
    tmp_path: Path, reader: str, text: str
) -> None:
    path = tmp_path / "input.bin"
    path.write_bytes(TEXTS[text])
    what, remedy = SAID[text][reader]
    with pytest.raises(MeristemError, match=f"(?s){what}") as caught:
        READERS[reader](path)
    assert str(caught.value.where).startswith(str(path))
    assert remedy in str(caught.value.remedy)
    if text == "latin" and reader != "sites":
        assert "line 2" in str(caught.value.where)


@pytest.mark.parametrize("reader", list(READERS))
def test_absent_files_and_folders(tmp_path: Path, reader: str) -> None:
    for path, what in ((tmp_path / "absent", "does not exist"), (tmp_path, "folder")):
        with pytest.raises(MeristemError, match=what) as caught:
            READERS[reader](path)
        assert str(caught.value.where) == str(path)
        assert caught.value.remedy


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.text(max_size=120))
def test_any_text_as_sites(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sites.csv"
    path.write_text("guide,target\n" + text, encoding="utf-8", newline="")
    with contextlib.suppress(MeristemError):
        sites = read_sites(path)
        assert len(encode_pairs(sites.guide, sites.target)) == len(sites.target)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=4))
def test_any_text_as_a_pair(texts: list[str]) -> None:
    with contextlib.suppress(MeristemError):
        x = encode_pairs(["GACTTNGG"] * len(texts), texts)
        assert x.shape == (len(texts), 25, 13)


@pytest.mark.parametrize(
    "words",
    [
        ["fit", "absent.toml", "-o", "run"],
        ["search", "absent.toml", "-o", "run"],
        ["transfer", "absent.toml", "-o", "run"],
        ["explain", "-m", "absent.json", "--guide", "ACGTAGG", "-o", "run"],
        ["score", "-m", "absent.json", "--targets", "t.tsv", "-o", "out.tsv"],
    ],
    ids=lambda words: words[0],
)
def test_commands_refuse_absent_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, words)
    assert isinstance(result.exception, MeristemError)
    assert "absent." in str(result.exception.where)
    assert "does not exist" in result.exception.what
    assert result.exception.remedy
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [{"format": 2}, {"members": []}, {"members": [{}]}, {"scheme": {"states": 3}}],
)
def test_damaged_models(tmp_path: Path, change: dict) -> None:
    content = {"format": 1, "scheme": {}, "members": []} | change
    path = tmp_path / "model.json"
    path.write_text(json.dumps(content))
    with pytest.raises(MeristemError, match="network|scheme|states|format 2") as caught:
        read_kinns(path)
    assert str(path) in str(caught.value.where)
    assert caught.value.remedy
