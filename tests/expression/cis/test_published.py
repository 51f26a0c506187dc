import sqlite3

import numpy as np
import pytest

from meristem.errors import DataError
from meristem.expression.cis.published import (
    published_scores,
    read_published,
    wanted_variants,
)
from meristem.records import Genotypes, VariantTable


def _genotypes():
    table = VariantTable(
        np.array(["v1", "v2", "v3"]),
        np.array(["1", "1", "2"]),
        np.array([10, 20, 30]),
        np.array(["A", "C", "G"]),
        np.array(["C", "T", "A"]),
    )
    calls = np.array([[0, 2, 1], [2, -1, 0]], np.int8)
    return Genotypes(np.array(["x", "y"]), table, calls)


def test_weights_by_name_by_place_and_by_exchanged_alleles(tmp_path) -> None:
    path = tmp_path / "weights.csv"
    path.write_text(
        "gene,marker,weight\ng,v1,0.5\ng,chr1:20_C/T,2\nh,2:30_A/G,1\nh,zz,9\nk,v1,3\n"
    )
    weights = read_published([path])
    score, found = published_scores(weights, _genotypes(), np.array(["g", "h", "i"]))
    # y has no call of v2: the mean of the lines, 2; v3 counts the other allele
    assert score[:, 0].tolist() == [4.0, 5.0]
    assert score[:, 1].tolist() == [1.0, 2.0]
    assert np.isnan(score[:, 2]).all()
    assert (found.n_variant, found.n_found, found.n_swapped) == (4, 3, 1)
    assert (found.n_gene, found.n_gene_found) == (2, 2)
    assert found.share_found == pytest.approx(3.5 / 12.5)
    assert "3 of 4 variants" in found.line


def test_a_predixcan_database_is_read_and_files_add_up(tmp_path) -> None:
    path = tmp_path / "model.db"
    with sqlite3.connect(path) as database:
        database.execute(
            "create table weights (gene text, rsid text, varID text, ref_allele text,"
            " eff_allele text, weight real)"
        )
        row = ("g", "rs1", "chr1_10_A_C_b38", "A", "C", 0.25)
        database.execute("insert into weights values (?, ?, ?, ?, ?, ?)", row)
    database.close()
    table = tmp_path / "more.csv"
    table.write_text("gene,variant,weight\ng,v1,0.75\n")
    weights = read_published([path, table])
    wanted, of_pair, _ = wanted_variants(weights)
    assert wanted.variant_position[of_pair].tolist() == [10, 0]
    score, _ = published_scores(weights, _genotypes(), np.array(["g"]))
    assert score.ravel().tolist() == [0.0, 2.0]


def test_every_row_counts_the_allele_that_it_names(tmp_path) -> None:
    path = tmp_path / "weights.csv"
    path.write_text("gene,variant,ref,alt,weight\ng,v1,A,C,1\nh,v1,C,A,1\nk,v1,A,T,1\n")
    score, found = published_scores(
        read_published([path]), _genotypes(), np.array(["g", "h", "k"])
    )
    assert score[:, 0].tolist() == [0.0, 2.0]
    assert np.diff(score[:, 1]).tolist() == [-2.0]
    assert np.isnan(score[:, 2]).all()
    assert (found.n_gene, found.n_gene_found) == (3, 2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gene,marker\ng,v1\n", "no columns of genes, variants and weights"),
        ("gene,variant,weight\ng,v1,\n", "a weight is missing"),
        ("gene,variant,weight\nother,v1,1\n", "none of its genes is found"),
        ("gene,variant,weight\ng,other,1\n", "none of its variants is found"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path, text, words) -> None:
    path = tmp_path / "w.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=words):
        published_scores(read_published([path]), _genotypes(), np.array(["g"]))


def test_another_database_is_refused(tmp_path) -> None:
    path = tmp_path / "x.db"
    with sqlite3.connect(path) as database:
        database.execute("create table other (a text)")
    database.close()
    with pytest.raises(DataError, match="without PrediXcan weights"):
        read_published([path])
    path.write_text("gene,variant,weight\n")
    with pytest.raises(DataError, match="no SQLite database"):
        read_published([path])
