"""Whether new genotypes are coded as those that a model was trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.genetics.frequency import dosage_moments
from meristem.genetics.relationship import dosage_blocks
from meristem.records import FloatArray, Genotypes

FEW_CALLS = 0.5
FEWEST_VARIANTS = 30
MOST_OPPOSED = -0.3
"""Correlation of frequencies below which another allele is counted."""
_SURE = 5.0  # standard errors of a correlation

_LEAST_CHANCE = 1e-6
"""Dosages as narrow as those seen are refused below this chance in the training."""


def refuse_other_ploidy(new: Genotypes, training: Genotypes) -> None:
    """Raise DataError if new genotypes have another ploidy than the training ones.

    Examples
    --------
    >>> from meristem.records import VariantTable
    >>> name, blank = np.array(["m1"]), np.array([""])
    >>> table = VariantTable(name, blank, np.zeros(1, dtype=int), blank, blank)
    >>> calls = np.array([[1]], dtype=np.int8)
    >>> old = Genotypes(np.array(["A"]), table, calls, ploidy=4)
    >>> refuse_other_ploidy(Genotypes(np.array(["B"]), table, calls), old)
    Traceback (most recent call last):
    ...
    meristem.errors.DataError: the new lines have ploidy 2, the training lines ploidy 4
      remedy: call both with the same ploidy
    """
    if new.ploidy != training.ploidy:
        raise DataError(
            f"the new lines have ploidy {new.ploidy}, the training lines ploidy "
            f"{training.ploidy}",
            where=new.source,
            remedy="call both with the same ploidy",
        )


def refuse_narrow_dosage(new: Genotypes, training: Genotypes) -> None:
    """Raise DataError if dosages are those of a smaller ploidy than is stated.

    A table of dosages does not say its ploidy. If no new line carries more than
    `ploidy / 2` copies of any allele, and that would have a chance below one in a
    million for lines drawn from the training ones variant by variant, the table was
    written for a smaller ploidy.

    Parameters
    ----------
    new, training
        The same variants.
    """
    ploidy = training.ploidy
    top = 0
    for block in dosage_blocks(new.call_dosage):
        top = max(top, int(block.max(initial=0)))
        if top > ploidy // 2:
            return
    if top == 0:
        return
    calls = training.call_dosage
    known = np.maximum((calls >= 0).sum(axis=0), 1)
    share = 1 - (calls > top).sum(axis=0) / known
    n_called = (new.call_dosage >= 0).sum(axis=0)
    chance = float((n_called * np.log(np.maximum(share, 1e-3))).sum())
    if chance < np.log(_LEAST_CHANCE):
        raise DataError(
            f"no new line carries more than {top} copies of an allele, as at ploidy "
            f"{top}; the training lines have ploidy {ploidy} and carry up to "
            f"{int(calls.max())}",
            where=new.source,
            remedy=f"write dosages from 0 to {ploidy} for the new lines too",
        )


def refuse_other_allele(new: Genotypes, training: Genotypes) -> None:
    """Raise DataError if new dosages seem to count the other allele.

    A table without alleles does not say which one it counts. Frequencies that fall
    where those of the training rise are those of the other allele.

    Parameters
    ----------
    new, training
        The same variants, as the names alone tell.
    """
    ours, theirs = (dosage_moments(one.call_dosage) for one in (training, new))
    known = (ours.n_called > 0) & (theirs.n_called > 0)
    p_old, p_new = ours.mean[known], theirs.mean[known]
    n = p_old.size
    if n < FEWEST_VARIANTS or not (np.ptp(p_new) and np.ptp(p_old)):
        return
    r = float(np.corrcoef(p_new, p_old)[0, 1])
    if r < MOST_OPPOSED and r * np.sqrt(n) < -_SURE:
        raise DataError(
            "the dosages seem to count the other allele: over the variants, their "
            f"frequency falls as that of the training lines rises (r = {r:.2f})",
            where=new.source,
            remedy=f"count the same alleles ({new.ploidy} - dosage), or give the "
            "alleles: a VCF file, or a table with columns ref and alt",
        )


def called_share(genotypes: Genotypes) -> FloatArray:  # (n_sample,)
    """Return the share of variants called in every sample."""
    called = np.zeros(genotypes.n_sample)
    for block in dosage_blocks(genotypes.call_dosage):
        called += (block >= 0).sum(axis=1)
    return called / max(genotypes.n_variant, 1)


def few_calls(genotypes: Genotypes) -> tuple[str, ...]:
    """Return the samples in which less than half of the variants are called."""
    few = called_share(genotypes) < FEW_CALLS
    return tuple(map(str, genotypes.sample_id[few]))


def few_calls_line(names: tuple[str, ...]) -> str:
    """Return a sentence on samples of `few_calls`.

    Examples
    --------
    >>> few_calls_line(("B73", "Mo17"))
    'B73, Mo17 with less than half of the variants called'
    """
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"{', '.join(names[:5])}{more} with less than half of the variants called"


def heterozygosity(genotypes: Genotypes) -> FloatArray:  # (n_sample,)
    """Return the share of heterozygous calls of every sample."""
    calls = genotypes.call_dosage
    mixed = ((calls > 0) & (calls < genotypes.ploidy)).sum(axis=1)
    return mixed / np.maximum((calls >= 0).sum(axis=1), 1)


def refuse_inbred(new: Genotypes, hybrids: Genotypes) -> None:
    """Raise DataError if new lines are inbred where a model was trained on hybrids.

    Parameters
    ----------
    new
        Lines to predict.
    hybrids
        Hybrids of the training. A new line counts as inbred below a quarter of the
        heterozygosity that 95 % of them exceed.
    """
    usual = heterozygosity(hybrids)
    limit = float(np.quantile(usual, 0.05)) / 4
    shares = heterozygosity(new)
    inbred: NDArray[np.bool_] = shares < limit
    if inbred.any():
        shown = ", ".join(map(str, new.sample_id[inbred][:5]))
        raise DataError(
            f"{int(inbred.sum())} of {new.n_sample} new lines are inbred "
            f"({shares[inbred].mean():.1%} heterozygous calls, the hybrids of the run "
            f"{usual.mean():.1%}), and the models predict hybrids: {shown}",
            where=new.source,
            remedy="name a table sample,parent_1,parent_2 of their crosses (predict "
            "--hybrids TABLE, or predict.hybrids), and leave inbred lines out",
        )
