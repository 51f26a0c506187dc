from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import scipy.stats
from tests.toys import network_plan, rng

from meristem.interpret.biology.terms import (
    ENRICHMENT_COLUMNS,
    Terms,
    enrichment_table,
    plan_terms,
    regulation,
    ring_enrichment,
)
from meristem.records import NetworkPlan, OmicsTable


def deep_plan() -> NetworkPlan:
    """Four genes; a reads g0 g1 g2, b reads g2 g3, top reads a and b."""
    return network_plan(
        {f"g{k}": (k,) for k in range(4)},
        {"a": ("g0", "g1", "g2"), "b": ("g2", "g3")},
        {"top": ("a", "b")},
        variants=4,
        heads=["top"],
        node_label=["", "", "", "", "first", "second", "all"],
    )


def test_terms_hold_the_genes_below_them():
    terms = plan_terms(deep_plan(), min_size=2)
    found = {
        term: set(terms.gene[row > 0])
        for term, row in zip(terms.term, terms.member.toarray(), strict=True)
    }
    assert found == {
        "a": {"g0", "g1", "g2"},
        "b": {"g2", "g3"},
        "top": {"g0", "g1", "g2", "g3"},
    }
    assert terms.label.tolist() == ["first", "second", "all"]
    assert plan_terms(deep_plan()).term.tolist() == ["a", "top"]
    assert plan_terms(deep_plan(), max_size=3).term.tolist() == ["a"]
    assert terms.member.max() == 1


def test_the_score_is_that_of_all_turns_one_by_one():
    value = rng().standard_normal(41)
    member = (rng(2).random((5, 41)) < 0.2).astype(int)
    score, p = ring_enrichment(value, member)
    normal = scipy.stats.norm.ppf((scipy.stats.rankdata(value) - 0.5) / 41)
    for row in range(5):
        turns = np.array(
            [np.roll(normal, -s)[member[row] == 1].sum() for s in range(41)]
        )
        expected = (turns[0] - turns.mean()) / turns.std()
        assert score[row] == pytest.approx(expected)
        as_good = (turns >= turns[0] - 1e-9).sum()
        if as_good >= 10:
            assert p[row] == pytest.approx(as_good / 41)
        else:
            assert p[row] <= as_good / 41


def neighbourhoods(generator, n=600, width=40):
    """Values and sets that both come in runs, independently of each other."""
    noise = generator.standard_normal(n)
    kernel = np.ones(width) / width**0.5
    value = np.real(np.fft.ifft(np.fft.fft(noise) * np.fft.fft(kernel, n)))
    start = generator.integers(n)
    member = np.zeros((1, n), dtype=int)
    member[0, (start + np.arange(25)) % n] = 1
    return value, member


def test_neighbours_of_one_term_are_no_evidence():
    """Permuting genes would find these sets in one of three data sets."""
    ring, naive = [], []
    for seed in range(150):
        value, member = neighbourhoods(rng(seed))
        ring.append(ring_enrichment(value, member)[1][0])
        inside = member[0] == 1
        test = scipy.stats.mannwhitneyu(
            value[inside], value[~inside], alternative="greater"
        )
        naive.append(test.pvalue)
    assert np.mean(np.array(naive) < 0.05) > 0.2
    assert np.mean(np.array(ring) < 0.05) < 0.12


def test_a_real_set_is_found_beyond_the_number_of_turns():
    value = rng().standard_normal(400)
    member = np.zeros((1, 400), dtype=int)
    member[0, rng(2).choice(400, 30, replace=False)] = 1
    value[member[0] == 1] += 2.0
    score, p = ring_enrichment(value, member)
    assert score[0] > 6
    assert p[0] < 1 / 4000


def test_flat_values_say_nothing():
    score, p = ring_enrichment(np.ones(30), np.eye(30, dtype=int)[:2])
    assert score.tolist() == [0, 0]
    assert p.tolist() == [1, 1]


def tables(n_gene=40):
    names = np.array([f"g{k:02d}" for k in range(n_gene)])
    member = np.zeros((2, n_gene), dtype=int)
    member[0, ::5], member[1, 1::7] = 1, 1
    terms = Terms(
        np.array(["t1", "t2"]),
        np.array(["one", "two"]),
        names,
        scipy.sparse.csr_array(member),
    )
    genes = pd.DataFrame(
        {
            "gene": names,
            "contig": np.where(np.arange(n_gene) < 20, "1", "2"),
            "position": np.arange(n_gene) * 100,
            "trait": "yield",
            "environment": "",
        }
    )
    value = rng().random(n_gene)
    value[::5] += 1
    evidence = pd.DataFrame(
        {
            "gene": names,
            "trait": "yield",
            "environment": "",
            "sensitivity": value,
            "network_p": 10**-value,
            "gwas_p": rng(3).random(n_gene),
            "twas_p": np.where(np.arange(n_gene) < 10, 0.5, np.nan),
        }
    )
    return terms, genes, evidence


