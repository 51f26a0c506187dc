import gzip
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meristem.errors import KnowledgeError
from meristem.knowledge.source import SourceText, read_source, read_table

NAMES = {"gene": ("gene", "gene_id"), "label": ("label", "gene")}


def test_plain_and_gzipped_text_read_alike(tmp_path):
    raw = "﻿a,b\r\n1,ä\r".encode()
    (tmp_path / "plain").write_bytes(raw)
    (tmp_path / "packed").write_bytes(gzip.compress(raw))
    plain, packed = read_source(tmp_path / "plain"), read_source(tmp_path / "packed")
    assert plain.text == packed.text == "a,b\n1,ä\n"
    assert plain.sha256 == hashlib.sha256(raw).hexdigest()
    assert plain.sha256 != packed.sha256
    assert plain.n_byte == len(raw)


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_columns_are_found_by_name_in_any_order(text, delimiter):
    rows = [["x", "GENE_ID ", "label"], ["1", " g1", "one"], ["", "", ""]]
    source = text("\n".join(delimiter.join(row) for row in rows) + "\n\n")
    table = read_table(source, NAMES, ("gene",))
    assert table.column == {"gene": ["g1"], "label": ["one"]}
    assert table.line == [2]


def test_one_column_serves_one_purpose(text):
    table = read_table(text("gene,x\ng1,2\n"), NAMES, ("gene",))
    assert list(table.column) == ["gene"]


def test_quotes_mark_in_csv_and_are_characters_in_tsv(text):
    csv = read_table(text('gene,label\ng1,"a, b"\n'), NAMES, ("gene",))
    tsv = read_table(text('gene\tlabel\ng1\t5" end\n'), NAMES, ("gene",))
    assert csv.column["label"] == ["a, b"]
    assert tsv.column["label"] == ['5" end']


@pytest.mark.parametrize(
    ("content", "version"),
    [
        ("format-version: 1.2\ndata-version: releases/2024\n", "data-version releases"),
        ("##gff-version 3\n#!genome-build Zm-B73 v5\n", "genome-build Zm-B73 v5"),
        ("##gff-version 3\n##annot-version Wm82.a4.v1\n", "annot-version Wm82"),
        ("!gaf-version: 2.2\n!date-generated: 2024-01-17\n", "gaf-version 2.2; date"),
        ("gene,term\ng,t\n", ""),
    ],
)
def test_the_release_is_read_from_the_header(text, content, version):
    assert text(content).version.startswith(version)
    assert bool(text(content).version) == bool(version)


cells = st.text(
    st.characters(codec="utf-8", exclude_characters='\t\n\r"\x0b\x0c\x1c\x1d\x1e\x85'),
    min_size=1,
    max_size=8,
).map(lambda cell: cell.strip() or "x")


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=9))
def test_a_tsv_round_trips(rows):
    content = "gene\tlabel\n" + "".join(f"{one}\t{two}\n" for one, two in rows)
    table = read_table(SourceText("f", content, "", 0), NAMES, ("gene", "label"))
    assert list(zip(*table.column.values(), strict=True)) == rows
    assert table.line == list(range(2, len(rows) + 2))


@given(st.binary(max_size=60))
def test_any_bytes_are_text_or_one_clear_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    gzipped = content[:2] == b"\x1f\x8b"
    if text.strip() and "\0" not in text and not gzipped:
        assert "\r" not in read_source(path).text
        return
    with pytest.raises(KnowledgeError) as caught:
        read_source(path)
    assert str(path) in caught.value.where
    assert caught.value.remedy
