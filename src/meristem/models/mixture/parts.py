"""The parts of a mixture that read all variants, each with what it says held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.models.linear.gwablup import fit_by_scan
from meristem.models.linear.kernel_average import fit_several_left_out, kernel_space
from meristem.models.mixture.problem import Problem
from meristem.models.mixture.settings import BASE, MOST, PartsOptions
from meristem.models.omics.mediated import fit_one_kernel
from meristem.models.panel import make_panel
from meristem.models.protocol import Fitted
from meristem.models.trees.forests import fit_forest
from meristem.records import FloatArray, IntArray


@dataclass(frozen=True)
class Part:
    """One model of a mixture."""

    name: str
    fitted: Fitted
    held: FloatArray  # (n_sample, n_target) of rows left out, NaN where none
    noise: FloatArray | None = None  # (n_sample, n_target) variance that `held` has and
    # the fitted model has not; None: none


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
    fitted, held, _ = fit_by_scan(
        dataset, panel, problem.targets, problem.inner, options.scan
    )
    return Part("scan", fitted, held)


def spaced(problem: Problem, most: int) -> IntArray:
    """Return variants that vary, evenly spaced where there are more than `most`."""
    varies = np.flatnonzero(problem.panel.scale.weight > 0)
    step = -(-varies.size // most) or 1
    return varies[(step - 1) // 2 :: step]


def forest_part(
    problem: Problem, options: PartsOptions, rng: np.random.Generator
) -> Part:
    """Fit the forest on markers evenly spaced over the table.

    Its trees take turns in leaving an inner fold out, so that one forest predicts the
    rows of every fold without them, as the other parts do.
    """
    kept = spaced(problem, MOST)
    fitted, held, noise = fit_forest(
        problem.dataset.take_variants(kept),
        problem.panel.scale.take(kept),
        problem.targets,
        problem.inner,
        options.forest,
        rng,
    )
    return Part("forest", fitted, held, noise)
