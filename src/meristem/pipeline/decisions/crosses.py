"""`meristem select crosses`: all pairs of candidates, ranked by usefulness."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from meristem.errors import ConfigError, DataError
from meristem.genetics.maps import PlacedVariants
from meristem.genetics.meiosis import Haplotypes
from meristem.io.genotypes.phased import PhasedGenotypes, read_phased
from meristem.models.protocol import MarkerSum
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.decisions.material import (
    MapRequest,
    Material,
    choose_label,
    line_haplotypes,
    model_variants,
    place_variants,
    read_material,
    refuse_heterozygous,
    rows_of,
)
from meristem.pipeline.fitting import load_fitted
from meristem.prepare.match import match_variants
from meristem.records import FloatArray, Genotypes, IntArray
from meristem.select.crosses.criteria import (
    all_usefulness,
    best_pairs,
    chance_above,
    progeny_needed,
)
from meristem.select.crosses.families import family_means
from meristem.select.crosses.inbred import pair_variances
from meristem.select.crosses.outbred import child_moments, gamete_variances
from meristem.select.crosses.pools import combining_abilities
from meristem.select.crosses.progeny import DH_OF_F1, Progeny
from meristem.select.crosses.simulated import (
    SimulatedCrosses,
    Simulation,
    pilot_rows,
    simulate_crosses,
    undecided,
)
from meristem.select.crosses.uncertain import posterior_mean_variances
from meristem.select.exports.effects import refuse_poor_line
from meristem.select.ranking.intensity import expected_maximum, intensity

N_PILOT = 20
"""Crosses simulated to learn what the linear formula misses."""


@dataclass(frozen=True)
class CrossRequest:
    """What the command asks for."""

    label: str = ""
    traits: tuple[str, ...] = ()
    candidates: Path | None = None
    phased: Path | None = None
    pools: str = ""  # grouping of the run whose two labels are crossed
    map: MapRequest = MapRequest()
    progeny: Progeny | None = DH_OF_F1  # None: families of outbred parents
    selected: float = 0.05
    accuracy: float = 1.0
    check: str = ""
    top: int = 200
    simulate: int = 0  # progeny of each cross that the formula cannot decide
    most_simulated: int = 200
    draws: int = 0  # of the effects, for the posterior mean variance
    n_progeny: int = 100  # of which the best is expected


@dataclass(frozen=True)
class CrossResult:
    """The table, and what is said about it."""

    table: pd.DataFrame
    notes: tuple[str, ...]


def rank_crosses(analysis: Analysis, request: CrossRequest) -> CrossResult:
    """Return the best crosses of the candidates of a run.

    Parameters
    ----------
    analysis
        A finished run.
    request
        What to rank, and by what.

    Raises
    ------
    ConfigError, DataError
        If something asked for is not there, lines are not inbred, or a network is far
        from linear and no progeny are simulated.
    """
    _refuse_odd(request)
    analysis.keep_to_stored()
    fitted = load_fitted(analysis, choose_label(analysis, request.label))
    variants = model_variants(analysis, fitted)
    with threadpool_limits(limits=1):
        if request.progeny is None:
            material = read_material(
                analysis,
                label=request.label,
                traits=request.traits,
                candidates=request.candidates or request.phased,
            )
            return _families(analysis, material, request)
        placed = place_variants(variants, request.map)
        material = read_material(
            analysis,
            label=request.label,
            traits=request.traits,
            candidates=request.candidates,
            genetic_map=placed,
        )
        return _inbred(analysis, material, placed, request)


def _refuse_odd(request: CrossRequest) -> None:
    intensity(request.selected)
    if not 0 < request.accuracy <= 1:
        raise ConfigError(
            f"an accuracy of {request.accuracy:g} is not possible",
            where="--accuracy",
            remedy="give a correlation above 0 and at most 1",
        )
    if request.pools and request.progeny is not None:
        raise ConfigError(
            "pools are crossed to hybrids",
            where="--pools",
            remedy="add --progeny family",
        )
    if request.phased is not None and request.progeny is not None:
        raise ConfigError(
            "phased parents have no progeny of inbred lines",
            where="--phased",
            remedy="add --progeny family",
        )


def _inbred(
    analysis: Analysis,
    material: Material,
    placed: PlacedVariants,
    request: CrossRequest,
) -> CrossResult:
    progeny = request.progeny or DH_OF_F1
    lines, effects = material.lines, material.effects
    refuse_heterozygous(lines)
    if lines.n_sample < 2:
        raise DataError("one candidate makes no cross", remedy="give more lines")
    if not request.simulate:
        refuse_poor_line(effects, material.label)
    factor = intensity(request.selected) * request.accuracy
    order = placed.order
    function = request.map.function
    additive = effects.additive[order]
    calls = lines.call_dosage[:, order]
    variance = pair_variances(calls, additive, placed.genetic_map, progeny, function)
    sd_known = None
    if request.draws:
        sd_known = variance.copy()
        variance = _uncertain(analysis, material, placed, request, progeny)
    value = effects.value(lines.call_dosage, lines.ploidy)
    # additive values: an inbred line has no heterozygotes to speak of
    score = all_usefulness(value, variance, factor)
    first, second = best_pairs(score, max(request.top, request.most_simulated))
    linear = score[first, second]
    mean = (value[first] + value[second]) / 2
    sd = (linear - mean) / factor
    table = _table(lines, (first, second), mean, sd, linear)
    if sd_known is not None:
        table["sd_effects_known"] = np.sqrt(sd_known[first, second])
    notes = [
        placed.line,
        f"{lines.n_sample * (lines.n_sample - 1) // 2:,} crosses of "
        f"{lines.n_sample:,} lines ranked, progeny {progeny.name}, "
        f"{request.map.function} map function",
        f"usefulness = mean + {factor:.3f} sd (best {request.selected:.0%} of each "
        f"family, accuracy {request.accuracy:g} within it)",
    ]
    if request.accuracy == 1:
        notes.append(
            "caution: the accuracy within families is taken as 1; give --accuracy"
        )
    if material.linearised is not None:
        notes.append(
            f"the model is no sum over markers: its best line explains "
            f"{effects.r2:.3f} of it among simulated progeny"
        )
    if request.simulate:
        table, said = _simulated(analysis, material, placed, request, table, factor)
        notes += said
    table = table.sort_values("usefulness", ascending=False, kind="stable")
    return CrossResult(_finish(material, request, table, progeny.name), tuple(notes))


def _uncertain(
    analysis: Analysis,
    material: Material,
    placed: PlacedVariants,
    request: CrossRequest,
    progeny: Progeny,
) -> FloatArray:  # (n_line, n_line)
    fitted = material.fitted
    total: FloatArray | None = None
    if isinstance(fitted, MarkerSum):
        rng = analysis.rng("effects", material.label)
        for target in np.flatnonzero(material.merit.weights).tolist():
            drawn = fitted.effect_draws(target, request.draws, rng)
            if drawn is None:
                total = None
                break
            part = drawn * fitted.scale.weight * material.merit.weights[target]
            total = part if total is None else total + part
    if total is None:
        raise ConfigError(
            f"{material.label} has no posterior of its marker effects",
            where="--draws",
            remedy="name a linear model (--model), or leave --draws out",
        )
    return posterior_mean_variances(
        material.lines.call_dosage[:, placed.order],
        total[:, placed.order],
        placed.genetic_map,
        progeny,
        request.map.function,
    )


def _simulated(
    analysis: Analysis,
    material: Material,
    placed: PlacedVariants,
    request: CrossRequest,
    table: pd.DataFrame,
    factor: float,
) -> tuple[pd.DataFrame, list[str]]:
    """Replace what the linear formula cannot decide by simulated progeny."""
    order, back = placed.order, np.argsort(placed.order)
    haplotypes = line_haplotypes(material.lines)[:, order]
    rng = analysis.rng("progeny", material.label)
    seed = int(rng.integers(2**31))
    pairs = table["row_1"].to_numpy(), table["row_2"].to_numpy()

    def simulate(rows: IntArray) -> SimulatedCrosses:
        return simulate_crosses(
            lambda calls: material.predict(calls[:, back]),
            haplotypes,
            (pairs[0][rows], pairs[1][rows]),
            material.effects.additive[order],
            placed.genetic_map,
            request.progeny or DH_OF_F1,
            Simulation(request.simulate, factor, request.selected),
            rng=np.random.default_rng(seed),  # the same crossovers for every cross
        )

    linear = table["usefulness"].to_numpy().copy()
    pilot = pilot_rows(linear.size, N_PILOT, rng)
    tried = simulate(pilot)
    misfit = float(np.std(tried.usefulness - linear[pilot]))
    open_ = undecided(linear, misfit, request.top)
    rows = open_[: request.most_simulated]
    found = simulate(rows)
    table = table.copy()
    table["usefulness_linear"] = linear
    table["mean_linear"] = table["mean"]
    for name in ("error", "best_share", "control_r2"):
        table[name] = np.nan
    at = table.index[rows]
    table.loc[at, "mean"] = found.mean
    table.loc[at, "sd"] = found.sd
    table.loc[at, "usefulness"] = found.usefulness
    table.loc[at, "error"] = found.error
    table.loc[at, "best_share"] = found.best_share
    table.loc[at, "control_r2"] = found.r2
    typical = float(np.median(found.error))
    notes = [
        f"the linear formula misses the simulated usefulness by {misfit:.3g} (sd over "
        f"{pilot.size} crosses); {rows.size} of {open_.size} crosses that it cannot "
        f"decide are simulated, {found.n_progeny} progeny each, Monte-Carlo error "
        f"{typical:.2g}"
    ]
    return table, notes


def _table(
    lines: Genotypes,
    pairs: tuple[IntArray, IntArray],
    mean: FloatArray,
    sd: FloatArray,
    useful: FloatArray,
) -> pd.DataFrame:
    first, second = pairs
    return pd.DataFrame(
        {
            "parent_1": lines.sample_id[first],
            "parent_2": lines.sample_id[second],
            "row_1": first,
            "row_2": second,
            "mean": mean,
            "sd": sd,
            "usefulness": useful,
        }
    )


def _finish(
    material: Material, request: CrossRequest, table: pd.DataFrame, kind: str
) -> pd.DataFrame:
    """Add what breeders read off moments; keep the best."""
    table = table.head(request.top).reset_index(drop=True)
    mean, sd = table["mean"].to_numpy(), table["sd"].to_numpy()
    value = material.value
    rows = table["row_1"].to_numpy(), table["row_2"].to_numpy()
    table["value_1"], table["value_2"] = value[rows[0]], value[rows[1]]
    best = expected_maximum(request.n_progeny)
    table[f"best_of_{request.n_progeny}"] = mean + best * sd
    if request.check:
        check = rows_of(material.lines, (request.check,), "--check")[0]
        chance = chance_above(mean, sd, float(value[check]))
        table["above_check"] = chance
        table["progeny_needed"] = progeny_needed(chance)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    table["progeny"], table["model"] = kind, material.label
    table["merit"] = material.merit.words
    return table.drop(columns=["row_1", "row_2"])


def _families(
    analysis: Analysis, material: Material, request: CrossRequest
) -> CrossResult:
    """Rank full-sib families of outbred parents: mean, and spread if phased."""
    lines, effects = material.lines, material.effects
    refuse_poor_line(effects, material.label)
    n_variant = lines.n_variant
    dominance = np.zeros(n_variant) if effects.dominance is None else effects.dominance
    calls = line_calls(lines)
    means = family_means(calls, effects.additive, dominance, ploidy=lines.ploidy)
    means += effects.intercept
    factor = intensity(request.selected) * request.accuracy
    notes = [f"{lines.n_sample * (lines.n_sample - 1) // 2:,} families ranked"]
    if request.pools:
        return _hybrids(analysis, material, means, request)
    if request.phased is None:
        first, second = best_pairs(means, request.top)
        mean = means[first, second]
        table = _table(lines, (first, second), mean, np.full(mean.size, np.nan), mean)
        notes.append("the spread within families needs phased parents (--phased)")
        return CrossResult(_finish(material, request, table, "family"), tuple(notes))
    placed = place_variants(lines.variants, request.map)
    phased = read_phased(request.phased)
    haplotypes = matched_phase(phased, lines)[:, :, placed.order]
    additive, both = effects.additive[placed.order], dominance[placed.order]
    sampling = gamete_variances(
        haplotypes, additive, placed.genetic_map, request.map.function
    )
    score = means + factor * np.sqrt(sampling + sampling[:, None])
    first, second = best_pairs(score, request.top)
    mean, variance = child_moments(
        haplotypes[first],
        haplotypes[second],
        additive,
        both,
        placed.genetic_map,
        request.map.function,
    )
    mean, sd = mean + effects.intercept, np.sqrt(variance)
    table = _table(lines, (first, second), mean, sd, mean + factor * sd)
    table = table.sort_values("usefulness", ascending=False, kind="stable")
    return CrossResult(
        _finish(material, request, table, "family"), (placed.line, *notes)
    )


def _hybrids(
    analysis: Analysis, material: Material, means: FloatArray, request: CrossRequest
) -> CrossResult:
    """Rank hybrids between two pools, with the abilities of their parents."""
    lines = material.lines
    one, two, names = _pool_rows(analysis, lines, request.pools)
    value = means[np.ix_(one, two)]
    parts = combining_abilities(value)
    order = np.argsort(-value, axis=None, kind="stable")[: request.top]
    a, b = np.unravel_index(order, value.shape)
    mean = value[a, b]
    table = _table(lines, (one[a], two[b]), mean, np.full(mean.size, np.nan), mean)
    table["general_1"], table["general_2"] = parts.general_1[a], parts.general_2[b]
    table["specific"] = parts.specific[a, b]
    notes = (
        f"{value.size:,} hybrids of {one.size} {names[0]} and {two.size} {names[1]}; "
        f"specific combining ability makes {parts.specific_share:.1%} of their "
        "variance",
    )
    return CrossResult(_finish(material, request, table, "hybrid"), notes)


def _pool_rows(
    analysis: Analysis, lines: Genotypes, grouping: str
) -> tuple[IntArray, IntArray, list[str]]:
    groups = analysis.dataset.groups
    if groups is None:
        raise ConfigError(
            "the run has no groupings",
            where="--pools",
            remedy="add a [groups] table with a column of pools to the configuration",
        )
    labels = groups.column(grouping)
    known = dict(zip(groups.sample_id.tolist(), labels.tolist(), strict=True))
    mine = np.array([known.get(name, "") for name in lines.sample_id.tolist()])
    names = sorted(set(mine.tolist()) - {""})
    if len(names) != 2:
        raise ConfigError(
            f"{grouping!r} has {len(names)} labels among the candidates: "
            f"{', '.join(names[:5])}",
            where="--pools",
            remedy="use a grouping with two, the lines of other pools left blank",
        )
    rows = [np.flatnonzero(mine == name) for name in names]
    return rows[0], rows[1], names


def line_calls(lines: Genotypes) -> Haplotypes:  # (n_line, n_variant)
    """Return dosages with missing calls at the nearest whole mean."""
    calls = lines.call_dosage
    known = np.where(calls < 0, np.nan, calls.astype(np.float64))
    common = np.rint(np.nan_to_num(np.nanmean(known, axis=0))).astype(np.int8)
    return np.where(calls < 0, common, calls)


def matched_phase(
    phased: PhasedGenotypes, lines: Genotypes
) -> Haplotypes:  # (n_line, 2, n_variant)
    """Return haplotypes of the model's variants; those not in the file at 0."""
    halves = []
    for side in (0, 1):
        given = Genotypes(
            phased.sample_id,
            phased.variants,
            np.ascontiguousarray(phased.haplotype[:, side]),
            ploidy=1,
        )
        matched = match_variants(given, lines.variants)[0]
        common = line_haplotypes(matched)
        halves.append(np.where(matched.call_dosage < 0, common, matched.call_dosage))
    return np.stack(halves, axis=1).astype(np.int8)
