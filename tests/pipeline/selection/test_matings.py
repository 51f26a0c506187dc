"""`meristem.pipeline.selection.matings` and `spread`: the crosses of a plan."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr
from tests.pipeline.selection.plans import analysis_of, plan_of, table

from meristem.errors import ConfigError
from meristem.pipeline.selection.select import decide
from meristem.pipeline.selection.tables import selection_tables
from meristem.report.selection.decided import PAGE


def test_crosses_keep_to_pools_uses_and_seeds(decided: Path) -> None:
    crosses = table(decided, "crosses")
    labels = pd.read_csv(decided.parent / "groups.csv").set_index("line")["pool"]
    assert len(crosses) == 6
    assert set(labels[crosses["female"]]) == {"west"}
    assert set(labels[crosses["male"]]) == {"east"}
    both = pd.concat([crosses["female"], crosses["male"]])
    assert both.value_counts().max() <= 3
    assert crosses["n_progeny"].sum() == 60
    assert (crosses["sd"] > 0).all()
    rise = crosses["usefulness"] - crosses["mean"]
    assert (rise / crosses["sd"]).tolist() == pytest.approx(
        [2.0627 * 0.6] * 6, rel=1e-3
    )
    best = crosses[["ohv"]].max().item()
    assert (crosses["ohv"] >= crosses["mean"]).all()
    assert set(crosses["stacking_chance"].round(6)) <= {0, 0.25, 0.5, 1}
    listed = table(decided, "crossing_list")
    assert listed["femaleName"].tolist() == crosses["female"].tolist()
    summary = json.loads((decided / "selection" / "selection.json").read_text())
    mating = summary["mating"]
    assert mating["opv"] >= best
    assert mating["value"] == pytest.approx(crosses["usefulness"].sum())
    assert 0 <= mating["gap"] < 0.1
    assert mating["greedy"] is None or mating["value"] >= mating["greedy"] - 1e-9


def test_planned_crosses_are_crossed_with_each_other(decided: Path) -> None:
    more = table(decided, "crosses_multiparent")
    crosses = table(decided, "crosses").head(4)
    parents = set(crosses[["female", "male"]].to_numpy().ravel())
    used = more.filter(like="parent_").to_numpy().ravel()
    assert {name for name in used if isinstance(name, str)} <= parents
    assert set(more["kind"]) <= {"backcross", "three-way", "four-way"}
    assert (more["kind"] == "backcross").sum() == 8
    assert "crosses_multiparent.csv" in (decided / "selection" / PAGE).read_text()


def test_uncertain_effects_widen_the_spread_and_temper_the_chance(
    run_folder: Path, tmp_path: Path
) -> None:
    text = '[candidates]\nlines = "all"\nchecks = ["L00"]\n[crosses]\nn = 5\n'
    text += "cm_per_mb = 1.0\naccuracy = 0.6\n"
    analysis = analysis_of(run_folder)
    plain, drawn = (
        decide(analysis, plan_of(tmp_path, text + more)).matings
        for more in ("", "draws = 60\n")
    )
    assert plain is not None
    assert drawn is not None
    assert (plain.uncertain_sd > plain.plan.crosses.sd).all()
    assert drawn.uncertain_sd.tolist() == drawn.plan.crosses.sd.tolist()
    assert drawn.crosses.sd.mean() > 1.05 * plain.crosses.sd.mean()
    assert drawn.crosses.mean.tolist() == plain.crosses.mean.tolist()


@pytest.mark.parametrize("design", ["half_diallel", "chain", "factorial"])
def test_designs(run_folder: Path, tmp_path: Path, design: str) -> None:
    pools = 'pool = "pool"\nseed_pool = "west"\n' if design == "factorial" else ""
    text = f'[crosses]\ndesign = "{design}"\nparents = 4\n{pools}'
    found = decide(analysis_of(run_folder), plan_of(tmp_path, text)).matings
    assert found is not None
    size = {"half_diallel": 6, "chain": 4, "factorial": 16}[design]
    assert found.plan.crosses.n_cross == size


@pytest.mark.parametrize("field", ['forbidden = [["L10", "L11"]]', "bound = true"])
def test_a_design_has_no_limits_that_it_would_not_keep_to(
    tmp_path: Path, field: str
) -> None:
    name = field.split()[0]
    with pytest.raises(ConfigError, match=f"leave out {name}"):
        plan_of(tmp_path, f'[crosses]\ndesign = "chain"\n{field}\n')


def test_forced_crosses_are_between_the_pools(run_folder: Path, tmp_path: Path) -> None:
    labels = pd.read_csv(run_folder.parent / "groups.csv").set_index("line")["pool"]
    east = labels[labels == "east"].index[:2].tolist()
    text = (
        '[candidates]\nlines = "all"\n[crosses]\npool = "pool"\nseed_pool = "west"\n'
        f"forced = [{json.dumps(east)}]\n"
    )
    with pytest.raises(ConfigError, match="both are of east"):
        decide(analysis_of(run_folder), plan_of(tmp_path, text))


def test_a_line_without_a_pool_is_of_none(run_folder: Path, tmp_path: Path) -> None:
    groups = pd.read_csv(run_folder.parent / "groups.csv")
    groups.loc[groups["line"] == "L05", "pool"] = None
    groups.to_csv(tmp_path / "groups.csv", index=False)
    text = (
        '[candidates]\nlines = "all"\ngroups = "groups.csv"\n'
        '[crosses]\npool = "pool"\nseed_pool = "west"\n'
    )
    with pytest.raises(ConfigError, match="no label of 'pool': L05"):
        decide(analysis_of(run_folder), plan_of(tmp_path, text))


def test_crosses_say_what_they_do_to_diversity_and_no_spread_that_is_not_known(
    run_folder: Path, tmp_path: Path
) -> None:
    analysis = analysis_of(run_folder)
    for bound, above in (("", True), ("bound = true\n", False)):
        text = f"[diversity]\nmin_ne = 8\n[crosses]\nn = 8\n{bound}"
        made = decide(analysis, plan_of(tmp_path, text))
        tables, summary = selection_tables(made, "gblup")
        said = [line for line in summary["mating"]["notes"] if "coancestry" in line]
        assert len(said) == 1
        assert f"{summary['mating']['coancestry']:.4f}" in said[0]
        assert ("crosses.bound = true holds it" in said[0]) == above
        assert tables["crosses.csv"]["sd"].isna().all()
        assert tables["cross_map.csv"]["sd"].isna().all()


@pytest.mark.parametrize("method", ["base", "smith_hazel", "desired"])
def test_the_chance_above_a_check_is_told_in_the_index(
    run_folder: Path, tmp_path: Path, method: str
) -> None:
    """Whose spread the progeny have, whatever the merit of the lines is told in."""
    text = '[candidates]\nlines = "all"\nchecks = ["L00", "L03"]\n[index]\n'
    text += f'method = "{method}"\nweights = {{yield = 1.0, protein = 0.5}}\n'
    text += "bend = true\n"
    if method == "desired":
        text += "desired = {yield = 1.0, protein = -0.2}\n"
    text += "[crosses]\nn = 5\ncm_per_mb = 1.0\naccuracy = 0.6\n"
    plan = plan_of(tmp_path, text)
    found = decide(analysis_of(run_folder), plan)
    told = selection_tables(found, "gblup")[0]["crosses.csv"]
    b, rng = found.index.coefficient, np.random.default_rng(7)
    drawn = found.index.belief.draws(4000, rng) @ b
    names = found.lines.sample_id.tolist()
    best = drawn[:, [names.index(name) for name in ("L00", "L03")]].max(axis=1)
    made = found.matings
    assert made is not None
    order = np.argsort(-made.plan.crosses.usefulness, kind="stable")
    for row, sd in zip(told.to_dict("records"), made.uncertain_sd[order], strict=True):
        pair = [names.index(row[side]) for side in ("female", "male")]
        excess = drawn[:, pair].mean(axis=1) - best
        expected = ndtr(excess / sd).mean()
        assert row["above_best_check"] == pytest.approx(expected, abs=0.03)
