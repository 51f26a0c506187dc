"""Marker effects as tables that other programs read."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meristem.errors import DataError
from meristem.genetics.inheritance.maps import CM_PER_MORGAN, PlacedVariants
from meristem.genetics.inheritance.meiosis import Haplotypes
from meristem.genetics.locus_effects import LocusEffects
from meristem.records import FloatArray, StrArray


def effect_table(
    effects: LocusEffects,
    frequency: FloatArray,  # (n_variant,) of the alternate allele in the lines
    sd: FloatArray | None,  # (n_variant,) standard errors
    *,
    model: str,
    merit: str,
) -> pd.DataFrame:
    """Return one row per variant: effect of one more copy of the alternate allele."""
    variants = effects.variants
    n = variants.n_variant
    table = pd.DataFrame(
        {
            "variant_id": variants.variant_id,
            "contig": variants.variant_contig,
            "position": variants.variant_position,
            "ref": variants.variant_ref,
            "alt": variants.variant_alt,
            "effect": effects.additive,
            "se": np.full(n, np.nan) if sd is None else sd,
            "frequency": frequency,
            "mean_dosage": effects.mean,
        }
    )
    if effects.dominance is not None:
        table["dominance"] = effects.dominance
    table["intercept"] = effects.intercept
    table["r2"] = effects.r2
    table["model"], table["merit"] = model, merit
    return table


def score_table(effects: LocusEffects) -> pd.DataFrame:
    """Return the table of `plink2 --score FILE 1 2 3 header-read cols=+scoresums`.

    The sum of a sample plus the intercept is the prediction. A missing call takes the
    frequency of the samples given (PLINK), not of the training lines (ours).

    Raises
    ------
    DataError
        If the alternate allele of a variant is not known, or heterozygotes have a
        value of their own, which a score cannot hold.
    """
    variants = effects.variants
    if effects.dominance is not None:
        raise DataError(
            "a model with dominance is no score of allele counts",
            remedy="name an additive model (--model)",
        )
    unknown = np.flatnonzero(variants.variant_alt == "")
    if unknown.size:
        raise DataError(
            f"the alternate allele of {variants.variant_id[unknown[0]]} is not known",
            remedy="give genotypes with alleles (VCF, PLINK)",
        )
    return pd.DataFrame(
        {
            "ID": variants.variant_id,
            "A1": variants.variant_alt,
            "EFFECT": effects.additive,
        }
    )


def alphasimr_trait(effects: LocusEffects, ploidy: int = 2) -> pd.DataFrame:
    """Return the arguments of `SP$importTrait` as a table.

    AlphaSimR's additive covariate runs from -1 to 1, (dosage - ploidy / 2)(2 / ploidy):
    effects per copy are multiplied by ploidy / 2, the intercept is the value in the
    middle.

    References
    ----------
    Gaynor et al. 2021, G3 11:jkaa017 (AlphaSimR).
    """
    middle = effects.intercept + float(effects.additive.sum()) * ploidy / 2
    dominance = effects.dominance
    return pd.DataFrame(
        {
            "markerName": effects.variants.variant_id,
            "addEff": effects.additive * ploidy / 2,
            "domEff": np.zeros(effects.n_variant) if dominance is None else dominance,
            "intercept": middle,
        }
    )


def alphasimr_map(effects: LocusEffects, placed: PlacedVariants) -> pd.DataFrame:
    """Return the table of `importGenMap`: marker, chromosome, position in Morgan."""
    order = placed.order
    return pd.DataFrame(
        {
            "markerName": effects.variants.variant_id[order],
            "chromosome": placed.genetic_map.chromosome + 1,
            "position": placed.genetic_map.morgan,
        }
    )


def inbred_table(
    sample_id: StrArray,  # (n_line,)
    haplotypes: Haplotypes,  # (n_line, n_variant)
    effects: LocusEffects,
    placed: PlacedVariants,
) -> pd.DataFrame:
    """Return the matrix of `importInbredGeno`: lines by markers, 0 and 2."""
    table = pd.DataFrame(
        2 * haplotypes[:, placed.order],
        columns=effects.variants.variant_id[placed.order],
    )
    table.insert(0, "id", sample_id)
    return table


def chromax_map(
    effects: LocusEffects, placed: PlacedVariants, trait: str
) -> pd.DataFrame:
    """Return the linkage map of chromax: chromosome, cM, and effects per copy.

    References
    ----------
    github.com/kora-labs/chromax, docs/tutorials/data_format.rst.
    """
    order = placed.order
    return pd.DataFrame(
        {
            "CHR.PHYS": placed.genetic_map.chromosome + 1,
            "cM": placed.genetic_map.morgan * CM_PER_MORGAN,
            trait: effects.additive[order],
        }
    )
