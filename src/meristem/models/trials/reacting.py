"""A fitted network of line factors times environment factors, and its fall-back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from meristem.models.catalog import restore
from meristem.models.mixture.fitted import model_states, pack_models
from meristem.models.protocol import Fitted
from meristem.models.trials.factors import EnvironmentFactors
from meristem.models.trials.fitted import FittedLines, OverEnvironments, restore_trials
from meristem.records import (
    FittedState,
    FloatArray,
    Genotypes,
    Posterior,
    StrArray,
)


@dataclass(frozen=True)
class FittedReactions(OverEnvironments):
    """Both paths; errors are those of the reaction norm."""

    lines: FittedLines
    networks: tuple[Fitted, ...]  # one per target, of a mean and slopes
    factors: EnvironmentFactors
    share: FloatArray  # (n_target,) of the network, in [0, 1]

    @property
    def environments(self) -> StrArray:
        """Environments of the training rows."""
        return self.lines.environments

    @property
    def foreseen(self) -> StrArray:
        """Environments that no training row is from, but whose covariates are known."""
        return self.lines.foreseen

    def seen(self, line: StrArray) -> FloatArray:  # (n, n_target)
        """Return in how many environments each line was trained on."""
        return self.lines.seen(line)

    def posterior_at(
        self, genotypes: Genotypes, line: StrArray, environment: StrArray
    ) -> Posterior:
        """Return the joint posterior of samples in environments; see `FittedTrials`."""
        base = self.lines.posterior_at(genotypes, line, environment)
        if not self.share.any():
            return base
        moved = self.share * self.beside(genotypes, environment, base.mean)
        return replace(base, mean=base.mean + moved)

    def beside(
        self,
        genotypes: Genotypes,
        environment: StrArray,  # (n_sample,)
        base: FloatArray,  # (n_sample, n_target) of the reaction norm
    ) -> FloatArray:  # (n_sample, n_target)
        """Return by how much the network's values differ from the reaction norm's."""
        factor = self.factors.of(environment)
        found = np.empty_like(base)
        for t, network in enumerate(self.networks):
            level = self.lines.targets[t].side(environment)[2]
            slopes = network.predict(genotypes).value  # (n_sample, 1 + n_factor)
            found[:, t] = level + (slopes * factor).sum(axis=1) - base[:, t]
        return found

    def components(self) -> pd.DataFrame:
        """Return variances of the reaction norm, and the share of the network."""
        own = [(t, "network share", s, np.nan) for t, s in enumerate(self.share)]
        table = self.lines.components()
        return pd.concat([table, pd.DataFrame(own, columns=table.columns)])

    def state(self) -> FittedState:
        """Return the fitted model as arrays and plain values."""
        arrays, models = pack_models((self.lines, *self.networks))
        arrays |= {
            "factor_name": self.factors.name,
            "factor_score": self.factors.score,
            "network_share": self.share,
        }
        return FittedState("reaction_network", arrays, {"models": models})


def restore_reactions(state: FittedState) -> FittedReactions:
    """Return the fitted model of a state."""
    lines, *networks = model_states(state)
    return FittedReactions(
        restore_trials(lines),
        tuple(restore(one) for one in networks),
        EnvironmentFactors(state.arrays["factor_name"], state.arrays["factor_score"]),
        state.arrays["network_share"],
    )
