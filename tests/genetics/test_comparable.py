import numpy as np
import pytest
from tests import toys

from meristem.errors import DataError
from meristem.genetics.comparable import (
    called_share,
    few_calls,
    heterozygosity,
    refuse_inbred,
    refuse_narrow_dosage,
    refuse_other_allele,
    refuse_other_ploidy,
)


def genotypes(calls, ploidy=2):
    return toys.genotypes(calls, "L", ploidy=ploidy, source="new.csv")


def test_both_ploidies_are_named():
    with pytest.raises(DataError, match="ploidy 2, the training lines ploidy 4"):
        refuse_other_ploidy(genotypes([[1]]), genotypes([[3]], 4))


def test_diploid_dosages_among_tetraploid_ones_are_refused():
    calls = np.random.default_rng(1).binomial(4, 0.5, (40, 30))
    training = genotypes(calls, 4)
    with pytest.raises(DataError, match=r"as at ploidy 2; .* ploidy 4") as caught:
        refuse_narrow_dosage(genotypes(np.minimum(calls[:5], 2), 4), training)
    assert caught.value.remedy
    refuse_narrow_dosage(genotypes(calls[:5], 4), training)


def test_few_low_dosages_prove_nothing():
    calls = np.random.default_rng(1).binomial(4, 0.1, (40, 30))
    refuse_narrow_dosage(genotypes(np.minimum(calls[:2], 2), 4), genotypes(calls, 4))


def test_presence_and_absence_among_diploid_lines_is_refused():
    calls = 2 * np.random.default_rng(1).integers(0, 2, (40, 30))
    with pytest.raises(DataError, match="as at ploidy 1"):
        refuse_narrow_dosage(genotypes(calls // 2), genotypes(calls))


def test_inbred_lines_are_told_from_hybrids():
    rng = np.random.default_rng(2)
    lines = 2 * rng.integers(0, 2, (20, 200))
    hybrids = genotypes((lines[:10] + lines[10:]) // 2)
    assert heterozygosity(hybrids).mean() == pytest.approx(0.5, abs=0.1)
    refuse_inbred(hybrids, hybrids)
    with pytest.raises(DataError, match="20 of 20 new lines are inbred") as caught:
        refuse_inbred(genotypes(lines), hybrids)
    assert "--hybrids" in caught.value.remedy
    mixed = genotypes(np.concatenate([hybrids.call_dosage, lines[:1]]))
    with pytest.raises(DataError, match="1 of 11 new lines are inbred"):
        refuse_inbred(mixed, hybrids)
    refuse_inbred(genotypes(lines), genotypes(lines))


def test_dosages_of_the_other_allele_are_refused():
    rng = np.random.default_rng(4)
    share = rng.uniform(0.05, 0.95, 200)
    old, new = (rng.binomial(2, share, (n, 200)).astype(np.int8) for n in (40, 7))
    new[:, :3] = -1
    other = np.where(new < 0, new, 2 - new)
    refuse_other_allele(genotypes(new), genotypes(old))
    with pytest.raises(DataError, match="count the other allele"):
        refuse_other_allele(genotypes(other), genotypes(old))
    unrelated = rng.permutation(share)
    refuse_other_allele(
        genotypes(rng.binomial(2, unrelated, (9, 200)).astype(np.int8)), genotypes(old)
    )


def test_samples_with_few_calls():
    calls = np.zeros((3, 4), dtype=np.int8)
    calls[1, :3] = -1
    calls[2, :2] = -1
    assert called_share(genotypes(calls)).tolist() == [1.0, 0.25, 0.5]
    assert few_calls(genotypes(calls)) == (genotypes(calls).sample_id[1],)
