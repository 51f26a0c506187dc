import numpy as np
import pytest

from meristem.errors import DataError
from meristem.sequence.genome.bases import (
    ONE_HOT,
    clean_bases,
    complement_strand,
    encode,
)


def test_digits_are_no_bases():
    with pytest.raises(DataError, match="position 2"):
        clean_bases(b"A2", "here")


def test_unknown_bases_have_a_code_and_no_vector():
    codes = encode(clean_bases(b"arUN", "here"))
    assert codes.tolist() == [0, 4, 3, 4]
    assert ONE_HOT[codes].sum(axis=1).tolist() == [1, 0, 1, 0]


def test_the_other_strand_of_the_other_strand_is_the_first():
    assert complement_strand(complement_strand("ACGTNRY")) == "ACGTNRY"
    assert np.array_equal(ONE_HOT[:4], np.eye(4))
