from __future__ import annotations

from dataclasses import replace

from meristem.report.sections.provenance import provenance_section
from meristem.report.view import View


def test_everything_needed_to_repeat_is_there(small_view: View) -> None:
    html = provenance_section(small_view).html
    for part in (
        "meristem run analysis.toml",
        "9f" * 32,
        "genotypes.vcf.gz",
        "48.2 kB",
        "1 min 36 s",
        "3.11.9",
        "ab12cd34ef567890",
        "&#34;reference&#34;: &#34;gblup&#34;",
    ):
        assert part in html
    assert "&lt;code" not in html


def test_absent_files_are_listed(large_view: View) -> None:
    assert "knowledge.json" in provenance_section(large_view).html


def test_an_unfinished_or_empty_record(small_view: View) -> None:
    bare = replace(
        small_view, artefacts=replace(small_view.artefacts, run={}, network=None)
    )
    assert "not finished" in provenance_section(bare).html
