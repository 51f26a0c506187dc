from __future__ import annotations

from dataclasses import replace

import numpy as np

from meristem.pages.palette import ACCENT
from meristem.report.figures.genes.gene_evidence import (
    SHOWN,
    draw_gene_evidence,
    gene_evidence_rows,
)
from meristem.report.view import View


def changed(view: View, **columns: object) -> View:
    table = view.artefacts.evidence.assign(**columns)
    return replace(view, artefacts=replace(view.artefacts, evidence=table))


def test_what_the_network_adds_comes_first(large_view: View, parse_svg) -> None:
    target = large_view.targets[0]
    rows = gene_evidence_rows(large_view, target)
    assert rows["found_by"].iloc[0] == "network"
    assert rows["found_by"].tolist()[1:3] == ["network;gwas;twas", "gwas"]
    # three are found: the next best fill half of the rows
    assert len(rows) == SHOWN // 2
    figure = draw_gene_evidence(large_view, target, "evidence")
    assert figure is not None
    root = parse_svg(figure.svg)
    circles = [item for item in root.iter() if item.tag.endswith("circle")]
    assert len(circles) == 3 * len(rows)
    assert sum(item.get("fill") == ACCENT for item in circles) == 5


def test_more_found_genes_than_rows(large_view: View) -> None:
    view = changed(large_view, found_by="gwas")
    assert len(gene_evidence_rows(view, view.targets[0])) == SHOWN


def test_a_method_without_values_has_no_column(small_view: View, parse_svg) -> None:
    view = changed(small_view, twas_p=np.nan, twas_q=np.nan)
    figure = draw_gene_evidence(view, view.targets[0], "evidence")
    assert figure is not None
    text = "".join(parse_svg(figure.svg).itertext())
    assert "GWAS" in text
    assert "TWAS" not in text


def test_p_of_zero_and_missing_p(small_view: View, parse_svg) -> None:
    p = small_view.artefacts.evidence["gwas_p"].to_numpy().copy()
    p[0], p[1] = 0.0, np.nan
    view = changed(small_view, gwas_p=p)
    figure = draw_gene_evidence(view, view.targets[0], "evidence")
    assert figure is not None
    parse_svg(figure.svg)


def test_without_evidence(small_view: View) -> None:
    table = small_view.artefacts.evidence.head(0)
    view = replace(small_view, artefacts=replace(small_view.artefacts, evidence=table))
    assert draw_gene_evidence(view, view.targets[0], "evidence") is None
