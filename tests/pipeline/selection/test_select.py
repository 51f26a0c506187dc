"""`meristem.pipeline.selection`: one plan, from a run to files and a page.

Modules: `meristem.pipeline.selection.lines`, `meristem.pipeline.selection.index`,
`meristem.pipeline.selection.filters`, `meristem.pipeline.selection.decision`,
`meristem.pipeline.selection.diversity`, `meristem.pipeline.selection.matings`,
`meristem.pipeline.selection.tables`, `meristem.pipeline.selection.promises`,
`meristem.pipeline.selection.further`, `meristem.pipeline.selection.spread`,
`meristem.pipeline.selection.files`.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.pipeline.selection.plans import FULL, analysis_of, plan_of, table

from meristem.config.selection import SelectionConfig
from meristem.errors import ConfigError, DataError
from meristem.pipeline.selection.files import TABLES, drop_outdated
from meristem.pipeline.selection.lines import read_lines
from meristem.pipeline.selection.select import decide
from meristem.pipeline.selection.tables import selection_tables
from meristem.report.selection.decided import PAGE


def test_a_whole_plan_leaves_all_its_files(decided: Path) -> None:
    there = {path.name for path in (decided / "selection").iterdir()}
    assert {*TABLES, "selection.json", PAGE} <= there
    listed = json.loads((decided / "run.json").read_text())["artefacts"]
    assert f"selection/{PAGE}" in listed
    page = (decided / "selection" / PAGE).read_text()
    assert "optimality gap" in page
    assert "GEBV" in page
    assert 'type="range"' in page
    assert "None" not in page


def test_further_sections_go_by_the_index_among_those_who_passed(
    decided: Path,
) -> None:
    lines = table(decided, "candidates").set_index("sample_id")
    passed = lines["rank"].notna()
    summary = json.loads((decided / "selection" / "selection.json").read_text())
    assert set(summary["further"]) == {"edits", "design", "cycles"}
    chosen = table(decided, "next")["sample_id"]
    assert len(chosen) == 4
    assert passed[chosen].all()
    assert (chosen.str[1:].astype(int) >= 50).all()  # those without phenotype
    edits, by_line = table(decided, "edits"), table(decided, "edits_by_line")
    elite = by_line.columns[1:]
    assert passed[elite].all()
    assert by_line["variant"].tolist() == edits["variant"].tolist()
    value = by_line.set_index("variant")[elite]
    lacking = value.where(value != 0).mean(axis=1)
    assert edits["value"].to_numpy() == pytest.approx(lacking.to_numpy())
    assert summary["index"] in summary["further"]["cycles"][1]
    assert set(table(decided, "cycles")["strategy"]) == {"truncation", "ocs+usefulness"}
    genes = table(decided, "genes").set_index("gene")
    assert genes.loc["g1", ["variant_score", "scored_variant"]].tolist() == [2.5, "m3"]
    assert genes["n_variant"].to_dict() == {"g1": 15, "g2": 9}


def test_costs_name_every_filter_and_limit(decided: Path) -> None:
    costs, funnel = table(decided, "costs"), table(decided, "funnel")
    assert (
        costs["constraint"][: len(funnel) - 1].tolist() == funnel["name"][1:].tolist()
    )
    assert costs["constraint"].iloc[-1] == "limits on crosses"
    assert (costs["lost"].iloc[-2:] >= 0).all()


def test_checks_are_shown_and_never_counted(decided: Path) -> None:
    lines = table(decided, "candidates").set_index("sample_id")
    summary = json.loads((decided / "selection" / "selection.json").read_text())
    assert lines.loc[["L00", "L01"], "status"].tolist() == ["check", "check"]
    assert lines.loc["L00", ["contribution", "uses"]].tolist() == [0, 0]
    assert "L02" not in lines.index
    assert lines.loc["L60", "status"] == "kept"
    assert lines["status"].isin(["selected", "kept"]).sum() == 8
    assert summary["candidates"] == 67
    assert table(decided, "funnel")["left"].iloc[0] == 67


def test_promises_are_of_joint_draws(decided: Path) -> None:
    summary = json.loads((decided / "selection" / "selection.json").read_text())
    gain = summary["gain"]
    assert gain["low"] < gain["expected"] < gain["high"]
    index = table(decided, "index").set_index("trait")
    lines = table(decided, "candidates")
    chosen = lines["status"].isin(["selected", "kept"])
    counted = lines["status"] != "check"
    told = lines.loc[chosen, "index"].mean() - lines.loc[counted, "index"].mean()
    assert gain["expected"] == pytest.approx(told)
    known = summary["covariances"]
    p, g = np.array(known["predictions"]), np.array(known["genetic"])
    value = lines[[f"{trait}: predicted" for trait in known["traits"]]].to_numpy()
    assert p == pytest.approx(np.cov(value[counted].T))
    share = np.minimum(np.diag(p) / np.diag(g), 1)
    assert known["reliability"] == pytest.approx(share)
    apart = value[chosen].mean(axis=0) - value[counted].mean(axis=0)
    assert index["predictions_differ"].tolist() == pytest.approx(apart)
    c = share[:, None] * g
    assert index["gain"].tolist() == pytest.approx(c.T @ np.linalg.solve(p, apart))
    weight = index["weight"].to_numpy()
    assert weight @ index["gain"] == pytest.approx(gain["expected"])  # of w'u
    assert index["coefficient"].tolist() == pytest.approx(
        np.linalg.solve(p, c @ weight)
    )
    assert index["implied_weight"].tolist() == pytest.approx(weight)
    assert summary["gain_in"] == "merit"
    assert summary["index_gain"] is None  # the index is the expected merit


def test_all_gains_are_counted_from_all_candidates(decided: Path) -> None:
    summary = json.loads((decided / "selection" / "selection.json").read_text())
    lines = table(decided, "candidates").set_index("sample_id")
    value = lines["index"]
    mean = value[lines["status"] != "check"].mean()
    points = table(decided, "contributions")
    frontier = table(decided, "frontier").set_index("point")
    assert (frontier["gain_base"] == summary["gain_base"]).all()
    for number, rows in points.groupby("point"):
        gain = rows["contribution"] @ value[rows["sample_id"]].to_numpy() - mean
        one = frontier.loc[number]
        assert one["gain"] == pytest.approx(gain, abs=1e-5)
        assert one["gain_low"] < gain < one["gain_high"]
    chosen = frontier[frontier["kind"] == "chosen"].iloc[0]
    assert summary["contributions_gain"]["expected"] == pytest.approx(chosen["gain"])
    base = table(decided, "funnel")["coancestry"].iloc[0]
    assert summary["coancestry_now"] == pytest.approx(base)
    rate = (chosen["coancestry"] - base) / (1 - base)
    assert chosen["ne"] == pytest.approx(1 / (2 * rate))


def test_one_trait_has_one_gain_and_one_interval(
    run_folder: Path, tmp_path: Path
) -> None:
    plan = plan_of(tmp_path, "[index]\nweights = {height = -2.0}\n")
    selection = decide(analysis_of(run_folder), plan, matings=False)
    tables, summary = selection_tables(selection, "gblup")
    one = tables["index.csv"].set_index("trait").loc["height"]
    gain = summary["gain"]
    assert [-2 * one["gain"], -2 * one["gain_high"], -2 * one["gain_low"]] == (
        pytest.approx([gain["expected"], gain["low"], gain["high"]])
    )
    assert one["gain_alone"] == pytest.approx(one["gain"])
    assert summary["gain_in"] == "merit"
    assert "index_gain" not in tables["frontier.csv"]


@pytest.mark.parametrize("weights", ["", "weights = {yield = 1.0, protein = 0.5}\n"])
def test_the_gain_of_desired_gains_is_in_merit_where_there_are_weights(
    run_folder: Path, tmp_path: Path, weights: str
) -> None:
    text = '[index]\nmethod = "desired"\ndesired = {yield = 1.0}\nbend = true\n'
    plan = plan_of(tmp_path, text + weights)
    selection = decide(analysis_of(run_folder), plan, matings=False)
    tables, summary = selection_tables(selection, "gblup")
    index = tables["index.csv"]
    assert summary["gain_in"] == ("merit" if weights else "index")
    worth = index["weight" if weights else "coefficient"].to_numpy()
    assert worth @ index["gain"] == pytest.approx(summary["gain"]["expected"])
    assert ("index_gain" in tables["frontier.csv"]) == (not selection.index.is_merit)


def test_contributions_keep_to_their_limits(decided: Path) -> None:
    points = table(decided, "contributions")
    labels = pd.read_csv(decided.parent / "groups.csv").set_index("line")
    frontier = table(decided, "frontier").set_index("point")
    for number, rows in points[points["kind"] != "truncation"].groupby("point"):
        share = rows.set_index("sample_id")["contribution"]
        assert share.sum() == pytest.approx(1, abs=1e-4)
        assert share.max() <= 0.4 + 1e-6
        pool = labels.loc[share.index, "pool"]
        assert share[pool == "east"].sum() == pytest.approx(0.5, abs=1e-4)
        assert share.groupby(labels["family"]).sum().max() <= 0.7 + 1e-6
        assert frontier.loc[number, "residual"] < 1e-6
    chosen = frontier[frontier["kind"] == "chosen"].iloc[0]
    assert chosen["ne"] >= 6 - 1e-6


def test_the_same_plan_decides_the_same(decided: Path, tmp_path: Path) -> None:
    analysis = analysis_of(decided)
    plan = plan_of(tmp_path, FULL)
    one, two = (decide(analysis, plan, matings=False) for _ in range(2))
    assert one.index.drawn == pytest.approx(two.index.drawn)
    other = decide(analysis, plan.model_copy(update={"seed": 5}), matings=False)
    assert not np.array_equal(one.index.drawn, other.index.drawn)


def test_a_selection_of_another_fit_is_removed(decided: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(decided, copy)
    analysis = analysis_of(copy)
    drop_outdated(analysis)
    assert (copy / "selection" / PAGE).is_file()
    analysis.config = analysis.config.model_copy(
        update={"run": analysis.config.run.model_copy(update={"seed": 99})}
    )
    drop_outdated(analysis)
    assert not (copy / "selection" / PAGE).exists()
    assert not (copy / "selection" / "crosses.csv").exists()


def test_every_section_may_be_left_out(run_folder: Path) -> None:
    selection = decide(analysis_of(run_folder), SelectionConfig())
    assert selection.lines.n == 20  # lines without phenotype
    assert selection.chosen.size == 4
    assert selection.matings is not None
    assert selection.matings.criterion == "mid-parent"
    assert selection.matings.plan.crosses.n_cross == 10
    weight = selection.index.weight
    assert weight[0] > 0 > weight[1]  # the run minimises height
    assert "no weights were given" in selection.notes[0]


@pytest.mark.parametrize(
    ("section", "check"),
    [
        ('method = "restricted"\nhold = ["height"]', "held"),
        ('method = "desired"\ndesired = {yield = 1.0, protein = 0.5}', "goal"),
        ('method = "proportional"\ndesired = {yield = 2.0, protein = 1.0}', "ratio"),
        ('per = "sd"\nweights = {yield = 1.0}', "plain"),
    ],
)
def test_methods_of_the_index(
    run_folder: Path, tmp_path: Path, section: str, check: str
) -> None:
    text = f'[candidates]\nlines = "all"\n[index]\nbend = true\n{section}\n'
    index = decide(
        analysis_of(run_folder), plan_of(tmp_path, text), matings=False
    ).index
    if check == "plain":
        assert index.response is None
        assert index.coefficient[0] > 0
        assert not index.coefficient[1:].any()
        return
    assert index.response is not None
    gain = index.response.gain
    alike = any("every target counts alike" in note for note in index.notes)
    assert alike == (check != "goal")
    if check == "held":
        assert gain[1] == pytest.approx(0, abs=1e-9)
    else:
        assert gain[0] / gain[-1] == pytest.approx(2)


def test_merit_by_draws(run_folder: Path, tmp_path: Path) -> None:
    text = """
