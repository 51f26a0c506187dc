"""Where the good windows lie: posteriors over positions from the best architectures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from meristem.kinetics.search.space import Space
from meristem.records import FloatArray
from meristem.tune.optimisers import Trial, best_trials


@dataclass(frozen=True)
class WindowPosterior:
    """Distribution of each reaction's window over the best architectures.

    Attributes
    ----------
    reactions
        Reactions whose windows were searched.
    inclusion
        Share of architectures whose window covers a position.
    start, stop
        Start and end (excluded) of every architecture's window, -1 where left out.
    """

    reactions: tuple[str, ...]
    inclusion: FloatArray  # (n_reaction, n_position)
    start: np.ndarray  # (n_architecture, n_reaction)
    stop: np.ndarray  # (n_architecture, n_reaction)

    def intervals(self, level: float = 0.9) -> pd.DataFrame:
        """Return per reaction medians and intervals of start, middle and end."""
        rows = []
        tail = 100 * (1 - level) / 2
        for index, name in enumerate(self.reactions):
            kept = self.start[:, index] >= 0
            row: dict[str, object] = {"reaction": name, "present": kept.mean()}
            start, stop = self.start[kept, index], self.stop[kept, index]
            for label, values in (
                ("start", start),
                ("middle", (start + stop - 1) / 2),
                ("stop", stop),
            ):
                low, mid, high = np.percentile(values, [tail, 50, 100 - tail])
                row |= {label: mid, f"{label}_low": low, f"{label}_high": high}
            rows.append(row)
        return pd.DataFrame(rows)


def window_posterior(
    space: Space, trials: Sequence[Trial], *, top: int = 100
) -> WindowPosterior:
    """Return the posterior of the windows from the best different architectures.

    Parameters
    ----------
    space
        What was searched.
    trials
        Every trial of one search or of several.
    top
        How many of the best count.
    """
    best = best_trials(trials, top)
    names = tuple(n for n in space.scheme.reaction_names if n not in space.fixed)
    start = np.full((len(best), len(names)), -1)
    stop = np.full_like(start, -1)
    inclusion = np.zeros((len(names), space.n_position))
    for row, trial in enumerate(best):
        architecture = space.build(trial.point)
        windows = dict(
            zip(space.scheme.reaction_names, architecture.windows, strict=True)
        )
        for column, name in enumerate(names):
            window = windows[name]
            if window is None:
                continue
            start[row, column], stop[row, column] = window.start, window.stop
            inclusion[column, window.start : window.stop] += 1
    return WindowPosterior(names, inclusion / max(len(best), 1), start, stop)


def covers_truth(
    posterior: WindowPosterior,
    windows: Sequence[tuple[int, int]],
    *,
    level: float = 0.9,
) -> pd.DataFrame:
    """Tell whether true windows lie inside the posterior window of each reaction.

    The posterior window reaches from the lower bound of the start to the upper bound
    of the end.
    """
    table = posterior.intervals(level)
    truth = np.array(windows)
    table["true_start"], table["true_stop"] = truth[:, 0], truth[:, 1]
    table["covered"] = (table["start_low"] <= truth[:, 0]) & (
        table["stop_high"] >= truth[:, 1]
    )
    table["start_covered"] = (table["start_low"] <= truth[:, 0]) & (
        table["start_high"] >= truth[:, 0]
    )
    table["stop_covered"] = (table["stop_low"] <= truth[:, 1]) & (
        table["stop_high"] >= truth[:, 1]
    )
    return table
