"""The files of a selection: tables a breeder opens, and one summary."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from meristem.pipeline.selection.decision import Selection
from meristem.pipeline.selection.index import index_draws
from meristem.pipeline.selection.matings import Matings
from meristem.pipeline.selection.promises import (
    Promises,
    base_words,
    plan_points,
    promise,
    promised,
    real,
)
from meristem.records import FloatArray, IntArray
from meristem.report.view import ADDITIVE
from meristem.select.contribution.frontier import Contributions
from meristem.select.contribution.inbreeding import (
    effective_parents,
    effective_size,
    rate_of_inbreeding,
    status_number,
)
from meristem.select.crosses.criteria import chance_above
from meristem.select.ranking.gain import SetGain, better_chance, top_chance

MAP_POINTS = 3000
"""Crosses beside the chosen ones on the cross map: the best, and evenly spread ones."""


def selection_tables(
    selection: Selection, kind: str
) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Return the tables of a selection by file name, and its summary.

    Parameters
    ----------
    selection
        What a plan decided.
    kind
        Kind of its model: only additive ones give GEBVs.
    """
    said = promise(selection)
    tables = {
        "candidates.csv": _candidates(selection),
        "funnel.csv": _funnel(selection),
        "costs.csv": _costs(selection),
        "index.csv": _index(selection, said),
        "frontier.csv": _frontier(selection, said),
        "contributions.csv": _contributions(selection),
        "parents.csv": _parents(selection),
    }
    if selection.matings is not None:
        tables["crosses.csv"] = _crosses(selection, selection.matings)
        tables["crossing_list.csv"] = _crossing_list(tables["crosses.csv"])
        tables["cross_map.csv"] = _cross_map(selection, selection.matings)
        if selection.matings.multiparent is not None:
            tables["crosses_multiparent.csv"] = selection.matings.multiparent
    if selection.comparisons:
        tables["comparison.csv"] = pd.DataFrame(
            [{"model": label, **asdict(one)} for label, one in selection.comparisons]
        )
    tables |= selection.further.tables
    return tables, _summary(selection, said, kind)


def _funnel(selection: Selection) -> pd.DataFrame:
    """Return what every filter leaves, in lines, index and diversity."""
    frame = pd.DataFrame([asdict(step) for step in selection.funnel.steps])
    return frame.assign(coancestry=selection.diversity.left)


def _costs(selection: Selection) -> pd.DataFrame:
    """Return what every filter and constraint took away, units of the index."""
    diversity, made = selection.diversity, selection.matings
    rows = [(step.name, step.lost) for step in selection.funnel.steps[1:]]
    gain = diversity.points[0].gain - diversity.chosen.gain
    rows.append((f"diversity: {diversity.bound}", gain))
    if made is not None:
        useful = made.crosses.usefulness
        n = min(made.plan.crosses.n_cross, useful.size)
        best = np.partition(useful, useful.size - n)[useful.size - n :]
        chosen = made.plan.crosses.usefulness
        rows.append(("limits on crosses", float(best.mean() - chosen.mean())))
    return pd.DataFrame(rows, columns=["constraint", "lost"])


def _candidates(selection: Selection) -> pd.DataFrame:
    """Return all lines, the selected ones first, then by index; checks among them."""
    lines, index, funnel = selection.lines, selection.index, selection.funnel
    n = lines.n
    passed = np.flatnonzero(funnel.passed)
    selected = np.isin(np.arange(n), selection.chosen)
    top = np.full(n, np.nan)
    top[passed] = top_chance(index.drawn[:, passed], selection.chosen.size)
    rank = np.full(n, np.nan)
    rank[passed[np.argsort(-index.value[passed], kind="stable")]] = np.arange(
        1, passed.size + 1
    )
    status = np.where(funnel.passed, "candidate", funnel.failed_at.astype(object))
    status[selected] = "selected"
    status[lines.kept & selected] = "kept"
    status[~lines.counted] = "check"
    contribution = np.zeros(n)
    contribution[selection.diversity.rows] = selection.diversity.chosen.value
    frame = pd.DataFrame(
        {
            "sample_id": lines.sample_id,
            "status": status,
            "rank": rank,
            "index": index.value,
            "merit": index.expected,
            "spread": index.sd,
            "top_probability": top,
            "contribution": contribution,
            "uses": _uses(selection),
        }
    )
    if index.is_merit:
        frame = frame.drop(columns="merit")
    checks = np.flatnonzero(~lines.counted)
    if checks.size:
        frame["better_than_checks"] = better_chance(index.drawn, checks)
        frame.loc[checks, "better_than_checks"] = np.nan
    for t, name in enumerate(index.target):
        frame[f"{name}: predicted"] = lines.posterior.mean[:, t]
        frame[f"{name}: spread"] = lines.posterior.sd[:, t]
        frame[f"{name}: reliability"] = lines.posterior.reliability[:, t]
    order = np.lexsort([-index.value, ~selected])
    return frame.iloc[order].reset_index(drop=True)


