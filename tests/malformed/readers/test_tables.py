"""Every faulty table gives one clear error that names file and place."""

import gzip
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from meristem.config import read_config
from meristem.config.stages import (
    EnvironmentConfig,
    GroupConfig,
    OmicsConfig,
    PhenotypeConfig,
)
from meristem.errors import ConfigError, DataError, MeristemError
from meristem.io.tables.groups import read_groups
from meristem.io.tables.omics import read_omics
from meristem.io.tables.phenotypes import read_observations
from meristem.io.tables.seasons.environments import read_environments

LONG = "line,trait,value\n"
GZIPPED = gzip.compress(b"line,y\na,1\nb,2\n" * 50, mtime=0)


def phenotypes(path, **options):
    return read_observations(PhenotypeConfig(path=path, **options))


def omics(path, **options):
    return read_omics(OmicsConfig(path=path, **options))


def groups(path, **options):
    return read_groups(GroupConfig(path=path, **options))


def environments(path):
    return read_environments(EnvironmentConfig(path=path))


# reader, options, content, what the message must say
FAULTS = {
    "empty file": (phenotypes, {}, b"", "is empty"),
    "blank lines only": (phenotypes, {}, b"\n  \n\n", "is empty"),
    "header only": (phenotypes, {}, b"line,y\n", "no data rows"),
    "truncated gzip": (phenotypes, {}, GZIPPED[:-12], "gzip stream is truncated"),
    "damaged gzip": (omics, {}, GZIPPED[:20] + b"xx" + GZIPPED[22:], "gzip stream"),
    "latin-1": (
        phenotypes,
        {},
        "line,y\nä,1\n".encode("latin-1"),
        "line 2: is not UTF-8",
    ),
    "utf-16": (groups, {}, "line,f\na,1\n".encode("utf-16"), "is not UTF-8"),
    "zero byte": (phenotypes, {}, b"line,y\na,1\nb,\0\n", "line 3: holds a zero byte"),
    "spreadsheet": (phenotypes, {}, b"PK\x03\x04rest", "spreadsheet"),
    "row too long": (phenotypes, {}, b"line,y\na,1\nb,2,3\n", "line 3: has 3 fields"),
    "row too short": (omics, {}, b"line,g,h\na,1,2\nb,2\n", "line 3: has 2 fields"),
    "open quote": (groups, {}, b'line,f\n"a,1\nb,2\n', "line 2: the quotes"),
    "column twice": (phenotypes, {}, b"line,y,y\na,1,2\n", "more than once: y"),
    "column without name": (
        phenotypes,
        {},
        b"line,,y\na,1,2\n",
        "column 2 has no name",
    ),
    "no ids": (phenotypes, {}, b"yield,height\n1,2\n", "no column of sample ids"),
    "empty id": (phenotypes, {}, b"line,y\na,1\n ,2\n", "line 3, column 'line'"),
    "text for a number": (
        phenotypes,
        {},
        b"line,y\na,1\nb,2\nc,good\n",
        "line 4, column 'y': 'good' is not a number",
    ),
    "text for a number, long": (
        phenotypes,
        {},
        LONG.encode() + b"a,y,1\nb,y,#REF!\n",
        "line 3, column 'value': '#REF!'",
    ),
    "decimal comma": (phenotypes, {}, b"line;y\na;1,5\nb;2\n", "decimals with a point"),
    "infinite value": (phenotypes, {}, b"line,y\na,1\nb,-inf\n", "line 3, column 'y'"),
    "number too large": (phenotypes, {}, b"line,y\na,1\nb,1e999\n", "is infinite"),
    "named trait of words": (
        phenotypes,
        {"traits": ("y",)},
        b"line,y\na,tall\n",
        "line 2, column 'y': 'tall'",
    ),
    "trait without name": (phenotypes, {}, LONG.encode() + b"a,,1\n", "line 2, column"),
    "nothing measured": (phenotypes, {}, b"line,y\na,NA\nb,.\n", "no phenotype value"),
    "labels only": (phenotypes, {}, b"line,family\na,f\n", "no column of numbers"),
    "long without values": (
        phenotypes,
        {"layout": "long"},
        b"line,trait,x\na,y,1\n",
        "no column of values",
    ),
    "column not there": (phenotypes, {"line": "plant"}, b"line,y\na,1\n", "'plant'"),
    "trait not there": (phenotypes, {"traits": ("z",)}, b"line,y\na,1\n", "'z'"),
    "weight of zero": (
        phenotypes,
        {},
        b"line,trait,value,weight\na,y,1,1\nb,y,2,0\n",
        "line 3, column 'weight': the weight is not a positive",
    ),
    "negative standard error": (
        phenotypes,
        {},
        b"line,trait,value,se\na,y,1,-0.1\n",
        "line 2, column 'se': the standard error",
    ),
    "omics of one column": (omics, {}, b"line\na\n", "single column"),
    "omics sample twice": (omics, {}, b"line,g\na,1\na,2\n", "more than once: a"),
    "omics feature twice": (omics, {}, b"gene,a\ng,1\ng,2\n", "1 features occur"),
    "omics header twice": (omics, {}, b"line,g,g\na,1,2\n", "more than once: g"),
    "omics with text": (omics, {}, b"line,g\na,high\n", "line 2, column 'g': 'high'"),
    "omics infinite": (omics, {}, b"line,g\na,1\nb,inf\n", "line 3, column 'g'"),
    "omics empty id": (omics, {}, b"line,g\na,1\n,2\n", "line 3, column 'line'"),
    "negative count": (
        omics,
        {"transform": "log1p"},
        b"line,g\na,-2\n",
        "sample a, fea",
    ),
    "group without labels": (groups, {}, b"line\na\n", "no column of labels"),
    "two labels": (groups, {}, b"line,f\na,1\na,2\n", "line 3: sample 'a' has other"),
    "group column": (groups, {"columns": ("pop",)}, b"line,f\na,1\n", "'pop'"),
    "environment twice": (
        environments,
        {},
        b"env,x\nA,1\nA,2\n",
        "line 3: environment",
    ),
    "environment text": (
        environments,
        {},
        b"env,x\nA,1\nB,wet\n",
        "line 3, column 'x'",
    ),
    "no environment": (environments, {}, b"a,b\n1,2\n", "no column of environment"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_in_the_content(tmp_path, name):
    reader, options, content, words = FAULTS[name]
    path = tmp_path / ("t.csv.gz" if content[:2] == b"\x1f\x8b" else "t.csv")
    path.write_bytes(content)
    with pytest.raises((DataError, ConfigError)) as caught:
        reader(path, **options)
    assert str(path) in caught.value.message
    assert words in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize("reader", [phenotypes, omics, groups, environments])
def test_fault_of_the_file(tmp_path, reader):
    with pytest.raises(DataError, match="does not exist"):
        reader(tmp_path / "absent.csv")
    with pytest.raises(DataError, match="is a folder"):
        reader(tmp_path)


@pytest.mark.parametrize("reader", [phenotypes, omics, groups, environments])
@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_file_that_may_not_be_read(tmp_path, reader):
    path = tmp_path / "t.csv"
    path.write_text("line,y\na,1\n")
    path.chmod(0)
    with pytest.raises(DataError, match="may not be read"):
        reader(path)


@pytest.mark.parametrize("reader", [phenotypes, omics, groups, environments])
def test_parquet_that_is_cut_short_or_is_none(tmp_path, reader):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"line": ["a", "b"], "y": [1.0, 2.0]}), path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match="t.parquet: is not a readable Parquet file"):
        reader(path)
    path.write_text("line,y\na,1\n")
    with pytest.raises(DataError, match="t.parquet: is not a readable Parquet file"):
        reader(path)


