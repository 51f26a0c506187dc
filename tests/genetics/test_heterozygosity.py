import numpy as np

from meristem.genetics.heterozygosity import (
    heterozygosity,
)


def test_heterozygosity_is_one_between_the_homozygotes():
    calls = np.array([[0, 1, 2, -1], [4, 3, 0, 1]], dtype=np.int8)
    assert heterozygosity(calls[:1]).tolist() == [[0, 1, 0, -1]]
    assert heterozygosity(calls[1:], ploidy=4).tolist() == [[0, 1, 0, 1]]
