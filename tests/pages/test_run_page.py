"""`meristem.pages.run_page`: what `run.json` says stands on the page."""

from pathlib import Path

from meristem.pages.page import Section
from meristem.pages.run_page import write_run_page
from meristem.runs.folder import RunFolder


def test_title_and_sections_that_are_there(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.write_record({"title": "A run", "versions": {"meristem": "9.8"}})
    sections = (None, Section("What was found", "found"))
    page = write_run_page(folder, "Kind", sections, title="unused").read_text()
    assert all(said in page for said in ("A run", "meristem 9.8", "What was found"))
    assert "unused" not in page
