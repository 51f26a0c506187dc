"""`meristem select crosses`: all pairs of candidates, ranked by usefulness."""

from __future__ import annotations

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from meristem.errors import ConfigError, DataError
from meristem.genetics.inheritance.maps import PlacedVariants
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.decisions.beliefs import uncertain_sd, uncertain_variances
from meristem.pipeline.decisions.cross_tables import (
    CrossRequest,
    CrossResult,
    cross_table,
    finish_table,
)
from meristem.pipeline.decisions.families import rank_families
from meristem.pipeline.decisions.haplotypes import (
    line_segments,
    refuse_other_progeny,
    stacking_chances,
)
from meristem.pipeline.decisions.material import (
    Material,
    choose_label,
    model_variants,
    place_variants,
    read_material,
    refuse_heterozygous,
)
from meristem.pipeline.decisions.multiparent import multiparent_table
from meristem.pipeline.decisions.progeny import Ask, simulate_undecided
from meristem.pipeline.fitting import load_fitted
from meristem.select.crosses.criteria import (
    all_usefulness,
    best_pairs,
    progeny_needed,
)
from meristem.select.crosses.inbred import pair_variances
from meristem.select.crosses.progeny import DH_OF_F1, Progeny
from meristem.select.crosses.simulated import Simulation
from meristem.select.exports.effects import refuse_poor_line
from meristem.select.ranking.intensity import intensity

CHANCE = (
    "chances are of one of the progeny: over what the values of parents and check and, "
    "where the model knows it, the effects of the markers may be"
)
"""What a chance to be better than a check is counted over."""


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
            return rank_families(analysis, material, request)
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
    if request.wanted:
        refuse_other_progeny(request.progeny, "--wanted")
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
    refuse_heterozygous(
        lines,
        "rank families by their mean (--progeny family), and with phased genotypes "
        "by their spread (--phased FILE.vcf.gz)",
    )
    if lines.n_sample < 2:
        raise DataError("one candidate makes no cross", remedy="give more lines")
    if not request.simulate:
        refuse_poor_line(effects, material.label)
    factor = intensity(request.selected) * request.accuracy
    function = request.map.function
    variance = pair_variances(
        lines.call_dosage[:, placed.order],
        effects.additive[placed.order],
        placed.genetic_map,
        progeny,
        function,
    )
    sd_known = None
    if request.draws:
        sd_known = variance.copy()
        asked = (request.draws, "--draws")
        variance = uncertain_variances(
            analysis, material, placed, progeny, function, asked
        )
    value = effects.value(lines.call_dosage, lines.ploidy)
    # additive values: an inbred line has no heterozygotes to speak of
    score = all_usefulness(value, variance, factor)
    first, second = best_pairs(score, max(request.top, request.most_simulated))
    linear = score[first, second]
    mean = (value[first] + value[second]) / 2
    sd = (linear - mean) / factor
    table = cross_table(lines, (first, second), mean, sd, linear)
    if sd_known is not None:
        table["sd_effects_known"] = np.sqrt(sd_known[first, second])
    notes = _said(material, placed, request, progeny, factor)
    pairs = np.stack([first, second], axis=1)[: request.combine]
    if request.simulate:
        table, said = _simulated(analysis, material, placed, request, table, factor)
        notes += said
    table = table.sort_values("usefulness", ascending=False, kind="stable")
    table, said = _combined(material, placed, request, table)
    notes += said
    if request.check:
        table = _uncertain_spread(analysis, material, placed, request, table)
        notes.append(CHANCE)
    finished = finish_table(analysis, material, request, table, progeny.name)
    if not request.combine:
        return CrossResult(finished, tuple(notes))
    more = multiparent_table(material, placed, pairs, value, factor, function)
    return CrossResult(finished, tuple(notes), more)


def _said(
    material: Material,
    placed: PlacedVariants,
    request: CrossRequest,
    progeny: Progeny,
    factor: float,
) -> list[str]:
    lines, effects = material.lines, material.effects
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
            f"{effects.r2:.3f} of it among lines and progeny left out"
        )
    return notes


def _combined(
    material: Material,
    placed: PlacedVariants,
    request: CrossRequest,
    table: pd.DataFrame,
) -> tuple[pd.DataFrame, list[str]]:
    """Add what the best crosses can combine: whole segments, wanted alleles."""
    table, notes = table.head(request.top).copy(), []
    pairs = table["row_1"].to_numpy(), table["row_2"].to_numpy()
    lines, effects = material.lines, material.effects
    if request.segments:
        value = effects.value(lines.call_dosage, lines.ploidy)
        parts = line_segments(
            lines.call_dosage,
            effects.additive,
            effects.mean,
            value,
            placed,
            request.segments,
        )
        table["ohv"] = parts.best_of(pairs)
        notes.append(
            f"the best line of whole segments, {request.segments} per chromosome: "
            f"{parts.best_of_all(pairs):.4g} from the parents of all crosses listed "
            f"(OPV), at most {table['ohv'].max():.4g} from those of one (OHV)"
        )
    if request.wanted:
        chance = stacking_chances(lines, placed, request.wanted, pairs, "--wanted")
        table["stacking_chance"] = chance
        table["stacking_progeny"] = progeny_needed(chance)
    return table, notes


def _uncertain_spread(
    analysis: Analysis,
    material: Material,
    placed: PlacedVariants,
    request: CrossRequest,
    table: pd.DataFrame,
) -> pd.DataFrame:
    """Add the spread that a chance is counted with, where the model knows it."""
    if request.draws:
        return table
    pairs = table["row_1"].to_numpy(), table["row_2"].to_numpy()
    progeny, function = request.progeny or DH_OF_F1, request.map.function
    sd = uncertain_sd(analysis, material, placed, pairs, progeny, function)
    return table if sd is None else table.assign(sd_uncertain=sd)


def _simulated(
    analysis: Analysis,
    material: Material,
    placed: PlacedVariants,
    request: CrossRequest,
    table: pd.DataFrame,
    factor: float,
) -> tuple[pd.DataFrame, list[str]]:
    """Replace what the linear formula cannot decide by simulated progeny."""
    linear = table["usefulness"].to_numpy().copy()
    made = simulate_undecided(
        analysis,
        material,
        placed,
        (table["row_1"].to_numpy(), table["row_2"].to_numpy()),
        linear,
        Ask(
            request.progeny or DH_OF_F1,
            Simulation(request.simulate, factor, request.selected),
            request.top,
            request.most_simulated,
        ),
    )
    table, found = table.copy(), made.found
    table["usefulness_linear"] = linear
    table["mean_linear"] = table["mean"]
    for name in ("error", "best_share", "control_r2"):
        table[name] = np.nan
    at = table.index[made.rows]
    table.loc[at, "mean"] = found.mean
    table.loc[at, "sd"] = found.sd
    table.loc[at, "usefulness"] = found.usefulness
    table.loc[at, "error"] = found.error
    table.loc[at, "best_share"] = found.best_share
    table.loc[at, "control_r2"] = found.r2
    return table, [made.said]
