"""Clamping two latents at once: where the effect of one depends on the other."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from meristem.interpret.attribution.gradients import member_signs
from meristem.interpret.importance.sensitivity import (
    Sensitivity,
    chosen_latents,
    member_range,
)
from meristem.models.protocol import FittedNetwork
from meristem.records import FloatArray, Genotypes, Phenotypes, StrArray

INTERACTION_COLUMNS = (
    "node_1",
    "node_2",
    "trait",
    "environment",
    "signed",
    "absolute",
    "low",
    "high",
)


@dataclass(frozen=True)
class Interaction:
    """What moving two latents together does beyond moving each alone."""

    node_1: StrArray  # (n_pair,)
    node_2: StrArray  # (n_pair,)
    clamp_sd: float
    signed: FloatArray  # (n_member, n_pair, n_target) mean over samples, own signs
    absolute: FloatArray  # (n_member, n_pair, n_target) mean of absolute values


def clamping_interactions(
    fitted: FittedNetwork,
    genotypes: Genotypes,
    pairs: tuple[tuple[str, str], ...],
    *,
    clamp_sd: float = 1.0,
) -> Interaction:
    """Return how far the effect of one latent depends on another.

    With f(s, t) the prediction while node 1 is held at mu_1 + s a sigma_1 and node 2
    at mu_2 + t a sigma_2: (f(1, 1) - f(1, -1) - f(-1, 1) + f(-1, -1)) / 4. It is 0
    where effects add up, and a^2 sigma_1 sigma_2 c for a product c z_1 z_2.

    Parameters
    ----------
    fitted
        A fitted network.
    genotypes
        Samples over which the latents vary.
    pairs
        Names of the two nodes of each pair.
    clamp_sd
        a, the size of the step.

    Returns
    -------
    Interaction
        One value per member, pair and target.
    """
    names = tuple(dict.fromkeys(name for pair in pairs for name in pair))
    _, latent = chosen_latents(fitted, genotypes, names)
    mean, sd = latent.mean(axis=1), latent.std(axis=1)
    place = {name: number for number, name in enumerate(names)}
    change_of = fitted.hold(genotypes)
    signed, absolute = [], []
    for pair in pairs:
        columns = [place[name] for name in pair]
        change = np.zeros(1)  # grows to (n_member, n_sample, n_target)
        for s, t in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
            step = clamp_sd * np.array([s, t])
            value = mean[:, columns] + step * sd[:, columns]
            change = change + s * t * change_of(pair, value) / 4
        signed.append(change.mean(axis=1))
        absolute.append(np.abs(change).mean(axis=1))
    return Interaction(
        np.array([pair[0] for pair in pairs]),
        np.array([pair[1] for pair in pairs]),
        clamp_sd,
        np.stack(signed, axis=1),
        np.stack(absolute, axis=1),
    )


def interaction_table(
    fitted: FittedNetwork,
    genotypes: Genotypes,
    phenotypes: Phenotypes,
    sensitivity: Sensitivity,
    *,
    top: int = 10,
    most_pairs: int = 200,
) -> pd.DataFrame:
    """Return `interactions.csv`: the pairs among each target's most sensitive nodes.

    Parameters
    ----------
    fitted, genotypes
        See `clamping_interactions`.
    phenotypes
        Names of the targets, in the order of the network's outputs.
    sensitivity
        Of the nodes; nodes the prediction does not depend on are left out. Where the
        network says which sets it multiplies, these come first: all others add up.
    top
        Nodes per target.
    most_pairs
        Pairs clamped in all: many targets get fewer nodes each, 3 at least.

    Returns
    -------
    DataFrame
        One row per pair and target: the mean over samples (`signed`, units of the
        trait, in the signs of the ensemble's latents) with the range over members,
        and the mean of absolute values.
    """
    per_target = max(3, most_pairs // max(phenotypes.n_target, 1))
    while top > 3 and top * (top - 1) // 2 > per_target:
        top -= 1
    chosen = [
        _top_pairs(sensitivity, target, top, fitted.multiplied(target))
        for target in range(phenotypes.n_target)
    ]
    pairs = tuple(dict.fromkeys(pair for found in chosen for pair in found))
    if not pairs:
        return pd.DataFrame(columns=list(INTERACTION_COLUMNS))
    found = clamping_interactions(
        fitted, genotypes, pairs, clamp_sd=sensitivity.clamp_sd
    )
    place = {pair: number for number, pair in enumerate(pairs)}
    aligned = found.signed * _pair_signs(fitted, genotypes, pairs)[:, :, None]
    low, high = member_range(aligned)
    signed, absolute = aligned.mean(axis=0), found.absolute.mean(axis=0)
    frames = []
    for target, own in enumerate(chosen):
        rows = [place[pair] for pair in own]
        frames.append(
            pd.DataFrame(
                {
                    "node_1": found.node_1[rows],
                    "node_2": found.node_2[rows],
                    "trait": str(phenotypes.trait_name[target]),
                    "environment": str(phenotypes.environment_name[target]),
                    "signed": signed[rows, target],
                    "absolute": absolute[rows, target],
                    "low": low[rows, target],
                    "high": high[rows, target],
                }
            )
        )
    return pd.concat(frames, ignore_index=True)[list(INTERACTION_COLUMNS)]


def _pair_signs(
    fitted: FittedNetwork, genotypes: Genotypes, pairs: tuple[tuple[str, str], ...]
) -> FloatArray:  # (n_member, n_pair)
    """Return what brings each member's interactions to the signs of the ensemble."""
    names = tuple(dict.fromkeys(name for pair in pairs for name in pair))
    index, latent = chosen_latents(fitted, genotypes, names)
    sign = member_signs(latent, fitted.latents(genotypes).value[:, index])
    place = {name: number for number, name in enumerate(names)}
    first, second = ([place[pair[side]] for pair in pairs] for side in (0, 1))
    signs: FloatArray = sign[:, first] * sign[:, second]
    return signs


def _top_pairs(
    sensitivity: Sensitivity,
    target: int,
    top: int,
    multiplied: tuple[tuple[str, str], ...],
) -> list[tuple[str, str]]:
    """Return the pairs of the top nodes of a target, in the order of the nodes."""
    value = sensitivity.mean()[:, target]
    first = [name for pair in multiplied for name in pair]
    later = ~np.isin(sensitivity.node_name, first)
    order = np.lexsort((-value, later))[:top]
    used = np.sort(order[value[order] > 0])
    return list(combinations(sensitivity.node_name[used].astype(str).tolist(), 2))
