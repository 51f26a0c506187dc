from __future__ import annotations

import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from meristem.errors import ConfigError
from meristem.report.build import build_report

ALLOWED = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"}
OPTIONAL = (
    "data.json",
    "knowledge.json",
    "network.json",
    "verdicts.json",
    "scores.csv",
    "predictions.csv",
    "structure.csv",
    "nodes.csv",
    "variants.csv",
    "genes.csv",
    "latents.csv",
    "candidates.csv",
    "intervals.csv",
    "relatedness.csv",
    "controls.csv",
    "evidence.csv",
    "enrichment.csv",
    "interactions.csv",
    "parts.csv",
    "stability.csv",
    "gain.csv",
    "line_explanations.csv",
    "agreement_by_sensitivity.csv",
    "latent_validation.csv",
)


@pytest.fixture(params=["built", "built_large"])
def report(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(request.param)


def test_page_and_figures_are_well_formed(report: Path, parse_svg) -> None:
    ElementTree.parse(report)
    drawings = sorted((report.parent / "figures").glob("*.svg"))
    assert len(drawings) >= 10
    for path in drawings:
        parse_svg(path.read_text(encoding="utf-8"))


def test_nothing_comes_from_the_network(report: Path) -> None:
    for path in [report, *(report.parent / "figures").glob("*.svg")]:
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"https?://[^\"'\s<)]+", text)) <= ALLOWED
        assert "@import" not in text
        assert not re.search(r"<(?:link|iframe|object|embed)\b", text)
        assert not re.search(r"\bsrc=", re.sub(r"&lt;img src=x", "", text))


def test_every_figure_has_drawing_table_and_links(report: Path) -> None:
    html = report.read_text(encoding="utf-8")
    folder = report.parent / "figures"
    drawings = {path.stem for path in folder.glob("*.svg")}
    tables = {path.stem for path in folder.glob("*.csv")}
    assert drawings == tables
    for name in drawings:
        assert f'href="figures/{name}.svg"' in html
        assert f'href="figures/{name}.csv"' in html
        assert (
            len((folder / f"{name}.csv").read_text(encoding="utf-8").splitlines()) > 1
        )


def test_hostile_names_are_text(built_large: Path) -> None:
    html = built_large.read_text(encoding="utf-8")
    assert "<img" not in html
    root = ElementTree.parse(built_large)
    assert "黑麦" in "".join(root.getroot().itertext())


def test_ids_are_unique(report: Path) -> None:
    ids = re.findall(r'\bid="([^"]+)"', report.read_text(encoding="utf-8"))
    assert len(set(ids)) == len(ids)


def test_the_verdict_comes_before_everything_else(built: Path) -> None:
    html = built.read_text(encoding="utf-8")
    assert html.index("better than gblup") < html.index('<section id="data"')
    assert html.index("Does knowing the hormone network") < html.index(
        "better than gblup"
    )
    assert "not deployable" in html


def test_the_same_folder_gives_the_same_bytes(
    built: Path, small_run: Path, tmp_path: Path
) -> None:
    again = tmp_path / "elsewhere"
    shutil.copytree(small_run, again)
    other = build_report(again)
    assert other.read_bytes() == built.read_bytes()
    for path in (built.parent / "figures").iterdir():
        assert (again / "figures" / path.name).read_bytes() == path.read_bytes()
    assert build_report(again).read_bytes() == built.read_bytes()


@pytest.mark.parametrize("name", OPTIONAL)
def test_any_artefact_may_be_absent(small_run: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "run"
    shutil.copytree(small_run, folder)
    (folder / name).unlink()
    path = build_report(folder)
    ElementTree.parse(path)
    assert f"Not in this run folder: {name}" in path.read_text(encoding="utf-8")


def test_the_record_alone_makes_a_report(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    path = build_report(tmp_path)
    ElementTree.parse(path)
    html = path.read_text(encoding="utf-8")
    assert "no verdict" in html
    assert "Meristem analysis" in html


def test_tables_with_headers_alone_make_a_report(
    small_run: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(small_run, folder)
    for path in folder.glob("*.csv"):
        header = path.read_text(encoding="utf-8").splitlines()[0]
        path.write_text(header + "\n", encoding="utf-8")
    ElementTree.parse(build_report(folder))


def test_a_folder_without_record_is_refused_and_left_alone(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        build_report(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_network_output_is_never_called_gebv(built: Path) -> None:
    html = built.read_text(encoding="utf-8")
    assert not re.search(r"(?:binn|dense)[^<]{0,30}GEBV", html)
