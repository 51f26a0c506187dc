"""Omics predicted from genotypes: per gene from its own variants, or from all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.mixed.groups import Members
from meristem.mixed.reml import H2_MIN, decompose, estimate, precision
from meristem.records import FloatArray, OmicsTable, StrArray

MIN_MEASURED = 5
"""A feature measured on fewer training rows is not predicted."""


def joined_features(
    omics: tuple[OmicsTable, ...],
    nodes: StrArray | None = None,  # (n_node,)
    *,
    derived: bool = False,
) -> FloatArray:  # (n_sample, n_feature or n_node) NaN missing
    """Return measured features standardised over the rows given.

    With `nodes`, one column per node: the first feature that measures it, NaN where
    none does. What repeats other rows is left out unless `derived`.

    Raises
    ------
    DataError
        If there are no omics, or none measures a node.
    """
    if not omics:
        raise DataError(
            "this model needs omics of training lines and there are none",
            remedy="add an [[omics]] section, or leave the model out",
        )
    tables = omics if derived else tuple(table.direct() for table in omics)
    value = np.concatenate([table.value for table in tables], axis=1)
    if nodes is not None:
        measured = np.concatenate([table.node_name for table in omics])
        place: dict[str, int] = {}
        for column, name in enumerate(measured.tolist()):
            place.setdefault(name, column)
        column_of = np.array([place.get(name, -1) for name in nodes.tolist()])
        if (column_of < 0).all():
            raise DataError(
                "no omics feature measures a gene of the knowledge graph",
                remedy="check the feature map of the omics table",
            )
        value = np.where(column_of >= 0, value[:, column_of], np.nan)
    return standardised(value)


def node_reliability(
    omics: tuple[OmicsTable, ...],
    nodes: StrArray,  # (n_node,)
) -> FloatArray:  # (n_node,)
    """Return the reliability of the first feature of each node, NaN not known."""
    known: dict[str, float] = {}
    for table in omics:
        given = table.reliability
        share = np.full(table.node_name.size, np.nan) if given is None else given
        for name, value in zip(table.node_name.tolist(), share.tolist(), strict=True):
            known.setdefault(name, value)
    return np.array([known.get(name, np.nan) for name in nodes.tolist()])


def feature_share(
    omics: tuple[OmicsTable, ...],
) -> FloatArray:  # (n_feature,)
    """Return the root of the reliability of every feature, 1 where it is not known.

    A standardised feature times its share varies as much as what it tells.
    """
    shares = [
        np.ones(table.feature_id.size)
        if table.reliability is None
        else np.nan_to_num(table.reliability, nan=1.0)
        for table in omics
    ]
    return np.sqrt(np.concatenate(shares))


def error_penalty(
    penalty: float,
    reliability: FloatArray,  # (n_gene,) NaN not known
) -> FloatArray:  # (n_gene,)
    """Return the ridge penalty where measurement error takes 1 - r of the variance.

    A penalty is the ratio of the residual to the variance of one variant's effect.
    The default stands for half of the variance; with error, for half of what is no
    error: (1 - r / 2) / (r / 2) times the default.
    """
    return penalty * np.nan_to_num((2 - reliability) / reliability, nan=1.0)


def standardised(value: FloatArray) -> FloatArray:
    """Return columns of mean 0 and variance 1 over their values; constant: NaN."""
    seen = ~np.isnan(value)
    count = np.maximum(seen.sum(axis=0), 1)
    filled = np.where(seen, value, 0.0)
    mean = filled.sum(axis=0) / count
    centred = np.where(seen, value - mean, 0.0)
    sd = np.sqrt((centred**2).sum(axis=0) / count)
    usable = sd > 1e-12 * np.abs(mean)
    scaled = centred / np.where(usable, sd, 1.0)
    return np.where(seen & usable, scaled, np.nan)


def fit_cis(
    markers: NDArray,  # (n_sample, n_variant) standardised
    genes: Members,  # variants of every gene
    expression: FloatArray,  # (n_sample, n_gene) standardised, NaN missing
    penalty: float | FloatArray,  # (n_gene,), or one for all
) -> FloatArray:  # (n_member,) weight of every variant of every gene
    """Return ridge weights of each gene's own variants on its expression.

    A gene measured on fewer than five rows gets weights of zero.

    References
    ----------
    Gamazon et al. 2015, Nature Genetics 47:1091 (expression imputed from cis
    variants); ridge penalty on standardised dosages.
    """
    weight = np.zeros(genes.member.size)
    penalties = np.broadcast_to(penalty, genes.n_group)
    for gene in range(genes.n_group):
        rows = np.flatnonzero(~np.isnan(expression[:, gene]))
        if rows.size < MIN_MEASURED:
            continue
        own = genes.of(gene)
        x = markers[np.ix_(rows, own)].astype(np.float64)
        y = expression[rows, gene]
        x -= x.mean(axis=0)
        normal = x.T @ x
        normal[np.diag_indices_from(normal)] += penalties[gene]
        solved = np.linalg.solve(normal, x.T @ (y - y.mean()))
        weight[genes.start[gene] : genes.start[gene + 1]] = solved
    return weight


def predict_cis(
    markers: NDArray,  # (n_sample, n_variant) standardised
    genes: Members,
    weight: FloatArray,  # (n_member,)
) -> FloatArray:  # (n_sample, n_gene)
    """Return expression predicted from each gene's own variants."""
    matrix = genes.matrix(weight, markers.shape[1])
    return np.asarray((matrix.T @ markers.T.astype(np.float64)).T)


def feature_duals(
    kernel: FloatArray,  # (n_sample, n_sample)
    features: FloatArray,  # (n_sample, n_feature) standardised, NaN missing
) -> FloatArray:  # (n_sample, n_feature)
    """Return dual weights of the BLUP of every feature; kernel @ dual predicts.

    Variance components by REML per feature; features measured on the same rows
    share the decomposition.
    """
    dual = np.zeros(features.shape)
    seen = ~np.isnan(features)
    patterns, pattern_of = np.unique(seen, axis=1, return_inverse=True)
    for number in range(patterns.shape[1]):
        rows = np.flatnonzero(patterns[:, number])
        if rows.size < MIN_MEASURED:
            continue
        split = decompose(kernel[np.ix_(rows, rows)])
        ones = np.ones((rows.size, 1))
        for column in np.flatnonzero(pattern_of.ravel() == number):
            y = features[rows, column]
            components = estimate(split, y, ones)
            if components.h2 <= H2_MIN:
                continue
            fitted = precision(split, ones, components)
            dual[rows, column] = components.genetic * fitted.apply(y)
    return dual
