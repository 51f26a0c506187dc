"""GBLUP with identity kernels of lines or parents beside the genomic one.

Without them REML pushes what is special to a line or parent, and cannot be carried
over to an unseen one, into the markers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from meristem.errors import DataError
from meristem.mixed.blup import KernelBLUP, TargetGroup
from meristem.mixed.error import ErrorTerms
from meristem.mixed.reml import Components, errors_of
from meristem.mixed.several import fit_kernels
from meristem.mixed.targets import Target
from meristem.prepare.by_environment import LINE, is_stacked
from meristem.records import Dataset, FloatArray, StrArray


def identity_kernel(
    label: StrArray,  # (n_sample,) "" unknown
) -> FloatArray:  # (n_sample, n_sample)
    """Return 1 where two samples share a label; an unknown label is shared by none."""
    same = (label[:, None] == label) & (label != "")
    kernel = same.astype(np.float64)
    np.fill_diagonal(kernel, 1.0)
    return kernel


def identity_kernels(dataset: Dataset, identity: str) -> list[FloatArray]:
    """Return the identity kernels a configuration asks for.

    Raises
    ------
    DataError
        If parents are asked for and the dataset does not say them.
    """
    if identity == "sample":
        if dataset.groups is not None and is_stacked(dataset):
            return [identity_kernel(dataset.groups.column(LINE))]
        return [np.eye(dataset.n_sample)]
    if dataset.groups is None:
        raise DataError(
            "identity kernels of parents need the groupings parent_1 and parent_2",
            remedy="give a group table with these columns",
        )
    names = ("parent_1", "parent_2")
    return [identity_kernel(dataset.groups.column(name)) for name in names]


def fit_with_identities(
    kernel: FloatArray,  # (n_train, n_train)
    identities: Sequence[FloatArray],  # each (n_train, n_train)
    targets: Sequence[Target],
) -> KernelBLUP:
    """Fit every target by REML over all kernels; predict from the genomic one alone.

    The identities' variance counts as residual in `h2`.
    """
    n_train, n_target = kernel.shape[0], len(targets)
    dual = np.zeros((n_train, n_target))
    intercept, genetic, residual, log_likelihood = np.empty((4, n_target))
    groups = []
    for column, target in enumerate(targets):
        rows = np.ix_(target.rows, target.rows)
        parts = [part[rows] for part in (kernel, *identities)]
        fit = fit_kernels(parts, target)
        fitted, share = fit.precision, fit.genetic
        dual[target.rows, column] = fit.genetic[0] * fit.dual
        intercept[column] = fit.intercept
        genetic[column] = fit.genetic[0]
        level = target.noise.level(fit.residual)
        residual[column] = level + fit.genetic[1:].sum()
        log_likelihood[column] = fit.log_likelihood
        # all that is no marker kernel counts as one residual component
        whole = sum(s * part for s, part in zip(share[1:], parts[1:], strict=True))
        rest = (whole + target.noise.covariance(fit.residual)) / residual[column]
        seen = [fitted.apply(parts[0]), fitted.apply(np.asarray(rest))]
        information = np.array([[np.vdot(a.T, b) for b in seen] for a in seen])
        found = Components(share[0], residual[column], 0.0, fit.log_likelihood)
        level = fitted.vectors.sum(axis=0)  # of the intercept, whitened
        half = fitted.half[:, 0] * np.sign(fitted.half[:, 0] @ level)
        error = ErrorTerms(
            share[:1],
            share[0] ** 2 * fitted.inverse[None],
            np.array([[1 / np.linalg.norm(level)]]),
            -share[0] * half[None, :, None],
            residual[column : column + 1],
            errors_of(information, found)[None],
        )
        groups.append(
            TargetGroup(
                np.array([column], dtype=np.int64),
                target.rows,
                fitted.vectors,
                fitted.inverse[None, :],
                fitted.half.T,
                error,
            )
        )
    return KernelBLUP(intercept, dual, genetic, residual, log_likelihood, tuple(groups))
