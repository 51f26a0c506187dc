"""Backcrosses, three- and four-way crosses made of the best two-way crosses."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from meristem.genetics.inheritance.maps import MapFunction, PlacedVariants
from meristem.genetics.inheritance.transmission import transmission_product
from meristem.pipeline.decisions.material import Material
from meristem.records import FloatArray, IntArray
from meristem.select.crosses.inbred import four_way_moments


def multiparent_table(
    material: Material,
    placed: PlacedVariants,
    pairs: IntArray,  # (n_pair, 2) rows of the lines, best first
    value: FloatArray,  # (n_line,)
    factor: float,
    function: MapFunction = "haldane",
) -> pd.DataFrame:
    """Return doubled haploids of the best pairs crossed with each other.

    Pairs that share a line make three-way crosses, the others four-way crosses; each
    pair is crossed back to both of its lines.

    Parameters
    ----------
    material, placed
        Lines, effects, and where the variants lie.
    pairs
        The two-way crosses to combine.
    value
        Of the lines by the effects.
    factor
        Intensity times accuracy.
    function
        How map distance becomes recombination.
    """
    lines, place = np.unique(pairs, return_inverse=True)
    place = place.reshape(pairs.shape)
    calls = material.lines.call_dosage[lines][:, placed.order]
    additive = material.effects.additive[placed.order]
    first, second = (
        transmission_product(calls, additive, placed.genetic_map, power, function)
        for power in (np.array([1.0]), np.array([0.0, 1.0]))
    )
    made = [_ordered(place[a], place[b]) for a, b in combinations(range(len(pairs)), 2)]
    made += [[a, b, back, back] for a, b in place.tolist() for back in (a, b)]
    parents = np.array(made)
    mean, variance = four_way_moments(value[lines], first, second, parents)
    sd = np.sqrt(variance)
    names = material.lines.sample_id[lines[parents]]
    three = parents[:, 2] == parents[:, 3]
    table = pd.DataFrame(names, columns=[f"parent_{k}" for k in range(1, 5)])
    table.loc[three, "parent_4"] = ""
    back = three & (parents[:, [2]] == parents[:, :2]).any(axis=1)
    kind = np.select([back, three], ["backcross", "three-way"], "four-way")
    table.insert(0, "kind", kind)
    table["mean"], table["sd"] = mean, sd
    table["usefulness"] = mean + factor * sd
    table = table.sort_values("usefulness", ascending=False, kind="stable")
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table.reset_index(drop=True)


def _ordered(one: IntArray, two: IntArray) -> list[int]:
    """Return (A x B) x (C x D); with a shared line C: (A x B) x C."""
    shared = set(one.tolist()) & set(two.tolist())
    if not shared:
        return [*one.tolist(), *two.tolist()]
    both = shared.pop()
    others = [line for line in (*one.tolist(), *two.tolist()) if line != both]
    return [*others, both, both]
