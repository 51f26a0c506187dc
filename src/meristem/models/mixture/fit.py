"""Fit a mixture: what every part earned on rows left out is its share.

Parts that read all variants share the prediction by one rule
(`mixed.averaging.shares.model_shares`): what rows left out say, drawn towards shares
that suit most panels. A network then earns its share beside that mixture
(`mixed.averaging.shares.earned_share`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from meristem.mixed.averaging.share import Share
from meristem.mixed.averaging.shares import earned_share, model_shares
from meristem.mixed.blup import fit_kernel_blup
from meristem.mixed.targets import Target
from meristem.models.genomic_error import GenomicError, borrowed_error
from meristem.models.mixture.fitted import FittedMixture
from meristem.models.mixture.network import FittedMixedNetwork
from meristem.models.mixture.parts import Part, simple_parts
from meristem.models.mixture.problem import Problem
from meristem.models.mixture.settings import MixtureSettings
from meristem.models.protocol import FittedNetwork
from meristem.records import FloatArray


@dataclass(frozen=True)
class NetworkPart:
    """A fitted network, and what networks say of rows they did not learn from."""

    name: str
    fitted: FittedNetwork
    held: FloatArray  # (n_sample, n_target) NaN where none
    prior: float = 0.0  # its share before rows left out are seen
    wrong: bool = False  # whether its graph was found to be wrong


def fit_mixture(
    problem: Problem,
    network: NetworkPart | None,
    rng: np.random.Generator,
    settings: MixtureSettings | None = None,
) -> FittedMixture | FittedMixedNetwork:
    """Return the mixture of training rows, with a network beside it if there is one.

    Parameters
    ----------
    problem
        Training rows.
    network
        Fitted beforehand; None: the models of all variants alone.
    rng
        Source of randomness.
    settings
        Constants of the rule.
    """
    settings = MixtureSettings() if settings is None else settings
    parts = simple_parts(problem, settings.parts, rng)
    prior = settings.beforehand([part.name for part in parts])
    mixture, held = mix_parts(problem, parts, "auto", rng, prior, settings.sd)
    if network is None:
        return replace(mixture, error=_error(problem, held))
    phenotypes = problem.dataset.phenotypes
    earned = earned_share(
        phenotypes.value,
        phenotypes.weight,
        held,
        network.held,
        problem.label,
        prior=network.prior,
        sd=settings.network_sd,
    )
    if network.wrong:
        none = np.zeros_like(earned.value)
        earned = Share("", none, none, none)
    seen = np.where(np.isnan(network.held), held, network.held)
    together = held + earned.value * (seen - held)
    return FittedMixedNetwork(
        mixture,
        network.fitted,
        earned.value,
        replace(earned, part=network.name),
        _linear_effects(problem, mixture),
        _error(problem, together),
    )


def mix_parts(
    problem: Problem,
    parts: Sequence[Part],
    kind: str,
    rng: np.random.Generator,
    prior: FloatArray,  # (n_part,)
    sd: float,
) -> tuple[FittedMixture, FloatArray]:
    """Return the mixture of parts, and what it says of rows left out.

    Parameters
    ----------
    problem
        Training rows.
    parts
        Fitted, with what they say of rows left out.
    kind
        Of the state of the mixture.
    rng
        Draws for the intervals.
    prior
        Shares before rows are seen, adding up to 1.
    sd
        How far shares may be from them.

    Returns
    -------
    tuple
        The mixture without an error, and (n_sample, n_target) predictions of rows by
        models and weights that did not see them, NaN where there are none.
    """
    phenotypes = problem.dataset.phenotypes
    found = model_shares(
        phenotypes.value,
        phenotypes.weight,
        np.stack([part.held for part in parts]),
        problem.label,
        rng,
        noise=part_noise(parts),
        prior=prior,
        sd=sd,
    )
    used = np.flatnonzero(found.weight.any(axis=1))
    shares = [
        Share(part.name, found.weight[k], found.low[k], found.high[k])
        for k, part in enumerate(parts)
    ]
    mixture = FittedMixture(
        kind=kind,
        parts=tuple(parts[k].fitted for k in used.tolist()),
        weight=found.weight[used],
        intercept=found.intercept,
        variants=problem.dataset.genotypes.variants,
        trait_name=phenotypes.trait_name,
        environment_name=phenotypes.environment_name,
        part_share=tuple(shares),
    )
    return mixture, found.held


def part_noise(parts: Sequence[Part]) -> FloatArray:  # (n_part, n_sample, n_target)
    """Return the variance that held-out predictions have and fitted parts have not."""
    none = np.zeros_like(parts[0].held)
    return np.stack([none if part.noise is None else part.noise for part in parts])


def _error(problem: Problem, held: FloatArray) -> GenomicError:
    return borrowed_error(problem.panel, problem.targets, problem.inner, held)


def _linear_effects(
    problem: Problem, mixture: FittedMixture
) -> FloatArray:  # (n_variant, n_target) per allele copy
    """Return the effects of the linear model nearest to what a mixture predicts."""
    value = mixture.predict(problem.dataset.genotypes).value
    effect = np.zeros((problem.panel.dosage.shape[1], value.shape[1]))
    every = np.arange(value.shape[0])
    for t in range(value.shape[1]):
        spread = float(value[:, t].std())
        if spread <= 1e-12 * float(np.abs(value[:, t]).max()):
            continue  # one value for all lines
        scaled = (value[:, t] - value[:, t].mean()) / spread
        target = Target(0, every, scaled, np.ones(every.size))
        dual = fit_kernel_blup(problem.panel.kernel, [target]).dual
        effect[:, t] = spread * problem.panel.effects(dual)[:, 0]
    return effect
