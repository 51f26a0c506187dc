"""Ways to take confounders out, side by side: what each leaves, and what it keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meristem.config.represent import DeconfoundMethod, RepresentOptions
from meristem.records import FloatArray, IntArray, OmicsTable, StrArray
from meristem.representation.confound.confounders import Confounder
from meristem.representation.confound.linear import fit_regression
from meristem.representation.confound.probe import (
    held_folds,
    probe_confounder,
    probe_values,
)
from meristem.representation.represented import fit_representation
from meristem.representation.scale import fit_feature_scale
from meristem.representation.sets.membership import FeatureSets

PROBE_FOLDS = 3
RAW: DeconfoundMethod = "none"
_RIVALS: tuple[DeconfoundMethod, ...] = (
    *(RAW, "regression", "combat", "alignment", "components"),
)
MARGIN = 0.02
"""Difference in a probe, or in what is kept, that counts."""


@dataclass(frozen=True)
class Removal:
    """What is judged, over the rows that hold values."""

    table: OmicsTable
    options: RepresentOptions
    k: int
    confounders: Sequence[Confounder]
    sets: FeatureSets | None
    seed: int

    def learn(self, method: DeconfoundMethod, train: IntArray) -> FloatArray:
        """Return the factors of all rows, learned on some with one way of removal."""
        found = fit_representation(
            self.table.take_samples(train),
            self.options.model_copy(update={"deconfound": method}),
            rng=np.random.default_rng(self.seed),
            k=self.k,
            confounders=[one.take(train) for one in self.confounders],
            sets=self.sets,
        )
        return found.factors(self.table, self.confounders).value

    def biology(self, member: NDArray[np.bool_] | None) -> FloatArray:
        """Return what has to be kept, shape (n_sample, n): means of gene sets.

        Linear effects of the confounders are off them. Without sets: the features
        themselves, 200 at most.
        """
        counts = self.options.likelihood != "gaussian"
        x = fit_feature_scale(self.table.value, counts=counts).apply(self.table.value)
        x = np.nan_to_num(
            fit_regression(x, self.confounders).clean(x, self.confounders)
        )
        if member is not None and member.shape[0]:
            return x @ (member / member.sum(axis=1, keepdims=True)).T
        some = np.linspace(0, x.shape[1] - 1, min(200, x.shape[1])).astype(int)
        return np.asarray(x[:, some])


def removals(
    removal: Removal, line: StrArray, rng: np.random.Generator
) -> pd.DataFrame:
    """Judge the way chosen, no removal and the linear rivals on rows held out.

    Rows of one line are held out together. Columns: method, chosen, confounder, chance,
    linear, radial (see `probe_confounder`) and kept: the mean r of gene sets told from
    the factors.
    """
    folds = held_folds(line, PROBE_FOLDS, rng)
    member = None if removal.sets is None else removal.sets.member
    biology = removal.biology(member)
    own = removal.options.deconfound
    rows = []
    for method in dict.fromkeys((RAW, own, *_RIVALS)):
        kept: dict[bytes, FloatArray] = {}

        def learn(
            train: IntArray,
            method: DeconfoundMethod = method,
            kept: dict[bytes, FloatArray] = kept,
        ) -> FloatArray:
            if train.tobytes() not in kept:
                kept[train.tobytes()] = removal.learn(method, train)
            return kept[train.tobytes()]

        told = float(np.nan_to_num(probe_values(learn, biology, folds)).mean())
        for one in removal.confounders:
            probe = partial(probe_confounder, learn, one, folds)
            levels = np.unique(one.label[one.label != ""]).size
            rows.append(
                {
                    "method": method,
                    "chosen": method == own,
                    "confounder": one.name,
                    "chance": 0.0 if one.number is not None else 1 / levels,
                    "linear": probe(),
                    "radial": probe(nonlinear=True),
                    "kept": told,
                }
            )
    return pd.DataFrame(rows)


def better_removal(table: pd.DataFrame) -> str:
    """Return the way that leaves and keeps as much, and one of both better; or "".

    What a method leaves of a confounder is the larger of its probes over chance; it
    leaves no more where that holds of every confounder.
    """
    left = table[["linear", "radial"]].max(axis=1) - table["chance"]
    score = table.assign(left=left).pivot(index="method", columns="confounder")
    left = score["left"].fillna(0.0)
    kept = table.groupby("method")["kept"].first()
    own = str(table.loc[table["chosen"], "method"].iloc[0])
    less, more = left - left.loc[own], kept - kept[own]
    better = (less <= 1e-9).all(axis=1) & (more >= -1e-9)
    better &= (less < -MARGIN).any(axis=1) | (more > MARGIN)
    names = better.index[better].drop([own, RAW], errors="ignore")
    if names.empty:
        return ""
    return str((more - less.mean(axis=1))[names].idxmax())
