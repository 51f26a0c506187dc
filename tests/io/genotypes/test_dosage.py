"""Dosage tables: both layouts, every dress, the coding -1, 0, 1."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meristem.errors import DataError
from meristem.io.genotypes.dosage import read_dosage

ROWS = "line,m1,m2,m3\nB73,0,2,NA\nMo17,1,,2\n"
COLUMNS = """\
marker\tchrom\tpos\tref\talt\tB73\tMo17
m1\t1\t10\tA\tC\t0\t1
.\t2A\t20\tG\tT\t2\tNA
m3\t\t\t\t\t.\t2
"""
DOSAGE = [[0, 2, -1], [1, -1, 2]]


@pytest.mark.parametrize("dress", ["plain", "gz", "crlf", "bom", "semicolon", "tab"])
def test_samples_in_rows(tmp_path: Path, dress: str) -> None:
    text = ROWS.encode()
    path = tmp_path / ("a.csv.gz" if dress == "gz" else "a.csv")
    if dress == "gz":
        text = gzip.compress(text)
    elif dress == "crlf":
        text = text.replace(b"\n", b"\r\n")
    elif dress == "bom":
        text = b"\xef\xbb\xbf" + text
    elif dress in ("semicolon", "tab"):
        text = text.replace(b",", b";" if dress == "semicolon" else b"\t")
    path.write_bytes(text)
    found = read_dosage(path)
    assert found.call_dosage.tolist() == DOSAGE
    assert found.sample_id.tolist() == ["B73", "Mo17"]
    assert found.variants.variant_id.tolist() == ["m1", "m2", "m3"]
    assert found.variants.variant_position.tolist() == [0, 0, 0]


def test_variants_in_rows(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text(COLUMNS)
    found = read_dosage(tmp_path / "a.tsv")
    assert found.call_dosage.tolist() == DOSAGE
    assert found.call_dosage.flags.c_contiguous
    assert found.sample_id.tolist() == ["B73", "Mo17"]
    table = found.variants
    assert table.variant_id.tolist() == ["m1", "2A:20:G:T", "m3"]
    assert table.variant_contig.tolist() == ["1", "2A", ""]
    assert table.variant_position.tolist() == [10, 20, 0]
    assert table.variant_alt.tolist() == ["C", "T", ""]


@pytest.mark.parametrize(
    "header", ["SNP_ID,B73,Mo17", "rs#,B73,Mo17", "id,chr,pos,B73,Mo17"]
)
def test_header_names_that_put_variants_in_rows(tmp_path: Path, header: str) -> None:
    place = "1,5," if "chr" in header else ""
    (tmp_path / "a.csv").write_text(f"{header}\nx,{place}0,2\ny,{place}1,1\n")
    assert read_dosage(tmp_path / "a.csv").call_dosage.tolist() == [[0, 1], [2, 1]]


@pytest.mark.parametrize(
    "header", ["id,x,y", "name,x,y", ",x,y", "taxa,x,y", "chrom1,x,y"]
)
def test_header_names_that_put_samples_in_rows(tmp_path: Path, header: str) -> None:
    (tmp_path / "a.csv").write_text(f"{header}\nB73,0,1\nMo17,2,1\n")
    found = read_dosage(tmp_path / "a.csv")
    assert found.sample_id.tolist() == ["B73", "Mo17"]


def test_the_way_r_writes_tables(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('"","m1","m2"\n"B 73, USA",0,2\n"Mo17",1,NA\n')
    found = read_dosage(tmp_path / "a.csv")
    assert found.sample_id.tolist() == ["B 73, USA", "Mo17"]
    (tmp_path / "b.tsv").write_text('"m1"\t"m2"\n"B73"\t0\t2\n"Mo17"\t1\tNA\n')
    again = read_dosage(tmp_path / "b.tsv")
    assert again.variants.variant_id.tolist() == ["m1", "m2"]
    assert again.call_dosage.tolist() == found.call_dosage.tolist() == [[0, 2], [1, -1]]


def test_whole_numbers_in_any_spelling(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("line,m1,m2,m3,m4\nB73,0.0, 2,1e0,+1\n")
    assert read_dosage(tmp_path / "a.csv").call_dosage.tolist() == [[0, 2, 1, 1]]


def test_the_coding_of_rrblup_is_raised_by_one(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("line,m1,m2\nB73,-1,0\nMo17,1,NA\n")
    assert read_dosage(tmp_path / "a.csv").call_dosage.tolist() == [[0, 1], [2, -1]]
    (tmp_path / "b.csv").write_text("line,m1,m2\nB73,-1,0\nMo17,2,1\n")
    with pytest.raises(DataError, match=r"line 2, column 'm1': dosage -1") as error:
        read_dosage(tmp_path / "b.csv")
    assert "NA where a call is missing" in error.value.remedy


def test_no_shift_without_a_minus_one(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("line,m1,m2\nB73,0,1\nMo17,1,0\n")
    assert read_dosage(tmp_path / "a.csv").call_dosage.tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize("ploidy", [1, 2, 4, 6, 8])
def test_ploidy_is_the_limit(tmp_path: Path, ploidy: int) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"line,m1\nB73,{ploidy}\n")
    found = read_dosage(path, ploidy=ploidy)
    assert (found.ploidy, found.call_dosage[0, 0]) == (ploidy, ploidy)
    path.write_text(f"line,m1,m2\nB73,0,0\nMo17,0,{ploidy + 1}\n")
    with pytest.raises(DataError, match=r"line 3, column 'm2'"):
        read_dosage(path, ploidy=ploidy)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**16),
    n_sample=st.integers(1, 8),
    n_variant=st.integers(1, 9),
    ploidy=st.sampled_from([1, 2, 4, 6, 8]),
    layout=st.sampled_from(["samples", "variants"]),
    kind=st.sampled_from(["csv", "tsv", "parquet"]),
    missing=st.sampled_from([0.0, 0.3]),
)
def test_random_tables(
    make_genotypes,
    assert_same,
    tmp_path_factory,
    seed,
    n_sample,
    n_variant,
    ploidy,
    layout,
    kind,
    missing,
) -> None:
    genotypes = make_genotypes(seed, n_sample, n_variant, ploidy, missing)
    values = genotypes.call_dosage.astype(float)
    values[values < 0] = np.nan
    frame = pd.DataFrame(
        values, index=genotypes.sample_id, columns=genotypes.variants.variant_id
    )
    frame = frame.astype("Int64").rename_axis("line")
    table = genotypes.variants
    if layout == "variants":
        frame = frame.T.rename_axis("variant_id").reset_index()
        for at, name in enumerate(("contig", "position", "ref", "alt"), start=1):
            frame.insert(at, name, getattr(table, f"variant_{name}"))
    else:
        frame = frame.reset_index()
    path = tmp_path_factory.mktemp("dosage") / f"a.{kind}"
    if kind == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, sep="\t" if kind == "tsv" else ",", index=False, na_rep="NA")
    found = read_dosage(path, ploidy=ploidy)
    assert_same(found, genotypes, places=layout == "variants")


def test_parquet_with_ids_in_the_index(tmp_path: Path) -> None:
    frame = pd.DataFrame({"m1": [0, 1], "m2": [np.nan, 2.0]}, index=["B73", "Mo17"])
    frame.to_parquet(tmp_path / "a.parquet")
    found = read_dosage(tmp_path / "a.parquet")
    assert found.sample_id.tolist() == ["B73", "Mo17"]
    assert found.call_dosage.tolist() == [[0, -1], [1, 2]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("line,m1,m2\nB73,0,x\n", r"line 2, column 'm2': 'x' is no dosage"),
        ("line,m1,m2\nB73,0.4,1\n", r"line 2, column 'm1': '0.4' is no dosage"),
        ("line,m1,m2\nB73,0,inf\n", r"line 2, column 'm2': 'inf' is no dosage"),
        ("line,m1,m2\nB73,0,1\n\nMo17,1\n", "line 4: has 2 columns, the header has 3"),
        ("line,m1,m1\nB73,0,1\n", "variants 1 and 2 have the id 'm1'"),
        ("line,m1,\nB73,0,1\n", "column 3 has no name"),
        ("line,m1\nB73,0\nB73,1\n", "occur more than once: B73"),
        ("marker,pos,chrom,B73\nm1,x,1,0\n", "line 2: position 'x'"),
        ("line,m1\n", "has a header and no rows"),
    ],
)
def test_faults_name_line_and_column(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        read_dosage(tmp_path / "a.csv")


@pytest.mark.parametrize("cell", ["AA", "A/T", "g", "N|C"])
def test_letters_are_sent_to_the_formats_that_hold_them(tmp_path, cell):
    path = tmp_path / "g.csv"
    path.write_text(f"line,m1\nB73,{cell}\n")
    with pytest.raises(DataError, match="is no dosage") as refused:
        read_dosage(path)
    assert "HapMap" in refused.value.remedy


def test_rows_that_end_with_a_delimiter_are_not_those_of_r(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("line,m1,m2\nB73,0,1,\nMo17,1,2,\n")
    with pytest.raises(DataError, match="rows end with a delimiter"):
        read_dosage(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("line,family,m1", "'family' is called like a label"),
        ("line,sex,plot,m1", "so are plot"),
        ("FID,IID,PAT,MAT,SEX,PHENOTYPE,m1_A", ".raw file of PLINK"),
        ("FID IID PAT MAT SEX PHENOTYPE m1_A", ".raw file of PLINK"),
        ("CHR,SNP,(C)M,POS,COUNTED,ALT,B73", ".traw file of PLINK"),
        ("line m1 m2", "divided by blanks"),
        ("line|m1|m2", "divided by |"),
    ],
)
def test_headers_of_other_tables(tmp_path: Path, header: str, says: str) -> None:
    row = re.sub(r"[^, |]+", "1", header)
    (tmp_path / "a.csv").write_text(f"{header}\n{row}\n")
    with pytest.raises(DataError, match=re.escape(says)) as caught:
        read_dosage(tmp_path / "a.csv")
    assert caught.value.remedy


@pytest.mark.parametrize("axis", ["rows", "columns"])
@pytest.mark.parametrize("code", [-1, 3, 9])
def test_rare_numbers_mean_missing(tmp_path: Path, code: int, axis: str) -> None:
    rng = np.random.default_rng(code + 1)
    share = rng.uniform(0.2, 0.8, 60)
    dosage = rng.binomial(1 if code == -1 else 2, share, (40, 60))
    dosage[rng.random(dosage.shape) < 0.03] = code
    path = tmp_path / "a.csv"
    names = [f"m{k}" for k in range(60)]
    frame = pd.DataFrame(dosage, [f"L{k}" for k in range(40)], names)
    if axis == "rows":
        frame.to_csv(path, index_label="line")
    else:
        frame.T.to_csv(path, index_label="marker")
    with pytest.raises(DataError, match=f"{code} seems to mean a missing call"):
        read_dosage(path)


@pytest.mark.parametrize("inbred", [False, True])
def test_rare_homozygotes_in_the_coding_from_minus_one(
    tmp_path: Path, inbred: bool
) -> None:
    rng = np.random.default_rng(8)
    share = rng.uniform(0.75, 0.98, 60)
    size = (50, 60)
    dosage = rng.binomial(2, share, size)
    if inbred:
        dosage = 2 * rng.binomial(1, np.sqrt(share), size)
        dosage[rng.random(size) < 0.02] = 1
    frame = pd.DataFrame(dosage - 1, columns=[f"m{k}" for k in range(60)])
    frame.to_csv(tmp_path / "a.csv", index_label="line")
    found = read_dosage(tmp_path / "a.csv")
    assert 0 < (found.call_dosage == 0).mean() < 0.1
    assert found.call_dosage.tolist() == dosage.tolist()


@pytest.mark.parametrize(
    ("text", "fault", "remedy"),
    [
        ("Panel of 2021\nline,m1,m2\na,0,1\n", "line 1: begins with", "delete the l"),
        ("line,m1\na,0/1\n", "'0/1' is no dosage", "copies of the counted allele"),
        ("line,m1\na,AB\n", "'AB' is no dosage", "copies of B a call holds"),
        ("line,m1\na,H\n", "'H' is no dosage", "copies of B a call holds"),
        ("line,m1\na,AC\n", "'AC' is no dosage", "HapMap"),
        ("line,m1\na,NC\n", "'NC' is no dosage", "NA for missing"),
        ("line,m1,m2\nchr,1,2\na,0,1\n", "'chr' would be read as a line", "stand f"),
        ("marker,effect,pos,a\nm1,1,2,0\n", "'pos' would be read as a", "stand first"),
    ],
)
def test_what_is_no_table_of_dosages_is_told_apart(tmp_path, text, fault, remedy):
    path = tmp_path / "g.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=fault) as refused:
        read_dosage(path)
    assert remedy in refused.value.remedy


def test_places_and_alleles_as_plink_and_pandas_write_them(tmp_path):
    path = tmp_path / "g.csv"
    path.write_text(
        "SNP,Chr,Pos,A1,A2,a,b\nm1,1,1e+05,G,A,0,2\nm2,1,100001.0,T,C,1,1\n"
    )
    variants = read_dosage(path).variants
    assert variants.variant_position.tolist() == [100_000, 100_001]
    assert variants.variant_ref.tolist() == ["A", "C"]
    path.write_text("SNP,Chr,Pos,a,b\nm1,1,1.5,0,2\n")
    with pytest.raises(DataError, match=r"position '1\.5' is no whole number"):
        read_dosage(path)


def test_lines_may_be_called_as_alleles_are(tmp_path):
    path = tmp_path / "g.csv"
    path.write_text("marker,chrom,pos,A1,A2,A3\nm1,1,5,0,1,2\nm2,1,6,2,0,0\n")
    assert read_dosage(path).sample_id.tolist() == ["A1", "A2", "A3"]
    path.write_text("line,m1,m2\nA1,0,2\nA2,1,0\n")
    assert read_dosage(path).sample_id.tolist() == ["A1", "A2"]
    frame = pd.DataFrame({"marker": ["m1"], "chrom": ["1"], "pos": [5], "A1": [2]})
    frame.to_parquet(tmp_path / "g.parquet")
    assert read_dosage(tmp_path / "g.parquet").sample_id.tolist() == ["A1"]