def _uses(selection: Selection) -> np.ndarray:
    """Return in how many planned crosses every line is a parent."""
    uses = np.zeros(selection.lines.n, dtype=np.int64)
    if selection.matings is not None:
        chosen, rows = selection.matings.plan.crosses, selection.diversity.rows
        both = rows[np.concatenate([chosen.first, chosen.second])]
        uses += np.bincount(both, minlength=uses.size)
    return uses


def _index(selection: Selection, said: Promises) -> pd.DataFrame:
    """Return weights, coefficients and gains of every target."""
    lines, index = selection.lines, selection.index
    posterior = lines.posterior
    gains, predicted = said.trait, posterior.mean
    apart = predicted[selection.chosen].mean(axis=0)
    apart -= predicted[lines.counted].mean(axis=0)
    frame = pd.DataFrame(
        {
            "trait": posterior.trait_name,
            "environment": posterior.environment_name,
            "weight": index.weight,
            "coefficient": index.coefficient,
            "sd_predicted": posterior.mean[lines.counted].std(axis=0, ddof=1),
            "reliability": posterior.reliability[lines.counted].mean(axis=0),
            "gain": [gain.expected for gain in gains],
            "gain_low": [gain.low for gain in gains],
            "gain_high": [gain.high for gain in gains],
            "gain_alone": said.alone,
            "predictions_differ": apart,
            "gain_base": base_words(selection)[0],
        }
    )
    desired = selection.plan.index.desired
    if desired:
        frame["desired"] = [
            desired.get(name, desired.get(str(trait), np.nan))
            for name, trait in zip(index.target, posterior.trait_name, strict=True)
        ]
    response = index.response
    if response is not None:
        known = index.covariance
        if known is not None:
            frame["gain_foreseen"] = np.nan
            frame["implied_weight"] = np.nan
            frame.loc[known.used, "gain_foreseen"] = response.gain
            frame.loc[known.used, "implied_weight"] = response.implied_weight
    return frame


def _point(
    selection: Selection, point: Contributions, kind: str, number: int, gain: SetGain
) -> dict:
    base = selection.diversity.base
    rate = rate_of_inbreeding(point.coancestry, base)
    used = point.value > 1e-6
    mean = float(selection.index.value[selection.lines.counted].mean())
    return {
        "point": number,
        "kind": kind,
        "gain": gain.expected,
        "gain_low": gain.low,
        "gain_high": gain.high,
        "index_gain": point.gain - mean,
        "coancestry": point.coancestry,
        "rate_of_inbreeding": rate,
        "ne": effective_size(rate),
        "status_number": status_number(point.coancestry),
        "contributors": int(used.sum()),
        "effective_contributors": effective_parents(point.value),
        "price": point.price,
        "residual": point.residual,
    }


def _frontier(selection: Selection, said: Promises) -> pd.DataFrame:
    """Return the points of the frontier, the chosen one, and truncation selection."""
    rows = [
        _point(selection, point, kind, number, said.points[number])
        for number, (kind, point) in enumerate(plan_points(selection))
    ]
    frame = pd.DataFrame(rows).replace(np.inf, np.nan)
    if selection.index.is_merit:
        frame = frame.drop(columns="index_gain")
    frame["gain_base"], frame["ne_base"] = base_words(selection)
    return frame