[candidates]
lines = "all"
[[index.merit]]
trait = "yield"
weight = 1.0
[[index.merit]]
trait = "protein"
form = "threshold"
weight = 2.0
at = 12.0
"""
    index = decide(
        analysis_of(run_folder), plan_of(tmp_path, text), matings=False
    ).index
    assert index.value == pytest.approx(index.drawn.mean(axis=0))
    assert "threshold(protein, 12)" in index.words
    with pytest.raises(ConfigError, match="not linear has no effects"):
        decide(
            analysis_of(run_folder),
            plan_of(tmp_path, text + "[crosses]\ncm_per_mb = 1"),
        )


def test_pedigree_and_markers_as_coancestry(run_folder: Path, tmp_path: Path) -> None:
    pedigree = tmp_path / "pedigree.csv"
    rows = [f"L{i:02d},P{i % 4},P{4 + i % 3}" for i in range(70)]
    pedigree.write_text("sample,parent_1,parent_2\n" + "\n".join(rows))
    analysis = analysis_of(run_folder)
    for kind, more in (("pedigree", 'pedigree = "pedigree.csv"'), ("vanraden", "")):
        text = f'[diversity]\ncoancestry = "{kind}"\n{more}\n'
        found = decide(analysis, plan_of(tmp_path, text), matings=False).diversity
        assert found.chosen.residual < 1e-8
        assert 0 < found.base < 1
    plan = plan_of(
        tmp_path, '[diversity]\ncoancestry = "pedigree"\npedigree = "pedigree.csv"\n'
    )
    base = decide(analysis, plan, matings=False).diversity.base
    founders = [f"P{i},{unknown}" for i, unknown in enumerate(["0,0", ",", "NA,0"])]
    pedigree.write_text("\n".join(["sample,parent_1,parent_2", *founders, *rows]))
    assert decide(analysis, plan, matings=False).diversity.base == base
    pedigree.write_text("sample,parent_1,parent_2\nL50,L51,P1\nL51,L50,P2\n")
    with pytest.raises(DataError, match="its own ancestor"):
        decide(analysis, plan, matings=False)


@pytest.mark.parametrize(
    ("text", "kind", "match"),
    [
        ('[candidates]\nchecks = ["nobody"]', ConfigError, "nobody is no line"),
        ('model = "oracle"', ConfigError, "no deployable model"),
        ("[index]\nweights = {colour = 1.0}", ConfigError, "'colour' is no trait"),
        ("[index]\nweights = {yield = 0.0}", ConfigError, "every weight is 0"),
        (
            "[index]\nweights = {yield = 1.0, protein = 1.0}\n[index.genetic]\n"
            "yield = {yield = 1.0, protein = 2.0}\nprotein = {protein = 1.0}",
            DataError,
            r"index.genetic is no covariance matrix: the combination .*yield",
        ),
        (
            "[index]\nweights = {yield = 1.0, protein = 1.0}\n[index.genetic]\n"
            "yield = {yield = 1.0, taste = 2.0}\nprotein = {protein = 1.0}",
            ConfigError,
            "'taste' is no trait of this index",
        ),
        (
            '[[filters.label]]\ngroup = "race"\nany_of = ["x"]',
            ConfigError,
            "no grouping called 'race'",
        ),
        (
            '[[filters.genotype]]\nvariant = "v9"\ndosage = [2]',
            ConfigError,
            "'v9' is no variant",
        ),
        (
            '[[filters.label]]\ngroup = "family"\nany_of = ["f9"]',
            ConfigError,
            "no candidate passes all filters",
        ),
        ("[diversity]\nmax_coancestry = 0.01", ConfigError, "cannot be reached"),
        ("[diversity]\nmax_contribution = 0.01", ConfigError, "no contributions keep"),
        (
            '[crosses]\ncm_per_mb = 1\nwanted = {m1 = "T"}',
            ConfigError,
            "'T' is no allele of m1",
        ),
        ("[crosses]\nn = 9\nmax_kinship = 0.0", ConfigError, "and 0 of 190 are"),
        (
            '[candidates]\nkeep = ["L50", "L51"]\n[ranking]\nn = 1',
            ConfigError,
            "2 lines are to be kept",
        ),
    ],
)
def test_impossible_plans_are_refused(
    run_folder: Path, tmp_path: Path, text: str, kind: type[Exception], match: str
) -> None:
    with pytest.raises(kind, match=match):
        decide(analysis_of(run_folder), plan_of(tmp_path, text))


def test_caps_hold_for_lines_that_the_file_of_groups_alone_knows(
    run_folder: Path, tmp_path: Path
) -> None:
    analysis = analysis_of(run_folder)
    rows = [f"L{i:02d}" for i in range(50, 70)]
    known = analysis.dataset.groups
    assert known is not None
    seen = ~np.isin(known.sample_id, rows)
    label = np.where(seen[:, None], known.label, "")
    analysis.dataset = replace(analysis.dataset, groups=replace(known, label=label))
    text = '[diversity]\nmin_ne = 3\n[[diversity.caps]]\ngroup = "family"\nmost = 0.4\n'
    lines = read_lines(analysis, plan_of(tmp_path, text))
    assert set(lines.labels("family", "caps").tolist()) == {"f0", "f1", "f2"}
    with pytest.raises(ConfigError, match="has the label 'f9'"):
        decide(
            analysis_of(run_folder),
            plan_of(tmp_path, text.replace("most", 'label = "f9"\nmost')),
        )
