"""Gauss-Newton with learned variances: no rows held out, no penalty to choose.

A network is fitted as a Bayesian would with a straight-line approximation at the
best weights: every group of weights has a prior variance, every output a noise
variance, and both are re-estimated from the data between Gauss-Newton steps. For a
linear network this is REML with one variance component per group. All members of an
ensemble are computed at once; the linear algebra runs over parameters or over
observations, whichever are fewer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from meristem.nn.dag import PlanNetwork
from meristem.nn.jacobian import MemberVector, jacobian
from meristem.nn.priors import PriorGroups, prior_groups
from meristem.records import FloatArray
from meristem.train.descent import limited_threads
from meristem.train.linearised import Linearised

_NOISE_FLOOR = 1e-6
_VARIANCE_RANGE = (1e-8, 1e4)
_FREEDOM = 4.0
"""Degrees of freedom of the noise of a measured latent."""
_ENOUGH_DONE = 0.75
"""Share of the members whose rest ends the fit: stragglers rank last anyway."""


@dataclass(frozen=True)
class EvidenceSettings:
    """How to climb."""

    rounds: int = 80
    warmup: int = 6  # rounds before variances are re-estimated
    gentle: int = 20  # rounds with the slow and safe update of the variances
    pooling: float = 10.0  # pseudo-weights that pull a group to those of its kind
    tolerance: float = 0.02  # relative change per round of a member that is done
    threads: int = 1


@dataclass(frozen=True)
class EvidenceFit:
    """What was learned beside the weights."""

    log_evidence: FloatArray  # (n_member,)
    noise: FloatArray  # (n_member, n_output) variance
    variance: FloatArray  # (n_member, n_group)
    groups: PriorGroups
    rounds: int


@dataclass(frozen=True)
class Observed:
    """Observations of the outputs: targets first, then latents."""

    value: Tensor  # (n_output, n_sample) any number where the weight is 0
    weight: Tensor  # (n_member, n_output, n_sample) 0: not seen by that member
    node: Tensor  # (n_latent,) the latents that are outputs
    noise: Tensor  # (n_member, n_output) variance to start from


def fit_evidence(
    network: PlanNetwork,
    x: Tensor,  # (n_used_variant, n_sample) standardised
    observed: Observed,
    settings: EvidenceSettings,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> EvidenceFit:
    """Fit all members of `network` in place, with their variances.

    Parameters
    ----------
    network
        The ensemble with its initial weights.
    x
        Standardised variants of the training rows.
    observed
        Traits and measured latents.
    settings
        How to climb.
    progress
        Called with (round, rounds).

    Returns
    -------
    EvidenceFit
        Variances, and the log evidence by which members can be ranked.

    References
    ----------
    MacKay 1992, Neural Computation 4:448; Foresee & Hagan 1997, ICNN (Gauss-Newton
    approximation to Bayesian regularisation); Marquardt 1963, SIAM J Appl Math 11.
    """
    with limited_threads(settings.threads):
        network.double()
        climb = _Climb(network, x.double(), observed)
        rounds = 0
        for rounds in range(1, settings.rounds + 1):
            change = climb.step()
            if rounds > settings.warmup:
                quick = rounds > settings.gentle
                change = change + climb.learn_variances(quick, settings.pooling)
            if progress is not None:
                progress(rounds, settings.rounds)
            done = (change < settings.tolerance).double().mean()
            if rounds > settings.gentle and done >= _ENOUGH_DONE:
                break
        fit = climb.finish(rounds)
        network.float()
    return fit


class _Climb:
    """State of a fit; one row per member everywhere."""

    def __init__(self, network: PlanNetwork, x: Tensor, observed: Observed) -> None:
        self.network, self.x, self.observed = network, x, observed
        self.vector = MemberVector(network)
        self.groups = prior_groups(network, self.vector)
        self.theta = self.vector.read()  # (K, P)
        anchored = self.groups.anchored
        self.centre = torch.where(anchored, self.theta, torch.zeros_like(self.theta))
        self.variance = self.groups.variance.repeat(network.members, 1)  # (K, G)
        self.noise = observed.noise.double().clone()  # (K, O)
        self.given = observed.weight.double()  # (K, O, B)
        self.weight = self.given
        self.value = observed.value.double()  # (O, B)
        self.damping = torch.full((network.members,), 1e-2, dtype=torch.float64)
        self.error = self._error(self.theta)
        self.objective = self._objective(self.error, self.theta)
        self.system = self._linearise()

    def step(self) -> Tensor:  # (K,)
        """Take one damped Gauss-Newton step; return the relative gains."""
        before = self.objective
        self.system = self._linearise()
        waiting = torch.ones_like(self.damping, dtype=torch.bool)
        for _ in range(4):
            new = self.theta + self.system.step(self.damping)
            error = self._error(new)
            objective = self._objective(error, new)
            better = waiting & (objective <= self.objective)
            self.theta = torch.where(better[:, None], new, self.theta)
            self.error = torch.where(better[:, None], error, self.error)
            self.objective = torch.where(better, objective, self.objective)
            change = torch.where(better, 0.2, torch.where(waiting, 5.0, 1.0))
            self.damping = (self.damping * change).clamp(1e-9, 1e6)
            waiting &= ~better
            if not waiting.any():
                break
        gain = (before - self.objective) / (before.abs() + 1.0)
        # no step found yet is not rest: the damping is still on its way
        return torch.where(waiting, torch.inf, gain)

    def learn_variances(self, quick: bool, pooling: float) -> Tensor:  # (K,)
        """Re-estimate prior and noise variances from the last linearisation.

        Returns the largest relative change of the noise variance of a target.
        """
        posterior, leverage = self.system.posterior()
        group = self.groups.group
        size = torch.zeros(self.groups.n_group, dtype=torch.float64)
        size.index_add_(0, group, torch.ones_like(posterior[0]))
        remaining = self._by_group(posterior)
        square = self._by_group((self.theta - self.centre).square())
        effective = (size - remaining / self.variance).clamp(min=1e-9)
        top, bottom = (square, effective) if quick else (square + remaining, size)
        if pooling > 0:
            mean = self._kind_mean(top, bottom)
            top, bottom = top + pooling * mean, bottom + pooling
        ratio = (top / bottom / self.variance).clamp(0.3, 3.0)
        learned = torch.where(self.groups.learned, self.variance * ratio, self.variance)
        self.variance = learned.clamp(*_VARIANCE_RANGE)
        count = (self.given > 0).sum(-1).double()  # (K, O)
        # expectation-maximisation: slower than error / (count - leverage), but it
        # cannot run away into interpolation where parameters outnumber rows
        ratio = (self.error / self.noise + leverage) / count.clamp(min=1.0)
        ratio = torch.where(count > 0, ratio, 1.0).clamp(0.3, 2.0)
        noise = (self.noise * ratio).clamp(min=_NOISE_FLOOR)
        targets = slice(0, self.network.n_target)
        change = (noise / self.noise - 1)[:, targets].abs().max(dim=1).values
        self.noise = noise
        if quick:
            self._discount_outliers()
        self.objective = self._objective(self.error, self.theta)
        return change

    def _discount_outliers(self) -> None:
        """Give latents Student's noise: what lies far off counts little.

        A measurement may leave the range that the trait tells of (a clipped trait, a
        failed assay); weights are those of expectation-maximisation (Lange, Little
        & Taylor 1989, JASA 84:881).
        """
        n_target = self.network.n_target
        if self.value.shape[0] == n_target:
            return
        self.vector.write(self.theta)
        with torch.no_grad():
            output = self.network(self.x)
        latent = output.latent[self.observed.node].transpose(0, 1)
        away = (self.value[n_target:] - latent).square()
        ratio = away / self.noise[:, n_target:, None]
        factor = torch.ones_like(self.given)
        factor[:, n_target:] = (_FREEDOM + 1.0) / (_FREEDOM + ratio)
        self.weight = self.given * factor
        self.error = self._error(self.theta)

    def finish(self, rounds: int) -> EvidenceFit:
        """Write the weights back and return what was learned beside them."""
        self.vector.write(self.theta)
        self.system = self._linearise()
        count = (self.given > 0).sum(-1).double()
        log_noise = 0.5 * (count * self.noise.log()).sum(1)
        log_evidence = -self.objective - 0.5 * self.system.log_volume() - log_noise
        return EvidenceFit(
            log_evidence.numpy(),
            self.noise.numpy(),
            self.variance.numpy(),
            self.groups,
            rounds,
        )

    def _error(self, theta: Tensor) -> Tensor:  # (K, O)
        self.vector.write(theta)
        with torch.no_grad():
            output = self.network(self.x)
        latent = output.latent[self.observed.node].transpose(0, 1)
        predicted = torch.cat([output.value, latent], dim=1)
        return (self.weight * (self.value - predicted).square()).sum(-1)

    def _objective(self, error: Tensor, theta: Tensor) -> Tensor:  # (K,)
        away = (theta - self.centre).square() / self.variance[:, self.groups.group]
        total = 0.5 * ((error / self.noise).sum(1) + away.sum(1))
        # a step into overflow is a step refused
        return torch.where(total.isfinite(), total, torch.inf)

    def _linearise(self) -> Linearised:
        self.vector.write(self.theta)
        predicted, slope = jacobian(
            self.network, self.vector, self.x, self.observed.node
        )
        scale = (self.weight / self.noise[:, :, None]).sqrt()  # (K, O, B)
        slope *= scale[:, None]
        residual = ((self.value - predicted) * scale).flatten(1)
        prior = self.variance[:, self.groups.group]
        away = self.theta - self.centre
        return Linearised(slope.flatten(2), residual, prior, away, scale.shape[1])

    def _by_group(self, each: Tensor) -> Tensor:  # (K, P) -> (K, G)
        total = each.new_zeros((each.shape[0], self.groups.n_group))
        return total.index_add_(1, self.groups.group, each)

    def _kind_mean(self, top: Tensor, bottom: Tensor) -> Tensor:  # (K, G)
        kinds = sorted(set(self.groups.kind))
        number = torch.tensor([kinds.index(kind) for kind in self.groups.kind])
        bottom = bottom.expand(top.shape)
        one = top.new_zeros((top.shape[0], len(kinds)))
        total = one.index_add(1, number, top)
        return (total / one.index_add(1, number, bottom))[:, number]
