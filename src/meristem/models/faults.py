"""Files and limits of single models, asked before anything is computed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from meristem.config.models import (
    BayesOptions,
    KernelsOptions,
    ModelOptions,
    PriorOptions,
    TrialOptions,
)
from meristem.errors import ConfigError, DataError, MeristemError
from meristem.io.tables.pedigree import read_kernel, read_pedigree
from meristem.models.bayes.classes import variant_classes
from meristem.models.bayes.spec import refuse_response
from meristem.models.linear.prior import match_scores
from meristem.prepare.by_environment import ENVIRONMENT, is_stacked
from meristem.records import Dataset, Environments, NetworkPlan


def model_faults(
    options: ModelOptions,
    dataset: Dataset,
    where: str,
    plan: NetworkPlan | None = None,
) -> Iterator[MeristemError]:
    """Yield what stops a model in its first fold: its tables, and what it needs.

    Parameters
    ----------
    options
        A model, none that stands for others.
    dataset
        The prepared data set.
    where
        The model, for messages.
    plan
        Compiled knowledge, if any.
    """
    try:
        if isinstance(options, PriorOptions):
            match_scores(options, dataset)
        elif isinstance(options, KernelsOptions):
            _read_relationships(options, dataset)
        elif isinstance(options, BayesOptions):
            phenotypes = dataset.phenotypes
            names = zip(phenotypes.target_name, phenotypes.value.T, strict=True)
            for name, y in names:
                refuse_response(options, y[~np.isnan(y)], name)
            variant_classes(options, dataset.genotypes, plan, where)
        elif isinstance(options, TrialOptions):
            _refuse_trial(options, dataset, where)
    except MeristemError as fault:
        yield fault


def _read_relationships(options: KernelsOptions, dataset: Dataset) -> None:
    asked = set(options.kernels)
    tables = []
    if options.pedigree is not None and asked & {"pedigree", "single_step"}:
        tables.append((options.pedigree, read_pedigree(options.pedigree).line))
    if options.table is not None and "table" in asked:
        tables.append((options.table, read_kernel(options.table)[0]))
    for path, lines in tables:
        if not np.isin(dataset.genotypes.sample_id, lines).any():
            raise DataError(
                "holds none of the lines",
                where=path,
                remedy="write its lines as the genotypes name them",
            )


def _refuse_trial(options: TrialOptions, dataset: Dataset, where: str) -> None:
    if dataset.groups is None or not is_stacked(dataset):
        raise ConfigError(
            "rows are lines, and this model is one of lines in environments",
            where=where,
            remedy='set phenotypes.by = "record", or use kind = "gblup"',
        )
    n = len(set(dataset.groups.column(ENVIRONMENT).tolist()) - {""})
    if options.structure == "fa" and options.factors >= n:
        raise ConfigError(
            f"asks for {options.factors} factors, and there are {n} environments",
            where=where,
            remedy=f"ask for fewer than {n}, or use structure = 'unstructured'",
        )


def constant_covariates(known: Environments, used: set[str]) -> Iterator[DataError]:
    """Yield a fault if no covariate tells the environments of the data apart."""
    rows = np.isin(known.environment_name, sorted(used))
    value = known.value[rows]
    low = np.where(np.isnan(value), np.inf, value).min(axis=0, initial=np.inf)
    high = np.where(np.isnan(value), -np.inf, value).max(axis=0, initial=-np.inf)
    if not (high > low).any():
        names = ", ".join(known.covariate_name[:4].tolist())
        yield DataError(
            f"no covariate differs between the environments ({names})",
            where=known.source,
            remedy="give covariates that do, or leave the model out",
        )