def _contributions(selection: Selection) -> pd.DataFrame:
    """Return who contributes what at every point of the frontier."""
    names = selection.lines.sample_id[selection.diversity.rows]
    value = selection.diversity.frontier.gain
    frames = []
    for number, (kind, point) in enumerate(plan_points(selection)):
        used = np.flatnonzero(point.value > 1e-6)
        used = used[np.argsort(-point.value[used], kind="stable")]
        frames.append(
            pd.DataFrame(
                {
                    "point": number,
                    "kind": kind,
                    "sample_id": names[used],
                    "contribution": point.value[used],
                    "index": value[used],
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _parents(selection: Selection) -> pd.DataFrame:
    """Return every line that contributes or is crossed."""
    lines, diversity = selection.lines, selection.diversity
    share = np.zeros(lines.n)
    share[diversity.rows] = diversity.chosen.value
    uses = _uses(selection)
    rows = np.flatnonzero((share > 1e-6) | (uses > 0))
    planned = uses / max(int(uses.sum()), 1)
    frame = pd.DataFrame(
        {
            "sample_id": lines.sample_id[rows],
            "index": selection.index.value[rows],
            "contribution": share[rows],
            "uses": uses[rows],
            "share_of_crosses": planned[rows],
            "selected": np.isin(rows, selection.chosen),
        }
    )
    return frame.sort_values(
        ["uses", "contribution"], ascending=False, kind="stable"
    ).reset_index(drop=True)


def _crosses(selection: Selection, made: Matings) -> pd.DataFrame:
    """Return the crosses to be made, the best first."""
    chosen, names = made.plan.crosses, _names(selection)
    first, second = chosen.first, chosen.second
    asked = selection.plan.crosses
    if asked.pool:
        label = selection.lines.labels(asked.pool, "crosses.pool")
        turned = label[selection.diversity.rows[second]] == asked.seed_pool
        first, second = np.where(turned, second, first), np.where(turned, first, second)
    forced = {frozenset(pair) for pair in asked.forced}
    reason = [
        "forced" if frozenset(pair) in forced else "plan"
        for pair in zip(names[first].tolist(), names[second].tolist(), strict=True)
    ]
    frame = pd.DataFrame(
        {
            "female": names[first],
            "male": names[second],
            "criterion": made.criterion,
            "progeny": chosen.kind,
            "mean": chosen.mean,
            "sd": _known(made, chosen.sd),
            "usefulness": chosen.usefulness,
            "coancestry": made.kinship,
            "reason": reason,
        }
    )
    if made.error is not None:
        frame["error"] = made.error
    if made.combined.segment_best is not None:
        frame["ohv"] = made.combined.segment_best
    if made.combined.stacking is not None:
        frame["stacking_chance"] = made.combined.stacking
    if made.n_progeny.any():
        frame["n_progeny"] = made.n_progeny
    checks = np.flatnonzero(~selection.lines.counted)
    if checks.size and np.any(chosen.sd > 0):
        excess = _excess(selection, made, checks)
        frame["above_best_check"] = chance_above(excess, made.uncertain_sd)
    frame = frame.sort_values("usefulness", ascending=False, kind="stable")
    frame.insert(0, "cross_id", [f"X{k + 1:03d}" for k in range(len(frame))])
    return frame.reset_index(drop=True)


def _known(made: Matings, sd: FloatArray) -> FloatArray:
    """Return the spread of progeny; empty, not 0, where it was not asked for."""
    return sd if made.criterion == "usefulness" else np.full(sd.size, np.nan)


def _excess(
    selection: Selection, made: Matings, checks: IntArray
) -> FloatArray:  # (n_draw, n_chosen)
    """Return joint draws of the mean of the progeny of crosses minus the best check.

    In the index of true values, as the spread of the progeny is.
    """
    index, chosen = selection.index, made.plan.crosses
    every = index_draws(index, selection.plan)
    first, second = (selection.diversity.rows[k] for k in (chosen.first, chosen.second))
    middle = (index.value[first] + index.value[second]) / 2
    drawn = (every[:, first] + every[:, second]) / 2
    best = every[:, checks].max(axis=1)
    return drawn - middle + chosen.mean - best[:, None]


def _diversity_of(selection: Selection, made: Matings) -> list[str]:
    """Return what the crosses do to diversity, beside the contributions chosen."""
    held, crossed = selection.diversity.chosen.coancestry, made.plan.coancestry
    if not np.isfinite(crossed):
        return []
    ne = real(selection.diversity.effective_size(crossed))
    size = "no inbreeding" if ne is None else f"Ne {ne:.3g}"
    said = f"the parents of the crosses have a coancestry of {crossed:.4f} ({size})"
    if crossed > held + 1e-9:
        said += (
            f", above {held:.4f} of the contributions: crosses.bound = true holds it"
        )
    return [said]


def _names(selection: Selection) -> np.ndarray:
    return selection.lines.sample_id[selection.diversity.rows]


def _crossing_list(crosses: pd.DataFrame) -> pd.DataFrame:
    """Return the crosses as the wish list of a field book."""
    return pd.DataFrame(
        {
            "femaleDbId": crosses["female"],
            "maleDbId": crosses["male"],
            "femaleName": crosses["female"],
            "maleName": crosses["male"],
            "wishType": "cross",
            "wishMin": 1,
            "wishMax": 1,
        }
    )


def _cross_map(selection: Selection, made: Matings) -> pd.DataFrame:
    """Return the chosen crosses, the most useful ones and some of the others."""
    every, names, n = made.crosses, _names(selection), selection.diversity.rows.size
    chosen = made.plan.crosses
    code = every.first * n + every.second
    picked = np.isin(code, chosen.first * n + chosen.second)
    order = np.argsort(-every.usefulness, kind="stable")
    spread = np.linspace(0, order.size - 1, min(order.size, MAP_POINTS // 2))
    shown = np.concatenate(
        [
            order[: MAP_POINTS // 2],
            order[spread.astype(np.int64)],
            np.flatnonzero(picked),
        ]
    )
    shown = np.unique(shown)
    frame = pd.DataFrame(
        {
            "parent_1": names[every.first[shown]],
            "parent_2": names[every.second[shown]],
            "mean": every.mean[shown],
            "sd": _known(made, every.sd[shown]),
            "usefulness": every.usefulness[shown],
            "chosen": picked[shown],
        }
    )
    return frame.sort_values("usefulness", ascending=False, kind="stable")


def _summary(selection: Selection, said: Promises, kind: str) -> dict[str, Any]:
    """Return what the page says in words: promises, limits, assumptions."""
    lines, index, plan = selection.lines, selection.index, selection.plan
    checks = np.flatnonzero(~lines.counted)
    further = selection.further
    diversity, made = selection.diversity, selection.matings
    summary: dict[str, Any] = {
        "model": lines.label,
        "word": "GEBV" if kind in ADDITIVE else "predicted value",
        "index": index.words,
        "linear": not plan.index.merit,
        "method": plan.index.method,
        "candidates": int(lines.counted.sum()),
        "passed": int(selection.funnel.passed.sum()),
        "selected": int(selection.chosen.size),
        "checks": lines.sample_id[checks].tolist(),
        "level": plan.ranking.level,
        **promised(selection, said),
        "calibrated": lines.calibrated,
        "coancestry_base": diversity.coancestry.base,
        "coancestry_now": diversity.base,
        "bound": diversity.bound,
        "coancestry": diversity.chosen.coancestry,
        "ne": real(diversity.effective_size(diversity.chosen.coancestry)),
        "kappa": plan.diversity.kappa,
        "degree": plan.diversity.degree,
        "residual": diversity.chosen.residual,
        "notes": list(selection.notes),
        "plan": plan.model_dump(mode="json"),
        "further": {name: list(said) for name, said in further.notes.items()},
        "mating": None,
    }
    if made is not None:
        summary["mating"] = {
            "criterion": made.criterion,
            "progeny": made.crosses.kind,
            "n": made.plan.crosses.n_cross,
            "value": made.plan.value,
            "bound": made.plan.bound,
            "gap": made.plan.gap,
            "greedy": real(made.plan.greedy),
            "coancestry": real(made.plan.coancestry),
            "ne": real(diversity.effective_size(made.plan.coancestry)),
            "opv": made.combined.all_best,
            "allowed": made.plan.n_allowed,
            "possible": made.crosses.n_cross,
            "notes": [*made.notes, *_diversity_of(selection, made)],
        }
    return summary
