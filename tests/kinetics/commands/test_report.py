"""What the page shows of numbers: signs, positions, what is explained."""

import json
from pathlib import Path

import pandas as pd
import pytest

from meristem.kinetics.commands.report import build_kinetics_report, read_cautions


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pd.DataFrame(
        {
            "reaction": ["k01", "k10"],
            "present": [1.0, 0.5],
            "start": [4.0, 10.0],
            "start_low": [4.0, 9.97],
            "start_high": [4.0, 10.04],
            "middle": [6.5, 17.0],
            "middle_low": [6.0, 16.475],
            "middle_high": [7.0, 17.0],
            "stop": [10.0, 25.0],
            "stop_low": [9.0, 24.0],
            "stop_high": [10.0, 26.0],
            "true_start": [5, 10],
            "true_stop": [10, 15],
            "covered": [True, False],
        }
    ).to_csv(tmp_path / "windows.csv", index=False)
    pd.DataFrame(
        {
            "reaction": ["k01"] * 3 + ["k10"] * 3,
            "position": [0, 1, 2] * 2,
            "inclusion": [0.0, 1.0, 0.5] * 2,
        }
    ).to_csv(tmp_path / "inclusion.csv", index=False)
    pd.DataFrame({"reaction": ["k01"], "active": [-0.25], "inactive": [-3.0]}).to_csv(
        tmp_path / "shift.csv", index=False
    )
    pd.DataFrame(
        {"parameter": ["k01"], "free_share": [0.5161], "identified": [False]}
    ).to_csv(tmp_path / "identifiability.csv", index=False)
    pd.DataFrame(
        {"position": [0, 1], "edit": ["sub_A", "del"], "change": [-1.25, 0.5]}
    ).to_csv(tmp_path / "mutagenesis.csv", index=False)
    (tmp_path / "run.json").write_text(json.dumps({"title": "T", "question": "Q"}))
    return tmp_path


def test_windows_fit_the_page_and_whole_positions_are_whole(folder: Path) -> None:
    page = build_kinetics_report(folder).read_text()
    cells = ("4 (4 to 4)", "6.5 (6 to 7)", "10 (9 to 10)", "5 to 10", "yes")
    for cell in ("100 %", *cells, "50 %", "10 (10 to 10)", "17 (16.5 to 17)", "no"):
        assert f"<td>{cell}</td>" in page
    assert ".000" not in page
    head = page[page.index("middle</th>") - 300 : page.index("middle</th>") + 300]
    assert head.count("</th>") == 7


def test_minus_signs_are_minus_signs(folder: Path) -> None:
    page = build_kinetics_report(folder).read_text()
    assert "\u22120.250</td>" in page
    assert "\u22123</td>" in page
    assert "green: down to \u22121.2" in page
    assert ">-" not in page


def test_free_share_is_explained(folder: Path) -> None:
    page = build_kinetics_report(folder).read_text()
    assert "0.516</td>" in page
    assert "0: fixed by the data" in page


def test_cautions_stand_before_everything(folder: Path) -> None:
    assert read_cautions(folder) == []
    (folder / "cautions.json").write_text('{"cautions": ["Few <rows>."]}')
    assert read_cautions(folder) == ["Few <rows>."]
    page = build_kinetics_report(folder).read_text()
    assert page.index("Few &lt;rows&gt;.") < page.index("Where each rate reads</h2>")