def test_the_table_ranks_by_each_method_along_the_genome():
    terms, genes, evidence = tables()
    table = enrichment_table(terms, genes, evidence.sample(frac=1, random_state=1))
    assert list(table.columns) == list(ENRICHMENT_COLUMNS)
    # ten genes measured are too few for a ring
    assert set(table["method"]) == {"network", "gwas", "sensitivity"}
    # the genes of a term share its weight: a score, and no p
    untested = table[table["method"] == "sensitivity"].set_index("term")
    assert untested["p"].isna().all()
    assert untested.loc["t1", "score"] == pytest.approx(table["score"].max())
    first = table.iloc[0]
    assert (first["term"], first["method"], first["n_genes"]) == ("t1", "network", 8)
    assert first["label"] == "one"
    best = evidence.iloc[::5].sort_values("sensitivity", ascending=False)["gene"]
    assert first["genes"] == ";".join(best.head(5))
    expected = ring_enrichment(
        evidence["sensitivity"].to_numpy(), terms.member.toarray()
    )
    assert first["p"] == pytest.approx(expected[1][0])
    assert first["q"] == pytest.approx(min(1, 2 * expected[1][0]))


def test_small_networks_have_no_enrichment():
    terms, genes, evidence = tables(12)
    table = enrichment_table(terms, genes, evidence)
    assert table.empty
    assert list(table.columns) == list(ENRICHMENT_COLUMNS)


def test_regulation_is_the_variance_of_the_mean_of_correlated_strengths():
    generator = rng(4)
    common = generator.standard_normal((4000, 1))
    value = np.hstack(
        [
            0.8 * common + 0.6 * generator.standard_normal((4000, 10)),
            generator.standard_normal((4000, 10)),
        ]
    )
    member = np.kron(np.eye(2, dtype=int), np.ones((1, 10), dtype=int))
    found = regulation(member, value)
    # genes correlate 0.64, strengths its square
    assert found[0] == pytest.approx(1 + 9 * 0.64**2, rel=0.05)
    assert found[1] == pytest.approx(1, abs=0.01)
    value[5:9, 3] = np.nan
    assert np.isfinite(regulation(member, value)).all()
    assert regulation(member, None).tolist() == [1, 1]


def test_either_product_gives_the_same_regulation():
    value = rng(5).standard_normal((12, 20)) + rng(6).standard_normal((12, 1))
    few, many = np.zeros((1, 20), dtype=int), np.ones((1, 20), dtype=int)
    few[0, :7] = 1
    for member in (few, many):
        own = value[:, member[0] > 0]
        r = np.corrcoef(own.T)
        m = own.shape[1]
        shared = (r**2).sum() / (m * (m - 1)) - 1 / (m - 1) - 1 / 11
        expected = 1 + (m - 1) * shared
        assert regulation(member, value)[0] == pytest.approx(expected)


def test_genes_regulated_together_are_no_evidence():
    """TWAS of a random trait: turns alone find a module far too often."""
    turned, corrected = [], []
    for seed in range(120):
        generator = rng(seed)
        value = generator.standard_normal((80, 300))
        inside = generator.choice(300, 30, replace=False)
        value[:, inside] += 1.5 * generator.standard_normal((80, 1))
        y = generator.standard_normal(80)
        unit = (value - value.mean(0)) / value.std(0)
        strength = np.abs(unit.T @ (y - y.mean()))
        member = np.zeros((1, 300), dtype=int)
        member[0, inside] = 1
        turned.append(ring_enrichment(strength, member)[1][0])
        wider = regulation(member, value)
        corrected.append(ring_enrichment(strength, member, wider)[1][0])
    assert np.mean(np.array(turned) < 0.01) > 0.1
    assert np.mean(np.array(corrected) < 0.01) < 0.05


def test_the_table_widens_the_null_of_twas_alone():
    terms, genes, evidence = tables()
    evidence = evidence.assign(twas_p=evidence["gwas_p"])
    common = rng(5).standard_normal((60, 1))
    table = OmicsTable(
        "expression",
        np.array([f"s{k}" for k in range(60)]),
        np.array([f"f{k}" for k in range(41)]),
        np.array([*terms.gene, "g00"]),
        common + 0.2 * rng(6).standard_normal((60, 41)),
    )
    found = enrichment_table(terms, genes, evidence, (table,))
    score = found.set_index(["method", "term"])["score"]
    ratio = score["twas"] / score["gwas"]
    assert (ratio < 0.5).all()
    assert (ratio > 0).all()
