"""Score sites by several fits together: averages of their log rates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit, logit

from meristem.errors import ConfigError
from meristem.kinetics.cas9.sites import Sites
from meristem.kinetics.scoring.score import SiteScorer, SiteScores
from meristem.records import FloatArray


class PooledScorer:
    """Several scorers as one.

    The log rate is the weighted mean of theirs, the spread that of all members around
    it: what the fits differ by counts as much as what the members of one differ by.

    Parameters
    ----------
    scorers
        Of schemes with the same reactions.
    weight
        One per scorer, not negative; they are brought to a sum of 1. Equal if empty.

    Raises
    ------
    ConfigError
        If the schemes differ, or the weights do not fit.
    """

    def __init__(
        self, scorers: Sequence[SiteScorer], weight: Sequence[float] = ()
    ) -> None:
        first = scorers[0].scheme
        for number, scorer in enumerate(scorers[1:], 2):
            if scorer.scheme.observable != first.observable:
                raise ConfigError(
                    f"model {number} says a {scorer.scheme.observable}, the first a "
                    f"{first.observable}",
                    where="--model",
                    remedy="score models of one observable together",
                )
            if scorer.scheme.reaction_names != first.reaction_names:
                raise ConfigError(
                    f"model {number} has other reactions than the first",
                    where="--model",
                    remedy="score models of one scheme together",
                )
            if scorer.pam.place != scorers[0].pam.place:
                raise ConfigError(
                    f"model {number} reads another PAM than the first",
                    where="--model",
                    remedy="score models of one enzyme together",
                )
        given = np.array(weight or [1.0] * len(scorers), dtype=float)
        odd = not 0 < given.sum() < np.inf or (given < 0).any()
        if given.size != len(scorers) or odd:
            raise ConfigError(
                f"{given.size} weights ({', '.join(f'{w:g}' for w in given)}) do not "
                f"fit {len(scorers)} models",
                where="--weight",
                remedy="give one finite number per model, zero or positive, or none",
            )
        self.scorers = tuple(scorers)
        self.weight: FloatArray = given / given.sum()
        self.scheme = scorers[0].scheme
        self.pam = scorers[0].pam

    def score_sites(self, sites: Sites) -> SiteScores:
        """Return the scores of pairs by all models together."""
        scores = [scorer.score_sites(sites) for scorer in self.scorers]
        rate = np.stack([s.log10_rate for s in scores])
        mean = self.weight @ rate
        within = np.stack([s.spread for s in scores]) ** 2
        constants = np.stack([s.log10_rates for s in scores])
        known = [s.probability for s in scores if s.probability is not None]
        probability = None
        if len(known) == len(scores):
            odds = logit(np.clip(np.stack(known), 1e-300, 1 - 1e-16))
            probability = expit(self.weight @ odds)
        return SiteScores(
            log10_rate=mean,
            spread=np.sqrt(self.weight @ (within + (rate - mean) ** 2)),
            edits=scores[0].edits,
            log10_rates=np.einsum("m,mnr->nr", self.weight, constants),
            probability=probability,
        )
