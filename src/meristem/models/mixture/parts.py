"""The parts of a mixture that read all variants, each with what it says held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.genetics.copies import copy_labels
from meristem.models.linear.gwablup import fit_by_scan
from meristem.models.linear.kernel_average import fit_several_left_out, kernel_space
from meristem.models.mixture.problem import Problem
from meristem.models.mixture.settings import BASE, MOST, PartsOptions
from meristem.models.omics.mediated import fit_one_kernel
from meristem.models.panel import make_panel
from meristem.models.protocol import Fitted
from meristem.models.trees.forests import fit_forest
from meristem.prepare.by_environment import is_stacked
from meristem.records import FloatArray, IntArray


@dataclass(frozen=True)
class Part:
    """One model of a mixture."""

    name: str
    fitted: Fitted
    held: FloatArray  # (n_sample, n_target) of rows left out, NaN where none


def simple_parts(
    problem: Problem, options: PartsOptions, rng: np.random.Generator
) -> tuple[Part, ...]:
    """Fit kernels, the scan, the forest and what genotypes say of omics.

    The first one, several kernels in one REML, is the base.
    """
    dataset, panel = problem.dataset, problem.panel
    targets, inner = problem.targets, problem.inner
    product = panel.kernel / panel.factor
    space, kernels = kernel_space(dataset.genotypes, options.kernels, product)
    parts = [
        Part(BASE, *fit_several_left_out(dataset, space, kernels, targets, inner)),
        scan_part(problem, options),
        forest_part(problem, options, rng),
    ]
    if any((~np.isnan(table.direct().value)).any() for table in dataset.omics):
        omics = fit_one_kernel(panel, dataset, targets, inner)
        parts.append(Part("predicted omics", *omics))
    return tuple(parts)


def scan_part(problem: Problem, options: PartsOptions) -> Part:
    """Fit markers weighted by a scan, evenly spaced over the table."""
    dataset, panel = problem.dataset, problem.panel
    if panel.scale.n_variant > MOST:
        dataset = dataset.take_variants(spaced(problem, MOST))
        panel = make_panel(dataset.genotypes)
    found = fit_by_scan(dataset, panel, problem.targets, problem.inner, options.scan)
    return Part("scan", *found)


def spaced(problem: Problem, most: int) -> IntArray:
    """Return variants that vary, evenly spaced where there are more than `most`."""
    varies = np.flatnonzero(problem.panel.scale.weight > 0)
    step = -(-varies.size // most) or 1
    return varies[(step - 1) // 2 :: step]


def forest_part(
    problem: Problem, options: PartsOptions, rng: np.random.Generator
) -> Part:
    """Fit the forest on markers evenly spaced over the table.

    Where rows are left out by line or group, a tree draws whole groups and lines with
    all of their copies, and the trees without a row predict it. Under other questions
    forests are grown again for every inner fold.
    """
    kept = spaced(problem, MOST)
    together = _drawn_together(problem)
    fitted, held = fit_forest(
        problem.dataset.take_variants(kept),
        problem.panel.scale.take(kept),
        problem.targets,
        problem.inner if together is None else (),
        options.forest,
        rng,
        together,
    )
    return Part("forest", fitted, held)


def _drawn_together(problem: Problem) -> IntArray | None:  # (n_sample,)
    scheme = problem.inner[0].scheme.partition(":")[0]
    if is_stacked(problem.dataset) or scheme not in ("kfold", "group", "cluster"):
        return None
    if scheme == "kfold":
        names = copy_labels(problem.dataset.genotypes)
        return np.unique(names, return_inverse=True)[1].ravel()
    return problem.label[0]
