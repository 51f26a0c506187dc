from pathlib import Path

import numpy as np
import pytest
from tests.toys import genotypes

from meristem.genetics.copies import copy_labels, describe_copies, find_copies
from meristem.io.genotypes.vcf import read_vcf

CASES = Path(__file__).parents[3] / "shared" / "cases"


def test_copies_are_found_whatever_calls_are_missing():
    rng = np.random.default_rng(1)
    calls = rng.integers(0, 3, (20, 3000)).astype(np.int8)
    calls[7], calls[11], calls[15] = calls[2], calls[2], calls[3]
    calls[11, rng.random(3000) < 0.2] = -1
    calls[15, 5] = (calls[15, 5] + 1) % 3  # one call differs: no copy
    found = genotypes(calls)
    assert find_copies(found) == (("s2", "s7", "s11"),)
    label = copy_labels(found)
    assert label[[2, 7, 11]].tolist() == ["s2"] * 3
    assert np.unique(label).size == 18


def test_lines_with_few_calls_in_common_are_not_called_copies():
    calls = np.zeros((2, 10), dtype=np.int8)
    calls[0, :6], calls[1, 6:] = -1, -1
    assert find_copies(genotypes(calls)) == ()


def test_words_count_pairs_and_groups():
    assert describe_copies([("A", "B")]) == "1 pair of lines is identical (A = B)"
    assert describe_copies([("A", "B", "C")]).startswith("3 lines are identical to")


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases are absent")
def test_the_thirty_pairs_of_the_case():
    groups = find_copies(read_vcf(CASES / "03_dupsamples" / "clones.vcf"))
    assert len(groups) == 30
    assert {len(group) for group in groups} == {2}
