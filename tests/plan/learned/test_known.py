"""Variants of a cis window chosen by p value and by what is known of them."""

import numpy as np
import pytest
from pydantic import ValidationError
from tests.plan.toys import omics_panel

from meristem.config.models import KnownScoreOptions, LearnOptions
from meristem.plan.learned.cis import Pairs
from meristem.plan.learned.graph import learn_graph
from meristem.plan.learned.known import nearest


def learned(simulated, variants="eqtl", **known):
    options = LearnOptions(genes="all", variants=variants, variants_per_gene=2)
    if known:
        options = options.model_copy(update={"priors": KnownScoreOptions(**known)})
    return learn_graph(
        simulated.train,
        options,
        rng=np.random.default_rng(0),
        genes=simulated.genes,
    )


@pytest.fixture(scope="module")
def simulated():
    return omics_panel(1, 60, 12, n_gene=60, p=600)


@pytest.fixture
def scores(simulated, tmp_path):
    """Scores of the variants that act on some gene."""
    acting = np.unique(simulated.truth.law.cis_variant)
    names = simulated.train.genotypes.variants.variant_id[acting]
    path = tmp_path / "s.tsv"
    path.write_text("variant\tscore\n" + "".join(f"{n}\t1\n" for n in names))
    return path, acting


@pytest.mark.parametrize("variants", ["eqtl", "cis"])
def test_scores_of_acting_variants_are_followed_and_permuted_ones_are_not(
    simulated, scores, variants
):
    path, acting = scores
    plain = learned(simulated, variants)
    told = learned(simulated, variants, scores=path)
    lied = learned(simulated, variants, scores=path, permuted=True)

    def share(graph):
        return np.isin(graph.variant[graph.cis], acting).mean()

    assert share(told) > share(plain) + 0.1
    assert share(lied) == pytest.approx(share(plain), abs=0.02)


def test_nothing_is_changed_by_a_strength_of_none(simulated, scores):
    path, _ = scores
    plain, told = learned(simulated), learned(simulated, scores=path, strengths=(0.0,))
    assert np.array_equal(plain.variant, told.variant)
    assert np.array_equal(plain.gene, told.gene)


def test_scores_are_refused_where_a_table_ranks_variants(tmp_path):
    known = KnownScoreOptions(scores=tmp_path / "s.tsv")
    with pytest.raises(ValidationError, match="would not be used"):
        LearnOptions(variants="table", table=tmp_path / "t.tsv", priors=known)


def test_pairs_are_sorted_by_distance_within_features():
    cis = Pairs(np.array([0, 0, 1]), np.array([5, 6, 2]))
    found = nearest(cis, np.array([9.0, 1.0, 4.0]))
    assert found.variant.tolist() == [6, 5, 2]
