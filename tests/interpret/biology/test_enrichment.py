from __future__ import annotations

import gseapy
import numpy as np
import pytest
import scipy.stats
import statsmodels.stats.multitest

from meristem.interpret.biology.enrichment import over_representation
from meristem.stats.discoveries import benjamini_hochberg

GENES = np.array([f"gene{k}" for k in range(200)])


def make_sets(seed: int = 1) -> dict[str, frozenset[str]]:
    rng = np.random.default_rng(seed)
    sets = {
        f"set{k}": frozenset(
            rng.choice(GENES, size=int(rng.integers(5, 40)), replace=False)
        )
        for k in range(12)
    }
    sets["top"] = frozenset(GENES[:15])
    sets["bottom"] = frozenset(GENES[-15:])
    return sets


def importance(seed: int = 2) -> np.ndarray:
    """Decreasing from gene0 on, with noise; both signs."""
    rng = np.random.default_rng(seed)
    return np.linspace(2, -2, 200) + 0.3 * rng.standard_normal(200)


def test_benjamini_hochberg_equals_statsmodels():
    p = np.random.default_rng(1).random(50) ** 2
    expected = statsmodels.stats.multitest.multipletests(p, method="fdr_bh")[1]
    np.testing.assert_allclose(benjamini_hochberg(p), expected)
    with_gap = np.insert(p, 7, np.nan)
    got = benjamini_hochberg(with_gap)
    assert np.isnan(got[7])
    np.testing.assert_allclose(np.delete(got, 7), expected)


def test_over_representation_equals_fisher():
    selected = frozenset(GENES[:30]) | {"not in the plan"}
    table = over_representation(selected, make_sets(), frozenset(GENES))
    for row in table.itertuples():
        genes = make_sets()[row.set]
        a = len(genes & selected)
        b, c = len(genes) - a, 30 - a
        fisher = scipy.stats.fisher_exact(
            [[a, b], [c, 200 - a - b - c]], alternative="greater"
        )
        assert row.p == pytest.approx(fisher.pvalue)
        assert row.overlap == a
        assert row.expected == pytest.approx(30 * len(genes) / 200)
    assert table["set"][0] == "top"
    assert table["genes"][0].split(";") == sorted(GENES[:15])


def test_over_representation_equals_gseapy():
    selected = sorted(GENES[:30])
    sets = {name: sorted(genes) for name, genes in make_sets().items()}
    reference = gseapy.enrich(
        gene_list=selected, gene_sets=sets, background=list(GENES), outdir=None
    ).results.set_index("Term")
    table = over_representation(
        frozenset(selected), make_sets(), frozenset(GENES), min_size=1
    )
    table = table.set_index("set")
    for term, row in reference.iterrows():
        assert table.loc[term, "p"] == pytest.approx(row["P-value"])


def test_sets_are_cut_to_the_background_and_by_size():
    sets = {
        "small": frozenset(["gene1", "gene2", "elsewhere"]),
        "fits": frozenset(["gene1", "gene2", "gene3", "elsewhere"]),
        "large": frozenset(GENES),
    }
    table = over_representation(
        frozenset(["gene1"]), sets, frozenset(GENES), max_size=100
    )
    assert table["set"].tolist() == ["fits"]
    assert table["size"].tolist() == [3]
    nothing = over_representation(frozenset(), {}, frozenset(GENES))
    assert nothing.empty
