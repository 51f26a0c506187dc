from __future__ import annotations

import gseapy
import numpy as np
import pandas as pd
import pytest
import scipy.stats
import statsmodels.stats.multitest

from meristem.interpret.biology.enrichment import (
    enrichment_score,
    over_representation,
    rank_enrichment,
    ranks_of,
)
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


def test_enrichment_score_by_running_sum():
    rng = np.random.default_rng(5)
    for _ in range(50):
        value = rng.random(30)
        hits = np.sort(rng.choice(30, size=int(rng.integers(1, 9)), replace=False))
        step = np.full(30, -1 / (30 - hits.size))
        step[hits] = value[hits] / value[hits].sum()
        running = np.concatenate([[0.0], np.cumsum(step)])
        high, low = running.max(), running.min()
        expected = high if high >= -low else low
        assert enrichment_score(value, hits)[0] == pytest.approx(expected)


# gseapy itself uses what pandas 4 will drop
@pytest.mark.filterwarnings("ignore")
def test_rank_enrichment_equals_gseapy():
    values = importance()
    ranking = pd.DataFrame({"gene": GENES, "score": values})
    sets = {name: sorted(genes) for name, genes in make_sets().items()}
    reference = gseapy.prerank(
        rnk=ranking,
        gene_sets=sets,
        min_size=3,
        permutation_num=2000,
        seed=1,
        threads=1,
        outdir=None,
        verbose=False,
    ).res2d.set_index("Term")
    table = rank_enrichment(
        GENES, values, make_sets(), np.random.default_rng(1), n_permutation=2000
    ).set_index("set")
    assert set(table.index) == set(reference.index)
    for term, row in reference.iterrows():
        own = table.loc[term]
        assert own["es"] == pytest.approx(float(row["ES"]), abs=1e-9)
        assert own["nes"] == pytest.approx(float(row["NES"]), rel=0.08)
        # both are Monte Carlo
        assert own["p"] == pytest.approx(float(row["NOM p-val"]), abs=0.06)
        assert set(own["leading"].split(";")) == set(row["Lead_genes"].split(";"))


def test_planted_sets_come_first_and_last():
    table = rank_enrichment(GENES, importance(), make_sets(), np.random.default_rng(1))
    assert table["set"].iloc[0] == "top"
    assert table["set"].iloc[-1] == "bottom"
    assert table["q"].iloc[0] < 0.05
    assert (table["p"] > 0).all()


def test_genes_without_a_value_are_left_out():
    values = importance()
    values[:3] = np.nan
    table = rank_enrichment(GENES, values, make_sets(), np.random.default_rng(1))
    assert table.set_index("set").loc["top", "size"] == 12
    only_others = {"x": frozenset(["elsewhere"])}
    assert rank_enrichment(GENES, values, only_others, np.random.default_rng(1)).empty


def test_all_importances_zero_fall_back_to_equal_weights():
    table = rank_enrichment(GENES, np.zeros(200), make_sets(), np.random.default_rng(1))
    assert np.isfinite(table["es"]).all()


def test_ranks():
    got = ranks_of(np.array([0.1, 3.0, np.nan, 3.0]))
    np.testing.assert_array_equal(got, [3, 1, np.nan, 1])
