"""`meristem select cycles`: programmes simulated from a run's own lines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from meristem.errors import ConfigError
from meristem.genetics.inheritance.maps import PlacedVariants
from meristem.io.genotypes.phased import read_phased
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.decisions.families import matched_phase
from meristem.pipeline.decisions.material import (
    MapRequest,
    Material,
    choose_label,
    line_haplotypes,
    model_variants,
    place_variants,
    read_material,
    refuse_heterozygous,
)
from meristem.pipeline.fitting import load_fitted
from meristem.records import FloatArray
from meristem.runs.keys import seed_words
from meristem.select.cycles.population import Trait, dosages
from meristem.select.cycles.programme import (
    Plan,
    compare_strategies,
    cycle_table,
    paired_differences,
)
from meristem.select.cycles.strategies import (
    Strategy,
    optimal_contributions,
    optimal_usefulness,
    random_choice,
    truncation,
    two_part,
)
from meristem.select.ranking.intensity import intensity

STRATEGIES = ("truncation", "ocs", "ocs+usefulness", "two-part", "random")


@dataclass(frozen=True)
class CycleRequest:
    """What the command asks for."""

    label: str = ""
    traits: tuple[str, ...] = ()
    candidates: Path | None = None
    phased: Path | None = None
    map: MapRequest = MapRequest()
    strategies: tuple[str, ...] = ("truncation", "ocs", "ocs+usefulness")
    plan: Plan = Plan()
    n_founder: int = 100
    n_parent: int = 20
    ne: float | None = None  # None: that of truncation
    h2: float = 0.5
    n_replicate: int = 20
    truth: str = "model"  # or "random": QTL drawn at random
    n_qtl: int = 100
    rapid: int = 2  # rounds of the two-part strategy


@dataclass(frozen=True)
class CycleResult:
    """One row per strategy, replicate and cycle; differences; what is said."""

    cycles: pd.DataFrame
    differences: pd.DataFrame
    notes: tuple[str, ...]


def simulate_cycles(analysis: Analysis, request: CycleRequest) -> CycleResult:
    """Return how strategies do over cycles, with the lines of a run as founders.

    The truth is the fitted model itself, nonlinear or not, or an architecture of QTL
    drawn at random; what the programme knows is learned anew from phenotypes of it.

    Raises
    ------
    ConfigError, DataError
        If something asked for is not there, or lines are not inbred.
    """
    _refuse_odd(request)
    analysis.keep_to_stored()
    fitted = load_fitted(analysis, choose_label(analysis, request.label))
    placed = place_variants(model_variants(analysis, fitted), request.map)
    material = read_material(
        analysis,
        label=request.label,
        traits=request.traits,
        candidates=request.candidates or request.phased,
        genetic_map=placed,
    )
    return run_cycles(analysis, material, placed, request)


def run_cycles(
    analysis: Analysis,
    material: Material,
    placed: PlacedVariants,
    request: CycleRequest,
) -> CycleResult:
    """Return how strategies do with the best lines of some material as founders."""
    _refuse_odd(request)
    order = placed.order
    best = np.argsort(-material.value, kind="stable")[: request.n_founder]
    lines = material.lines.take_samples(best)
    if request.phased is not None:
        halves = matched_phase(read_phased(request.phased), material.lines)[best]
    else:
        refuse_heterozygous(
            lines,
            "give phased genotypes (--phased FILE.vcf.gz, or crosses.phased of a plan)",
        )
        single = line_haplotypes(lines)
        halves = np.stack([single, single], axis=1)
    founders = halves[:, :, order]
    with threadpool_limits(limits=1):
        trait, words = _truth(analysis, material, founders, order, request)
        records = compare_strategies(
            founders,
            placed.genetic_map,
            trait,
            [_strategy(name, request) for name in request.strategies],
            request.plan,
            ne=request.ne,
            n_replicate=request.n_replicate,
            seed=np.random.SeedSequence(
                seed_words(analysis.config.run.seed, "cycles", material.label)
            ),
        )
    table = cycle_table(records)
    gaps = paired_differences(table, request.strategies[0])
    return CycleResult(table, gaps, _notes(table, gaps, placed.line, words, request))


def _refuse_odd(request: CycleRequest) -> None:
    unknown = [name for name in request.strategies if name not in STRATEGIES]
    if unknown or not request.strategies:
        raise ConfigError(
            f"there is no strategy called {unknown[0]!r}"
            if unknown
            else "no strategy is named",
            where="--strategy",
            remedy=f"use some of: {', '.join(STRATEGIES)}",
        )
    if len(set(request.strategies)) < len(request.strategies):
        raise ConfigError(
            "a strategy is named twice", where="--strategy", remedy="name each once"
        )
    if request.ne is None and request.strategies[0] not in ("truncation", "random"):
        raise ConfigError(
            "nothing says which effective size the first strategy is to keep",
            where="--ne",
            remedy="give --ne, or name truncation first: the others keep to its Ne",
        )
    if not 0 < request.h2 < 1:
        raise ConfigError(
            f"a heritability of {request.h2:g} is not possible",
            where="--h2",
            remedy="give a share above 0 and below 1",
        )
    if request.truth not in ("model", "random"):
        raise ConfigError(
            f"there is no truth called {request.truth!r}",
            where="--truth",
            remedy="use model or random",
        )


def _strategy(name: str, request: CycleRequest) -> Strategy:
    if name == "truncation":
        return truncation(request.n_parent)
    if name == "random":
        return random_choice()
    if name == "two-part":
        return two_part(request.rapid)
    if name == "ocs":
        return optimal_contributions()
    share = min(0.5, request.n_parent / (request.plan.n_cross * request.plan.n_line))
    return optimal_usefulness(intensity(share) * np.sqrt(request.h2))


def _truth(
    analysis: Analysis,
    material: Material,
    founders: np.ndarray,  # (n, 2, n_locus)
    order: np.ndarray,
    request: CycleRequest,
) -> tuple[Trait, str]:
    n_locus = order.size
    calls = dosages(founders)
    if request.truth == "random":
        rng = analysis.rng("architecture", material.label)
        varies = np.flatnonzero(calls.std(axis=0) > 0)
        at = rng.choice(varies, min(request.n_qtl, varies.size), replace=False)
        effect = np.zeros(n_locus)
        effect[at] = rng.normal(size=at.size)
        words = f"{at.size} QTL of normal effects"

        def value(dosage: np.ndarray) -> FloatArray:
            return dosage @ effect

    else:
        effect = material.effects.additive[order]
        back = np.argsort(order)
        words = f"the truth is {material.label} itself ({material.merit.words})"
        if material.additive:
            level = material.effects.intercept

            def value(dosage: np.ndarray) -> FloatArray:
                return level + dosage @ effect

        else:

            def value(dosage: np.ndarray) -> FloatArray:
                return material.predict(dosage[:, back])

    spread = float(value(calls).var())
    if spread <= 0:
        raise ConfigError(
            "the founders do not differ in the trait",
            remedy="take more founders (founders)",
        )
    return Trait(value, effect, spread * (1 - request.h2) / request.h2), words


CLOSE = 0.05
"""Relative difference up to which two Ne are called equal."""


def compared_sizes(ne: float, reference: float) -> str:
    """Return whether two strategies were compared at equal Ne, in words.

    Examples
    --------
    >>> compared_sizes(10.2, 10.0)
    'at equal Ne (10.2 against 10.0)'
    >>> compared_sizes(8.0, 10.0)
    'not at equal Ne: 8.0 against 10.0, 20% lower'
    """
    both = f"{ne:.1f} against {reference:.1f}"
    if not np.isfinite([ne, reference]).all():
        known = [one for one in (ne, reference) if np.isfinite(one)]
        return "at no inbreeding" if not known else "not at equal Ne: one has no loss"
    apart = ne / reference - 1
    if abs(apart) <= CLOSE:
        return f"at equal Ne ({both})"
    word = "higher" if apart > 0 else "lower"
    return f"not at equal Ne: {both}, {abs(apart):.0%} {word}"


def _size(ne: float) -> str:
    return f"Ne {ne:.1f}" if np.isfinite(ne) else "no inbreeding"


def _notes(
    table: pd.DataFrame,
    gaps: pd.DataFrame,
    placed: str,
    words: str,
    request: CycleRequest,
) -> tuple[str, ...]:
    start = table[table["cycle"] == 0].groupby("strategy")["genic_sd"].mean()
    last = table[table["cycle"] == request.plan.n_cycle].groupby("strategy", sort=False)
    lines = [
        f"{name} gains {rows['gain'].mean():.2f} genic SD of the founders in "
        f"{request.plan.n_cycle} cycles at {_size(rows['effective'].median())}, with "
        f"{rows['genic_sd'].mean() / start[name]:.0%} of their genic SD left"
        for name, rows in last
    ]
    final = gaps[gaps["cycle"] == request.plan.n_cycle] if len(gaps) else gaps
    for _, row in final.iterrows():
        told = (
            "above"
            if row["low"] > 0
            else "below"
            if row["high"] < 0
            else "not told apart from"
        )
        lines.append(
            f"{row['strategy']} is {told} {row['reference']} in gain: "
            f"{row['difference']:+.2f} ({row['low']:+.2f} to {row['high']:+.2f}, "
            f"paired 95 %, {row['n_replicate']:.0f} replicates), "
            + compared_sizes(row["ne"], row["ne_reference"])
        )
    return (placed, words, *lines)