def test_parquet_with_an_infinite_value(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"line": ["a", "b"], "y": [1.0, float("inf")]}), path)
    for reader in (phenotypes, omics):
        with pytest.raises(DataError, match="row 2, column 'y': the value is infinite"):
            reader(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("feature\ng\n", "single column"),
        ("feature,node\ng,A\ng,B\n", "line 3: feature 'g' is mapped to 'A' and to 'B'"),
        ("feature,node\nother,A\n", "names none of the 1 features"),
        ("feature,node\ng,\n", "line 2, column 'node': the id is empty"),
    ],
)
def test_faulty_node_maps(tmp_path, content, words):
    (tmp_path / "e.csv").write_text("line,g\na,1\n")
    (tmp_path / "map.csv").write_text(content)
    with pytest.raises(DataError) as caught:
        omics(tmp_path / "e.csv", node_map=tmp_path / "map.csv")
    assert str(tmp_path / "map.csv") in caught.value.message
    assert words in caught.value.message


MINIMAL = '[genotypes]\npath = "g.vcf"\n[phenotypes]\npath = "p.csv"\n'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[genotypes", "is not valid TOML"),
        (MINIMAL + "[phenotypes]\n", "is not valid TOML"),
        ("", "genotypes: is needed"),
        (MINIMAL + "[genotype]\n", "did you mean genotypes?"),
        (MINIMAL + "[evaluate]\nfolds = 1\n", "evaluate.folds"),
        (MINIMAL + "[evaluate]\nfolds = 'five'\n", "evaluate.folds"),
        (MINIMAL + '[[models]]\nkind = "oracle"\n', "models.0"),
        (MINIMAL + '[[omics]]\nname = "x"\n', "omics.0.path: is needed"),
        (MINIMAL.replace('"p.csv"', "7"), "phenotypes.path"),
    ],
)
def test_faulty_configurations(tmp_path, content, words):
    path = tmp_path / "meristem.toml"
    path.write_text(content)
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    assert str(path) in caught.value.message
    assert words in caught.value.message
    assert caught.value.remedy


def test_configuration_that_is_no_text(tmp_path):
    path = tmp_path / "meristem.toml"
    path.write_bytes(b"\xff\xfe[\x00")
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        read_config(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config(tmp_path)


@pytest.mark.parametrize("name", FAULTS)
def test_messages_are_a_few_lines_without_a_traceback(tmp_path, name):
    reader, options, content, _ = FAULTS[name]
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(MeristemError) as caught:
        reader(path, **options)
    assert "Traceback" not in caught.value.message
    assert len(caught.value.message.splitlines()) <= 3
