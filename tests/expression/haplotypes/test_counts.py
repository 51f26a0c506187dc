import numpy as np

from meristem.expression.embedding.motif import MotifEmbedder
from meristem.expression.haplotypes.build import GeneHaplotypes
from meristem.expression.haplotypes.counts import (
    count_haplotypes,
    distinct_sequences,
    estimate_work,
)


def gene(name, reference, sequences, call, missing=None):
    n = len(call)
    return GeneHaplotypes(
        name,
        "chr1",
        99,
        -1,
        reference,
        tuple(sequences),
        ((),) * len(sequences),
        np.array(call, np.int16),
        np.array(missing or [0.0] * n, np.float32),
        np.zeros(n, bool),
        2,
        1,
    )


GENES = [
    gene("g1", "ACGT", ["ACGT", "ACGA"], [[0, 0], [0, 1], [-1, -1]], [0, 0, 0.6]),
    gene("g2", "ACGA", ["ACGT"], [[0, 0]] * 3),  # shares sequences with the first
]


def test_what_is_counted_of_every_gene() -> None:
    table = count_haplotypes(GENES).set_index("gene")
    assert table["haplotypes"].tolist() == [2, 1]
    assert table["lines_flagged"].tolist() == [1, 0]
    assert table["commonest"].tolist() == [0.75, 1.0]
    assert table["tss"].tolist() == [100, 100]
    assert table["strand"].tolist() == ["-", "-"]
    np.testing.assert_allclose(table["missing"], [0.2, 0])


def test_a_sequence_of_several_genes_is_embedded_once() -> None:
    row = distinct_sequences(GENES)
    assert row == {"ACGT": 0, "ACGA": 1}
    work = estimate_work(MotifEmbedder(4, 1, (), (2,), 5.0), GENES, row)
    assert (work.n_gene, work.n_haplotype, work.n_sequence, work.width) == (2, 3, 2, 10)
    assert work.megabytes == 2 * 10 * 4 / 1e6
    assert "3 distinct haplotypes (1.50 a gene)" in str(work)
    assert "1 pairs of line and gene are flagged" in str(work)
