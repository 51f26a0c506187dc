"""Choose architectures within one guide, and fit them: the other guide stays unseen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from meristem.kinetics.cas9.channels import MISMATCH_KINDS, channel_names
from meristem.kinetics.network.ensemble import BLOCK
from meristem.kinetics.network.fit import fit_kinns
from meristem.kinetics.network.kinn import Architecture, FitOptions, Measurements
from meristem.kinetics.scheme.scheme import Scheme
from meristem.records import FloatArray
from meristem.stats.folds import grouped_folds
from meristem.stats.metrics import pearson

SPACER = 20
"""Bases of a spacer from the PAM, in which mismatches are held out."""

SEARCH_OPTIONS = FitOptions(epochs=120, patience=15)


def sequence_folds(
    data: Measurements, n_fold: int, rng: np.random.Generator
) -> FloatArray:  # (n_fold, n) 1 where held out
    """Return folds in which rows of one group (sequence) stay together."""
    fold = grouped_folds(data.group, n_fold, rng, noun="sequences")
    return (fold == np.arange(n_fold)[:, None]).astype(float)


def kind_folds(
    data: Measurements,
    n_fold: int,
    rng: np.random.Generator,
    *,
    length: int = 10,
) -> FloatArray:  # (n_fold, n) 1 where held out
    """Return folds that hold out one kind of mismatch in one stretch of the spacer.

    A new guide has other bases at every position, hence other kinds of mismatch there
    than the training guide showed.
    """
    names = channel_names(data.channels)
    kinds = [names.index(kind) for kind in MISMATCH_KINDS]
    out = np.zeros((n_fold, len(data.y)))
    first = data.pam.length
    last = min(first + SPACER, data.x.shape[1]) - length
    for fold in range(n_fold):
        kind = kinds[fold % len(kinds)]
        start = int(rng.integers(first, last + 1))
        out[fold] = (data.x[:, start : start + length, kind] > 0).any(axis=1)
    return out[out.any(axis=1)]


@dataclass
class GroupedReward:
    """Reward of an architecture: correlation on held-out sequences of the same rows.

    Attributes
    ----------
    scheme, data, options
        What is fitted.
    held_out
        Folds of sequences or of edits; each architecture is fitted once per fold.
    rng
        Order of the batches.
    """

    scheme: Scheme
    data: Measurements
    held_out: FloatArray  # (n_fold, n)
    rng: np.random.Generator
    options: FitOptions = SEARCH_OPTIONS

    def __call__(self, architectures: Sequence[Architecture]) -> FloatArray:
        """Return one reward per architecture: the mean over the folds."""
        n_fold = len(self.held_out)
        members = [(a, f) for a in range(len(architectures)) for f in range(n_fold)]
        rewards = np.zeros((len(architectures), n_fold))
        for i in range(0, len(members), BLOCK):
            block = members[i : i + BLOCK]
            held = self.held_out[[fold for _, fold in block]]
            fit = fit_kinns(
                self.scheme,
                [architectures[a] for a, _ in block],
                self.data,
                1.0 - held,
                held,
                rng=self.rng,
                options=self.options,
            )
            for (a, fold), row in zip(block, fit.validation, strict=True):
                rows = np.isfinite(row)
                # what does not vary earns nothing
                r = pearson(self.data.y[rows], row[rows])
                rewards[a, fold] = np.nan_to_num(r)
        return rewards.mean(axis=1)
