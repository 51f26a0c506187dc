from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pandas as pd

from meristem.evaluate.controls import ARMS as EVALUATED_ARMS
from meristem.evaluate.scores import MEAN_ENVIRONMENT
from meristem.report.artefacts import read_artefacts
from meristem.report.view import ALL, ARMS, Target, View, figure_name, make_view


def test_targets_come_in_the_order_of_the_data(large_view: View) -> None:
    assert len(large_view.targets) == 5
    assert large_view.targets[0] == Target("YBL000C", "ethanol")
    assert large_view.targets[0].name == "YBL000C, ethanol"
    assert Target("t", "").name == "t"


def test_controls_and_reference_are_told_apart(small_view: View) -> None:
    assert small_view.reference == "gblup"
    assert "binn+metabolites" in small_view.contenders
    assert not any("shuffled" in label for label in small_view.contenders)
    assert small_view.model("binn+metabolites-no-omics").is_control
    assert small_view.model("gblup").is_reference
    assert not small_view.model("measured metabolites").deployable


def test_the_names_of_controls_are_those_of_evaluation() -> None:
    assert set(ARMS) == set(EVALUATED_ARMS)
    assert ALL == MEAN_ENVIRONMENT


def test_rows_of_a_target_leave_subsamples_out(small_view: View) -> None:
    rows = small_view.of(small_view.artefacts.scores, small_view.targets[0])
    assert set(rows["split"]) == {"kfold"}
    everything = small_view.artefacts.scores
    assert len(rows) < len(everything)


def test_headline_is_the_verdict_over_all_targets(large_view: View) -> None:
    headline = large_view.headline("binn")
    assert headline is not None
    assert headline.target.trait == ALL
    assert Target(ALL, ALL) not in large_view.targets


def test_verdicts_may_lack_numbers(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    verdict = {"model": "a", "trait": "t", "interval": {"low": None, "high": 1}}
    (tmp_path / "verdicts.json").write_text(json.dumps([verdict, {"interval": None}]))
    view = make_view(read_artefacts(tmp_path))
    assert math.isnan(view.verdicts[0].difference)
    assert view.verdicts[0].high == 1
    assert math.isnan(view.verdicts[1].low)


def test_names_of_figures_are_plain_and_unique(large_view: View) -> None:
    names = [figure_name("qq", large_view, target) for target in large_view.targets]
    assert len(set(names)) == len(names)
    assert all(name.isascii() and "/" not in name and " " not in name for name in names)


def test_an_empty_table_stays_empty(small_view: View) -> None:
    assert small_view.of(pd.DataFrame(), small_view.targets[0]).empty


def test_a_model_without_a_name_stands_under_its_label(small_view: View) -> None:
    artefacts = small_view.artefacts
    run = dict(artefacts.run)
    run["config"] = {"models": [{"kind": "gblup", "name": ""}, {"kind": "gxe"}]}
    run["models"] = [{"label": "gblup"}, {"label": "gxe_main"}]
    view = make_view(replace(artefacts, run=run))
    kinds = {model.label: model.kind for model in view.models}
    assert kinds["gxe_main"] == "gxe"
    assert "gxe" not in kinds
