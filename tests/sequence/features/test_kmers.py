import numpy as np
import pytest

from meristem.sequence.features.kmers import canonical, count_kmers
from meristem.sequence.genome.bases import complement_strand
from meristem.sequence.inputs.onehot import code_matrix

TEXTS = ["ACGTNACGGTA", "TTTTTTTTTTT"]


@pytest.mark.parametrize("k", [1, 2, 3])
def test_counts_equal_a_naive_count(k: int) -> None:
    found = count_kmers(code_matrix(TEXTS), k)
    names = canonical(k)[1]
    for row, text in enumerate(TEXTS):
        words = [text[i : i + k] for i in range(len(text) - k + 1)]
        words = [min(w, complement_strand(w)) for w in words if "N" not in w]
        assert found[row].tolist() == [words.count(name) for name in names]


def test_both_strands_count_the_same() -> None:
    turned = [complement_strand(text) for text in TEXTS]
    one, other = (count_kmers(code_matrix(t), 3) for t in (TEXTS, turned))
    assert np.array_equal(one, other)


def test_bins_add_up_and_short_sequences_have_none() -> None:
    code = code_matrix(TEXTS)
    apart = count_kmers(code, 2, n_bin=3).reshape(2, 3, -1)
    assert np.array_equal(apart.sum(axis=1), count_kmers(code, 2))
    assert count_kmers(code_matrix(["AC"]), 3).sum() == 0


def test_palindromes_are_counted_once_among_the_columns() -> None:
    assert [len(canonical(k)[1]) for k in (2, 4, 5)] == [10, 136, 512]
