from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from meristem.report.figures.genes.manhattan import (
    ALWAYS,
    SAMPLED,
    draw_genes,
    draw_qq,
    draw_variants,
    genomic_inflation,
    pick,
)
from meristem.report.view import View


def test_the_largest_values_are_always_drawn() -> None:
    value = np.random.default_rng(1).random(50_000)
    value[::1000] = np.nan
    chosen = pick(value)
    assert chosen.size <= ALWAYS + SAMPLED
    largest = np.argsort(-np.nan_to_num(value, nan=-1))[:ALWAYS]
    assert set(largest) <= set(chosen.tolist())
    assert np.isfinite(value[chosen]).all()


def test_variants_and_genes_are_drawn(
    small_view: View, large_view: View, parse_svg
) -> None:
    for view in (small_view, large_view):
        for draw in (draw_variants, draw_genes, draw_qq):
            figure = draw(view, view.targets[0], "x")
            assert figure is not None
            parse_svg(figure.svg)
            assert len(figure.svg) < 400_000


def test_hits_are_named(small_view: View) -> None:
    figure = draw_variants(small_view, small_view.targets[0], "variants")
    assert figure is not None
    rows = small_view.artefacts.variants
    hit = rows.loc[rows["gwas_p"].idxmin(), "variant_id"]
    assert f">{hit}<" in figure.svg
    assert "Bonferroni" in figure.svg


def test_p_of_zero_and_missing_p(small_view: View, parse_svg) -> None:
    rows = small_view.artefacts.variants.copy()
    rows.loc[rows.index[:3], "gwas_p"] = [0.0, np.nan, 1.0]
    view = replace(small_view, artefacts=replace(small_view.artefacts, variants=rows))
    for draw in (draw_variants, draw_qq):
        figure = draw(view, view.targets[0], "x")
        assert figure is not None
        parse_svg(figure.svg)


def test_effects_alone_suffice_and_nothing_gives_nothing(
    small_view: View, parse_svg
) -> None:
    rows = small_view.artefacts.variants.drop(columns=["gwas_p", "effect_total"])
    view = replace(small_view, artefacts=replace(small_view.artefacts, variants=rows))
    figure = draw_variants(view, view.targets[0], "x")
    assert figure is not None
    assert "Bonferroni" not in figure.svg
    assert draw_qq(view, view.targets[0], "x") is None
    bare = rows[["variant_id", "contig", "position", "trait", "environment"]]
    view = replace(small_view, artefacts=replace(small_view.artefacts, variants=bare))
    assert draw_variants(view, view.targets[0], "x") is None


def test_genes_without_a_place_are_not_drawn(small_view: View) -> None:
    rows = small_view.artefacts.genes.assign(contig="", position=0)
    view = replace(small_view, artefacts=replace(small_view.artefacts, genes=rows))
    assert draw_genes(view, view.targets[0], "genes") is None


def test_half_a_million_variants_stay_small(small_view: View) -> None:
    rng = np.random.default_rng(5)
    n = 500_000
    rows = pd.DataFrame(
        {
            "variant_id": [f"v{i}" for i in range(n)],
            "contig": np.repeat([f"{i}A" for i in range(1, 21)], n // 20),
            "position": np.tile(np.arange(n // 20), 20),
            "trait": small_view.targets[0].trait,
            "environment": "",
            "gwas_p": rng.random(n),
            "effect_total": rng.standard_normal(n),
        }
    )
    view = replace(small_view, artefacts=replace(small_view.artefacts, variants=rows))
    figure = draw_variants(view, view.targets[0], "x")
    assert figure is not None
    assert len(figure.svg) < 400_000
    assert "of 500,000 variants are drawn" in figure.caption


@pytest.mark.parametrize("factor", [1.0, 1.7])
def test_inflation_is_the_ratio_of_median_chi_squares(factor: float) -> None:
    chi2 = factor * stats.chi2(1).ppf((np.arange(999) + 0.5) / 999)
    p = stats.chi2(1).sf(chi2)
    assert genomic_inflation(p) == pytest.approx(factor, rel=1e-6)
