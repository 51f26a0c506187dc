"""`meristem.report.selection`: the page shows what the files say, in plain words.

Modules: `meristem.report.selection.decided`, `meristem.report.selection.funnel`,
`meristem.report.selection.gains`, `meristem.report.selection.lines`,
`meristem.report.selection.frontier`, `meristem.report.selection.crosses`,
`meristem.report.selection.edits`, `meristem.report.selection.next`,
`meristem.report.selection.cycles`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from meristem.errors import DataError
from meristem.report.artefacts import read_artefacts
from meristem.report.sections.selection import selection_section
from meristem.report.selection.decided import PAGE
from meristem.report.selection.page import build_selection_page
from meristem.report.view import make_view

SUMMARY = {
    "model": "gblup",
    "word": "GEBV",
    "index": "1 x yield",
    "linear": True,
    "method": "base",
    "candidates": 5,
    "passed": 4,
    "selected": 2,
    "checks": ["K"],
    "level": 0.9,
    "gain_in": "merit",
    "gain_of": "1 x yield",
    "gain_base": "mean of all 5 candidates before the filters",
    "ne_base": "mean coancestry 0.5000 of all 5 candidates before the filters",
    "gain": {"expected": 1.2, "low": 0.4, "high": 2.0, "sd": 0.5},
    "index_gain": None,
    "index_mean": 1.6,
    "covariances": None,
    "gain_above_best_check": {"expected": 0.1, "low": -0.4, "high": 0.6, "sd": 0.3},
    "intensity": 0.8,
    "gain_foreseen": 1.1,
    "calibrated": False,
    "coancestry_base": "identity by state",
    "coancestry_now": 0.5,
    "bound": "45 degrees",
    "kappa": 0.0,
    "degree": 45.0,
    "residual": 1e-12,
    "index_accuracy": None,
    "index_heritability": None,
    "index_efficiency": None,
    "notes": ["a note of the index"],
    "further": {"design": ["2 of 3 lines chosen"]},
    "plan": {},
    "mating": None,
}
MATING = {
    "criterion": "usefulness",
    "progeny": "DH",
    "n": 1,
    "value": 3.0,
    "bound": 3.001,
    "gap": 0.0004,
    "greedy": None,
    "coancestry": 0.6,
    "ne": 4.0,
    "allowed": 6,
    "possible": 6,
    "notes": ["600 of 600 variants mapped"],
}


def tables() -> dict[str, pd.DataFrame]:
    lines = ["A", "B", "C", "D", "<E>", "K"]
    return {
        "candidates": pd.DataFrame(
            {
                "sample_id": lines,
                "status": [
                    "selected",
                    "kept",
                    "candidate",
                    "candidate",
                    "oil",
                    "check",
                ],
                "rank": [1, 2, 3, 4, None, None],
                "index": [3.0, 2.0, 1.5, 1.0, 0.5, 2.5],
                "spread": [0.5] * 6,
                "top_probability": [0.9, 0.6, 0.3, 0.2, None, None],
                "contribution": [0.7, 0.3, 0, 0, 0, 0],
                "uses": [1, 1, 0, 0, 0, 0],
                "yield: reliability": [0.4] * 6,
            }
        ),
        "funnel": pd.DataFrame(
            {
                "name": ["candidates", "oil > 3"],
                "removed": [0, 1],
                "left": [5, 4],
                "mean": [1.6, 1.9],
                "best": [2.5, 2.4],
                "lost": [0.0, 0.1],
                "coancestry": [0.5, 0.52],
            }
        ),
        "index": pd.DataFrame(
            {
                "trait": ["yield", "oil", "height"],
                "environment": ["", "", "north"],
                "weight": [1.0, 0.5, -0.1],
                "coefficient": [1.0, 0.5, -0.1],
                "sd_predicted": [1.0, 0.0, 2.0],
                "reliability": [0.4, 0.5, 0.6],
                "gain": [1.2, 0.1, 3.0],
                "gain_low": [0.4, -0.2, 1.0],
                "gain_high": [2.0, 0.4, 5.0],
                "gain_alone": [1.3, 0.3, None],
                "desired": [1.0, 0.2, None],
            }
        ),
        "costs": pd.DataFrame({"constraint": ["oil > 3"], "lost": [0.1]}),
        "frontier": pd.DataFrame(
            {
                "point": [0, 1, 2, 3],
                "kind": ["frontier", "frontier", "chosen", "truncation"],
                "gain": [1.4, 0.2, 1.0, 0.8],
                "gain_low": [0.4, -0.2, 0.5, 0.3],
                "gain_high": [2.4, 0.6, 1.5, 1.3],
                "coancestry": [0.8, 0.45, 0.6, 0.7],
                "rate_of_inbreeding": [0.6, -0.1, 0.2, 0.4],
                "ne": [0.8, None, 2.5, 1.2],
                "contributors": [1, 4, 2, 2],
                "residual": [1e-12, 1e-13, 1e-12, None],
            }
        ),
        "contributions": pd.DataFrame(
            {
                "point": [0, 1, 1, 2, 2],
                "sample_id": ["A", "A", "C", "A", "B"],
                "contribution": [1.0, 0.6, 0.4, 0.7, 0.3],
                "index": [3.0, 3.0, 1.5, 3.0, 2.0],
            }
        ),
        "parents": pd.DataFrame(
            {
                "sample_id": ["A", "B"],
                "index": [3.0, 2.0],
                "contribution": [0.7, 0.3],
                "uses": [1, 1],
                "share_of_crosses": [0.5, 0.5],
                "selected": [True, True],
            }
        ),
    }


def crosses() -> dict[str, pd.DataFrame]:
    chosen = {"mean": [2.5], "sd": [0.4], "usefulness": [3.0]}
    return {
        "crosses": pd.DataFrame(
            {"cross_id": ["X001"], "female": ["A"], "male": ["B"], **chosen}
        ),
        "cross_map": pd.DataFrame(
            {
                "parent_1": ["A", "A", "C"],
                "parent_2": ["B", "C", "D"],
                "mean": [2.5, 2.2, 1.2],
                "sd": [0.4, 0.2, 0.3],
                "usefulness": [3.0, 2.45, 1.57],
                "chosen": [True, False, False],
            }
        ),
    }


def further() -> dict[str, pd.DataFrame]:
    return {
        "genes": pd.DataFrame(
            {"gene": ["g1", "<g2>"], "share": [0.3, -0.1], "share_by_chance": [0.2] * 2}
        ),
        "edits": pd.DataFrame(
            {
                **{"rank": [1, 2], "variant": ["v1", "v2"], "from": "A", "to": "G"},
                **{"value": [1.0, 0.5], "low": [0.5, 0.5], "high": [2.0, 0.5]},
                **{"p_causal": [0.9, 0.0017], "expected": [0.9, 0.00085]},
                "in_set": [1, 0],
            }
        ),
        "next": pd.DataFrame(
            {"order": [1, 2], "sample_id": ["D", "E"], "cumulative_cost": [1.0, 2.0]}
        ).assign(cost=1.0, cd_mean=[0.2, 0.3]),
        "cycles": pd.DataFrame(
            {"strategy": ["ocs", "ocs"], "cycle": [0, 1], "gain": [0.0, 1.2]}
        ).assign(genic_sd=[2.0, 1.5], effective=[float("inf"), 12.0]),
    }


def write(folder: Path, *, mating: bool) -> Path:
    folder.mkdir(exist_ok=True)
    summary = {**SUMMARY, "mating": MATING if mating else None}
    (folder / "selection.json").write_text(json.dumps(summary))
    for name, table in (tables() | (crosses() | further() if mating else {})).items():
        table.to_csv(folder / f"{name}.csv", index=False)
    return folder


@pytest.mark.parametrize("mating", [True, False])
def test_the_page_is_whole(tmp_path: Path, mating: bool) -> None:
    page = build_selection_page(write(tmp_path / "s", mating=mating))
    text = page.read_text()
    ElementTree.fromstring(text.split("\n", 1)[1])
    assert page.name == PAGE
    assert "90% interval 0.400 to 2.00" in text
    assert "above the mean of all 5 candidates before the filters" in text
    assert "Ne is told against the mean coancestry 0.5000" in text
    assert "&lt;E&gt;" in text
    assert "no inbreeding" in text
    assert "blue: desired gains of the traits that have one" in text
    assert "A note of the index." in text
    assert "intervals rest on the model alone" in text
    assert ("proven" in text) == mating or "optimality gap" in text
    words = re.sub(
        r"<script.*?</script>|<style.*?</style>|<dl.*?</dl>", "", text, flags=re.S
    )
    assert "optimal" not in re.sub("optimality", "", words)
    figures = {p.stem for p in (tmp_path / "s" / "figures").glob("*.svg")}
    expected = {"funnel", "gain", "radar", "frontier", "parents"}
    more = {"crosses", "progeny", "genes", "edits", "next", "cycles"}
    expected |= more if mating else set()
    assert ("2 of 3 lines chosen" in text) == mating
    assert ("0.0017" in text and "0.00085" in text) == mating
    assert figures == {f"selection_{name}" for name in expected}
    assert {p.stem for p in (tmp_path / "s" / "figures").glob("*.csv")} == figures


def test_the_slider_opens_on_the_chosen_plan(tmp_path: Path) -> None:
    text = build_selection_page(write(tmp_path / "s", mating=False)).read_text()
    panels = re.findall(r'<div data-point="(\d)"( hidden)?', text)
    assert [number for number, _ in panels] == ["0", "1", "2"]
    assert [bool(hidden) for _, hidden in panels] == [True, False, True]
    assert 'min="0" max="2" value="1"' in text
    shown = text.split('<div data-point="1"')[1].split('<div data-point="2"')[0]
    assert "The chosen plan: expected gain 1.00 (0.500 to 1.50)" in shown
    assert "70.0 %" in shown  # as in contributions.csv
    assert "30.0 %" in shown


@pytest.mark.parametrize("desired", [True, False])
def test_the_radar_is_drawn_with_and_without_desired_gains(
    tmp_path: Path, desired: bool
) -> None:
    folder = write(tmp_path / "s", mating=False)
    if not desired:
        table = pd.read_csv(folder / "index.csv").drop(columns="desired")
        table.to_csv(folder / "index.csv", index=False)
    text = build_selection_page(folder).read_text()
    drawn = pd.read_csv(folder / "figures" / "selection_radar.csv")
    assert drawn["desired_sd"].notna().sum() == (2 if desired else 0)
    assert drawn["alone_sd"].notna().sum() == 2
    assert ("lines chosen for it alone, which" in text) == (not desired)


def test_lines_of_equal_usefulness_are_labelled(tmp_path: Path) -> None:
    build_selection_page(write(tmp_path / "s", mating=True))
    drawn = (tmp_path / "s" / "figures" / "selection_crosses.svg").read_text()
    assert drawn.count(">3.00<") + drawn.count(">1.57<") + drawn.count(">2.45<") >= 1


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "s", mating=True)
    (folder / "frontier.csv").write_text("point,kind\n0,chosen\n")
    with pytest.raises(DataError, match="lacks the columns gain"):
        build_selection_page(folder)
    (folder / "selection.json").write_text("{")
    with pytest.raises(DataError, match="cannot be read"):
        build_selection_page(folder)


def test_the_report_of_the_run_links_to_it(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    assert selection_section(make_view(read_artefacts(tmp_path))) is None
    write(tmp_path / "selection", mating=True)
    section = selection_section(make_view(read_artefacts(tmp_path)))
    assert section is not None
    assert 'href="selection/selection.html"' in section.html
    assert "2 of 5 candidates, expected gain 1.20" in section.html
    assert "in merit above the mean of all 5 candidates" in section.html
    assert "1 cross planned" in section.html.replace("crosses", "cross")
