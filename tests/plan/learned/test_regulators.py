from __future__ import annotations

import numpy as np
from tests.toys import genotypes

from meristem.knowledge.levels import node_levels
from meristem.plan.learned.cis import Pairs
from meristem.plan.learned.regulators import find_regulators, regulator_edges


def test_the_edge_goes_from_the_gene_whose_variant_acts():
    rng = np.random.default_rng(0)
    n, n_gene = 120, 8
    dosage = rng.binomial(2, 0.5, (n, 300)).astype(np.int8)
    # gene g has variants 2g and 2g + 1 in cis; the first one acts
    value = 1.5 * dosage[:, :16:2] + 0.6 * rng.standard_normal((n, n_gene))
    for target in (2, 5, 7):
        value[:, target] += 0.8 * value[:, 0]
    value[:, 6] += 0.8 * value[:, 3]
    lines = genotypes(dosage)
    cis = Pairs(np.repeat(np.arange(n_gene), 2), np.arange(16))
    source, target = find_regulators(lines, value, cis)
    assert list(zip(source.tolist(), target.tolist(), strict=True)) == [
        (0, 2),
        (0, 5),
        (0, 7),
        (3, 6),
    ]


def test_without_a_sure_cis_variant_there_is_no_edge():
    rng = np.random.default_rng(1)
    dosage = rng.binomial(2, 0.5, (40, 6)).astype(np.int8)
    lines = genotypes(dosage)
    value = rng.standard_normal((40, 3))
    source, target = find_regulators(lines, value, Pairs(np.arange(3), np.arange(3)))
    assert source.size == target.size == 0


def test_edges_never_close_a_cycle():
    rng = np.random.default_rng(2)
    for _ in range(20):
        n_gene = int(rng.integers(2, 25))
        anchor = np.sort(
            rng.choice(n_gene, int(rng.integers(1, n_gene)), replace=False)
        )
        p = rng.random((n_gene, anchor.size)) ** 3
        forbidden = rng.random(p.shape) < 0.1
        source, target = regulator_edges(
            p, anchor, forbidden, max_p=0.2, max_regulators=4
        )
        assert (node_levels(n_gene, source, target) >= 0).all()
        assert np.bincount(target, minlength=n_gene).max() <= 4
        column = np.searchsorted(anchor, source)
        assert (p[target, column] <= 0.2).all()
        assert not forbidden[target, column].any()
        assert (source != target).all()


def test_the_best_regulators_are_kept():
    p = np.full((6, 5), 1.0)
    p[5] = [1e-9, 1e-6, 1e-8, 1e-7, 1e-5]
    none = np.zeros(p.shape, dtype=bool)
    source, target = regulator_edges(
        p, np.arange(5), none, max_p=1e-4, max_regulators=2
    )
    assert source.tolist() == [0, 2]
    assert target.tolist() == [5, 5]
