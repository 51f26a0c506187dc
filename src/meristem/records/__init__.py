"""The frozen records that flow between stages."""

from meristem.records.covariates import Covariates
from meristem.records.data import (
    MISSING,
    Dataset,
    Environments,
    FittedState,
    FloatArray,
    GeneTable,
    Genotypes,
    IntArray,
    Latents,
    Measurements,
    NetworkPlan,
    Observations,
    OmicsTable,
    Phenotypes,
    PlanLevel,
    Predictions,
    SampleGroups,
    Split,
    StrArray,
    VariantTable,
)
from meristem.records.posterior import Posterior
from meristem.records.products import Products
from meristem.records.streamed import DosageSource, is_streamed, stream
from meristem.records.variant_scores import VariantScores

__all__ = [
    "MISSING",
    "Covariates",
    "Dataset",
    "DosageSource",
    "Environments",
    "FittedState",
    "FloatArray",
    "GeneTable",
    "Genotypes",
    "IntArray",
    "Latents",
    "Measurements",
    "NetworkPlan",
    "Observations",
    "OmicsTable",
    "Phenotypes",
    "PlanLevel",
    "Posterior",
    "Predictions",
    "Products",
    "SampleGroups",
    "Split",
    "StrArray",
    "VariantScores",
    "VariantTable",
    "is_streamed",
    "stream",
]
