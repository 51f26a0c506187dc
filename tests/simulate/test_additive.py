import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.simulate.additive import simulate_additive


def population(seed=1, n=300, n_variant=500, h2=0.5, **options):
    rng = np.random.default_rng(seed)
    return simulate_additive(n=n, n_variant=n_variant, h2=h2, rng=rng, **options)


def test_genetic_value_is_the_weighted_sum_of_copies():
    made = population(inbred=False)
    dosage = made.dataset.genotypes.call_dosage
    assert set(np.unique(dosage)) == {0, 1, 2}
    total = np.zeros(300)
    for variant in np.flatnonzero(made.effect):
        total += dosage[:, variant] * made.effect[variant]
    np.testing.assert_allclose(made.genetic, total - total.mean(), atol=1e-10)
    assert made.genetic.std() == pytest.approx(1.0)
    assert np.count_nonzero(made.effect) == 50


@pytest.mark.parametrize("h2", [0.2, 0.8])
def test_noise_gives_the_heritability(h2):
    made = population(n=5000, n_variant=50, h2=h2)
    value = made.dataset.phenotypes.value[:, 0]
    assert made.genetic.var() / value.var() == pytest.approx(h2, rel=0.1)


def test_neighbours_are_in_linkage_disequilibrium():
    dosage = population(n=400).dataset.genotypes.call_dosage.astype(float)
    dosage = dosage[:, dosage.std(0) > 0]
    r2 = np.corrcoef(dosage.T) ** 2
    near = np.diagonal(r2, 1).mean()
    far = np.diagonal(r2, dosage.shape[1] // 2).mean()
    assert near > 3 * far


def test_inbred_lines_carry_no_heterozygote():
    assert set(np.unique(population().dataset.genotypes.call_dosage)) == {0, 2}


def test_subpopulations_differ():
    made = population(subpopulations=3)
    label = made.dataset.groups.column("subpopulation")
    assert np.unique(label).tolist() == ["pop_1", "pop_2", "pop_3"]
    dosage = made.dataset.genotypes.call_dosage.astype(float)

    def spread(labels):
        names = np.unique(labels)
        frequency = np.array([dosage[labels == name].mean(0) for name in names])
        return frequency.var(axis=0).mean()

    shuffled = np.random.default_rng(0).permutation(label)
    assert spread(label) > 5 * spread(shuffled)


def test_families_descend_from_the_two_parents_named():
    made = population(families=4)
    groups = made.dataset.groups
    dosage = made.dataset.genotypes.call_dosage
    for name in np.unique(groups.column("family")):
        rows = groups.column("family") == name
        parents = {
            *groups.column("parent_1")[rows], *groups.column("parent_2")[rows]
        }  # fmt: skip
        assert len(parents) == 2
        segregating = dosage[rows].min(0) < dosage[rows].max(0)
        share = dosage[rows][:, segregating].mean() / 2
        assert 0.4 < share < 0.6


def test_same_seed_same_population():
    one, two = population(seed=4), population(seed=4)
    np.testing.assert_array_equal(
        one.dataset.phenotypes.value, two.dataset.phenotypes.value
    )
    assert not np.array_equal(one.genetic, population(seed=5).genetic)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"h2": 0}, "h2 is 0"),
        ({"n": 1}, "1 lines"),
        ({"n_variant": 3}, "3 variants"),
        ({"n_causal": 501}, "501 of 500"),
        ({"families": 2, "subpopulations": 2}, "at once"),
    ],
)
def test_wrong_requests_are_refused(options, named):
    with pytest.raises(ConfigError, match=named):
        population(**options)
