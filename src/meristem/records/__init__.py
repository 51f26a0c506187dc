"""The frozen records that flow between stages; the shape stands beside each field.

Records are checked when they are made and trusted afterwards. Samples, variants,
genes and nodes are matched by name, never by position. Arrays are not copied:
treat them as read-only.
"""

from meristem.records.arrays import FloatArray, IntArray, StrArray
from meristem.records.covariates import Covariates
from meristem.records.dataset import Dataset, Environments, SampleGroups, Split, Splits
from meristem.records.error_covariance import ErrorCovariance
from meristem.records.fitted import FittedState, Latents, Predictions
from meristem.records.genotypes import MISSING, Genotypes, VariantTable
from meristem.records.omics import OmicsTable
from meristem.records.phenotypes import Measurements, Observations, Phenotypes
from meristem.records.plan import GeneTable, NetworkPlan, PlanLevel
from meristem.records.posterior import Posterior
from meristem.records.products import Products
from meristem.records.streamed import DosageSource, is_streamed, stream
from meristem.records.variant_scores import VariantScores

__all__ = [
    "MISSING",
    "Covariates",
    "Dataset",
    "DosageSource",
    "ErrorCovariance",
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
    "Splits",
    "StrArray",
    "VariantScores",
    "VariantTable",
    "is_streamed",
    "stream",
]
