from __future__ import annotations

from dataclasses import replace

from meristem.report.sections.gene_evidence import (
    enrichment_section,
    gene_evidence_section,
)
from meristem.report.view import View


def test_genes_are_counted_by_who_found_them(small_view: View) -> None:
    section = gene_evidence_section(small_view)
    assert section is not None
    text = "".join(block for block in section.blocks if isinstance(block, str))
    for words in ("network alone", "GWAS alone"):
        assert words in text
    assert "network and GWAS and TWAS" in text
    assert "best variant" in text
    assert "all are in evidence.csv" in text


def test_nothing_found_is_said(small_view: View) -> None:
    table = small_view.artefacts.evidence.assign(found_by="")
    view = replace(small_view, artefacts=replace(small_view.artefacts, evidence=table))
    section = gene_evidence_section(view)
    assert section is not None
    text = "".join(block for block in section.blocks if isinstance(block, str))
    assert "No method finds a gene" in text


def test_terms_with_their_highest_genes(small_view: View) -> None:
    section = enrichment_section(small_view)
    assert section is not None
    text = "".join(block for block in section.blocks if isinstance(block, str))
    assert "highest genes" in text
    assert "g1, g2" in text


def test_sections_can_be_left_out(small_view: View) -> None:
    parts = {
        name: getattr(small_view.artefacts, name).head(0)
        for name in ("evidence", "enrichment")
    }
    view = replace(small_view, artefacts=replace(small_view.artefacts, **parts))
    assert gene_evidence_section(view) is None
    assert enrichment_section(view) is None
