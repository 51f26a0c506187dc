from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from meristem.errors import DataError
from meristem.pages.page import (
    Card,
    Figure,
    Page,
    Section,
    Tabs,
    render_page,
    write_page,
    write_run_page,
)
from meristem.pages.raster import has_font
from meristem.pages.svg import Canvas
from meristem.runs.folder import RunFolder


def figure(name: str) -> Figure:
    canvas = Canvas(20, 10, name)
    table = pd.DataFrame({"x": [1, 2]})
    return Figure(
        name, canvas.to_svg(), table, "seen <by> [[GEBV]]", f"Title of {name}"
    )


def page(*names: str) -> Page:
    tabs = Tabs(("one", "two"), ((figure("in-tab"), "<p>below</p>"), ("<p>2</p>",)))
    section = Section(
        "A & B",
        "a-b",
        html="<p>trusted</p>",
        intro="escaped <p> and [[latent]]",
        blocks=(*(figure(name) for name in names), "<p>free</p>", tabs),
    )
    return Page(
        "T <x>", (section,), "Q & A?", "kick", "<p>lead</p>", (Card("GEBV", "1<2"),)
    )


def test_page_is_well_formed_and_escaped() -> None:
    html = render_page(page("one"))
    root = ElementTree.fromstring(html)
    assert root.tag.endswith("html")
    assert "T &lt;x&gt;" in html
    assert "escaped &lt;p&gt; and <a" in html
    assert "<p>trusted</p>" in html
    assert "1&lt;2" in html
    assert 'href="#a-b"' in html


def test_every_link_inside_the_page_has_its_place() -> None:
    html = render_page(page("one"))
    ids = set(re.findall(r'\bid="([^"]+)"', html))
    for target in re.findall(r'href="#([^"]+)"', html):
        assert target in ids
    for target in re.findall(r'<label for="([^"]+)"', html):
        assert target in ids


def test_files_are_written_beside_the_page(tmp_path: Path) -> None:
    path = write_page(tmp_path / "new", page("one"))
    assert path == tmp_path / "new" / "report.html"
    html = path.read_text(encoding="utf-8")
    for name in re.findall(r'href="(figures/[^"]+)"', html):
        assert (path.parent / name).is_file()
    names = {item.name for item in (path.parent / "figures").iterdir()}
    kinds = ("svg", "png", "csv") if has_font() else ("svg", "csv")
    assert names == {f"{name}.{kind}" for name in ("one", "in-tab") for kind in kinds}
    table = pd.read_csv(path.parent / "figures" / "one.csv")
    assert table["x"].tolist() == [1, 2]


def test_figures_of_the_former_page_go_and_those_of_others_stay(tmp_path: Path) -> None:
    write_page(tmp_path, page("one", "two"))
    mine = tmp_path / "figures" / "my own.svg"
    mine.write_text("<svg/>")
    write_page(tmp_path, page("one"))
    names = {item.name for item in (tmp_path / "figures").iterdir()}
    assert {name.split(".")[0] for name in names} == {"one", "in-tab", "my own"}
    assert [item.name for item in tmp_path.iterdir() if item.name.startswith(".")] == []


def test_a_failure_leaves_the_former_page_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_page(tmp_path, page("one"))
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    with pytest.raises(DataError, match="No space left"):
        write_page(tmp_path, page("one", "two"))
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_a_foreign_file_in_the_place_of_the_page_is_not_overwritten(
    tmp_path: Path,
) -> None:
    (tmp_path / "report.html").write_bytes(b"\xff\xfe\x00binary")
    with pytest.raises(DataError, match="move it away"):
        write_page(tmp_path, page("one"))


def test_two_figures_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="share a name"):
        page("one", "one")


def test_two_pages_may_share_a_folder(tmp_path: Path) -> None:
    write_page(tmp_path, page("one"))
    write_page(
        tmp_path, Page("Other", (Section("S", "s", blocks=(figure("o"),)),)), "o.html"
    )
    assert (tmp_path / "report.html").is_file()
    assert (tmp_path / "figures" / "one.svg").is_file()
    assert (tmp_path / "figures" / "o.svg").is_file()


def test_the_glossary_can_be_left_out() -> None:
    bare = Page("T", (Section("S", "s"),), glossary=False)
    assert 'id="glossary"' not in render_page(bare)


def test_title_and_sections_that_are_there(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.write_record({"title": "A run", "versions": {"meristem": "9.8"}})
    sections = (None, Section("What was found", "found"))
    page = write_run_page(folder, "Kind", sections, title="unused").read_text()
    assert all(said in page for said in ("A run", "meristem 9.8", "What was found"))
    assert "unused" not in page
