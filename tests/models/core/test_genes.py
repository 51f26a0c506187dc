"""Expression from genotype against slow twins and a planted law."""

from __future__ import annotations

import numpy as np
import pytest

from meristem.mixed.groups import gather
from meristem.models.core.genes import (
    cis_gain,
    cis_leave_one_out,
    fit_gene_latents,
    regulator_effects,
)
from meristem.models.omics.expression import fit_cis, predict_cis

N, P, G = 47, 30, 6


@pytest.fixture
def setting():
    """Genes of 3 to 7 variants, one of them measured on too few rows."""
    rng = np.random.default_rng(3)
    markers = rng.normal(size=(N, P)).astype(np.float32)
    bounds = [0, 3, 8, 12, 19, 25, 30]
    genes = gather(
        [f"g{i}" for i in range(G)],
        [np.arange(a, b) for a, b in zip(bounds[:-1], bounds[1:], strict=True)],
    )
    value = rng.normal(size=(N, G)) + markers[:, bounds[:-1]]
    value[::4, 1] = np.nan
    value[5:, 2] = np.nan
    value[:9] = np.nan  # rows without any omics
    value[1:5, 2] = 0.3
    return markers, genes, value


def test_weights_are_those_of_the_ridge_regression(setting):
    markers, genes, value = setting
    weight, left_out = cis_leave_one_out(markers, genes, value, np.full(G, 2.5))
    assert weight == pytest.approx(fit_cis(markers, genes, value, 2.5))
    assert left_out.shape == (N, G)
    assert not weight[8:12].any()
    assert not left_out[:, 2].any()


def test_held_out_values_are_those_of_refits(setting):
    markers, genes, value = setting
    _, left_out = cis_leave_one_out(markers, genes, value, np.full(G, 2.5))
    for gene in (0, 1, 4):
        x = markers[:, genes.of(gene)].astype(float)
        rows = np.flatnonzero(~np.isnan(value[:, gene]))
        for row in range(N):
            kept = rows[rows != row]
            # the intercept is left out as well: a refit of mean and slopes
            mean = x[kept].mean(axis=0)
            seen, y = x[kept] - mean, value[kept, gene]
            own = np.linalg.solve(
                seen.T @ seen + 2.5 * np.eye(x.shape[1]), seen.T @ (y - y.mean())
            )
            expected = (x[row] - mean) @ own + y.mean() - value[rows, gene].mean()
            assert left_out[row, gene] == pytest.approx(expected, abs=1e-6)


FIVE = np.full(60, 5.0)


def planted(n, seed, noise=0.5, measured=1.0):
    """Sixty genes of three variants; genes 5 and 40 regulate, one up, one down."""
    rng = np.random.default_rng(seed)
    markers = rng.normal(size=(n, 180))
    law = np.random.default_rng(8).normal(size=(60, 3))
    law /= np.linalg.norm(law, axis=1, keepdims=True)
    own = np.stack([markers[:, 3 * g : 3 * g + 3] @ law[g] for g in range(60)], axis=1)
    whole = own.copy()
    whole[:, 10:30] += 0.8 * own[:, [5]]
    whole[:, 20:35] -= 0.6 * own[:, [40]]
    value = whole + noise * rng.normal(size=whole.shape)
    value[rng.random(n) > measured] = np.nan
    genes = gather(
        [f"g{i}" for i in range(60)], [np.arange(3 * g, 3 * g + 3) for g in range(60)]
    )
    return markers, genes, value, whole


def test_regulators_and_their_targets_are_found():
    markers, genes, value, _ = planted(250, 0)
    fit = fit_gene_latents(markers, genes, value, FIVE)
    effect = np.zeros((60, 60))
    effect[fit.regulator] = fit.trans
    assert effect[5, 10:30] == pytest.approx(0.8, abs=0.25)
    assert effect[40, 20:35] == pytest.approx(-0.6, abs=0.25)
    effect[5, 10:30] = effect[40, 20:35] = 0
    assert np.abs(effect).max() < 0.2
    assert np.abs(effect).mean() < 0.003


@pytest.mark.parametrize("measured", [1.0, 0.6])
def test_regulators_help_on_lines_not_seen(measured):
    markers, genes, value, _ = planted(200, 1, measured=measured)
    fresh, _, _, whole = planted(90, 2)
    with_them = fit_gene_latents(markers, genes, value, FIVE)
    without = fit_gene_latents(markers, genes, value, FIVE, max_regulators=0)
    assert without.regulator.size == 0

    def error(fit):
        return np.mean((fit.join(fit.own(fresh)) - whole) ** 2)

    assert error(with_them) < 0.75 * error(without)


def test_cis_weights_are_fitted_to_what_the_regulators_leave():
    markers, genes, value, _ = planted(120, 7)
    penalty = np.full(60, 5.0)
    cis, left_out = cis_leave_one_out(markers, genes, value, penalty)
    regulator, trans = regulator_effects(left_out, value, 60)
    own = predict_cis(markers, genes, cis)
    left = value - (own - own.mean(axis=0))[:, regulator] @ trans
    again, left_out = cis_leave_one_out(markers, genes, left, penalty)
    fit = fit_gene_latents(markers, genes, value, FIVE, max_regulators=60)
    assert fit.cis == pytest.approx(again, abs=1e-6)
    regulator, trans = regulator_effects(left_out, value, 60)
    assert np.array_equal(fit.regulator, regulator)
    assert fit.trans == pytest.approx(trans, abs=1e-6)


def test_own_values_are_centred_where_they_were_learned(setting):
    markers, genes, value = setting
    fit = fit_gene_latents(markers, genes, value, np.full(G, 2.5))
    assert fit.own(markers).mean(axis=0) == pytest.approx(np.zeros(G), abs=1e-6)


def test_join_adds_what_regulators_do():
    markers, genes, value, _ = planted(120, 3)
    fit = fit_gene_latents(markers, genes, value, FIVE)
    own = fit.own(markers[:7])
    expected = own.copy()
    for r, gene in enumerate(fit.regulator):
        for target in range(60):
            expected[:, target] += own[:, gene] * fit.trans[r, target]
    assert fit.join(own) == pytest.approx(expected)


def test_no_gene_regulates_itself():
    markers, genes, value, _ = planted(120, 4)
    fit = fit_gene_latents(markers, genes, value, FIVE)
    assert not fit.trans[np.arange(fit.regulator.size), fit.regulator].any()


def test_noise_has_no_regulators():
    rng = np.random.default_rng(0)
    markers, genes, value, _ = planted(120, 5)
    fit = fit_gene_latents(markers, genes, rng.normal(size=value.shape), FIVE)
    added = fit.join(fit.own(markers)) - fit.own(markers)
    assert added.std(axis=0).max() < 0.3  # of a measurement's sd
    assert added.std(axis=0).mean() < 0.05


def test_known_error_of_the_measurement_shrinks_regulation():
    markers, genes, value, _ = planted(150, 0, noise=1.0)
    value /= value.std(axis=0)
    poor = np.where(np.arange(60) < 30, 0.1, np.nan)
    plain = fit_gene_latents(markers, genes, value, FIVE)
    fit = fit_gene_latents(markers, genes, value, FIVE, reliability=poor)
    size = [
        np.linalg.norm(f.join(f.own(markers)) - f.own(markers), axis=0)
        for f in (fit, plain)
    ]
    assert size[0][10:30].mean() < size[1][10:30].mean()
    unknown = fit_gene_latents(
        markers, genes, value, FIVE, reliability=np.full(60, np.nan)
    )
    assert np.array_equal(unknown.trans, plain.trans)


def test_nothing_measured_and_nothing_that_varies():
    own = np.zeros((12, 4))
    value = np.random.default_rng(0).normal(size=(12, 4))
    regulator, trans = regulator_effects(own, value, 5)
    assert regulator.size == 0
    assert trans.shape == (0, 4)
    value[:] = np.nan
    regulator, trans = regulator_effects(own, value, 5)
    assert trans.shape == (0, 4)


def test_cis_variants_gain_only_where_the_graph_is_right():
    rng = np.random.default_rng(6)
    x = rng.normal(size=(70, 45))
    groups = [np.arange(3 * k, 3 * k + 3) for k in range(15)]
    value = x.reshape(70, 15, 3) @ [1.0, 0.5, -0.5] + rng.normal(size=(70, 15))
    value[:20, 3] = np.nan
    value[4:, 9] = np.nan  # too few to be asked
    names = [f"g{k:02d}" for k in range(15)]
    gain, error = cis_gain(x, gather(names, groups), value, 5.0)
    assert gain > 10 * error
    expected = []
    for k in set(range(15)) - {9}:
        seen = np.flatnonzero(~np.isnan(value[:, k]))
        found = []
        for members in (groups[k], groups[(k + 7) % 15]):
            z, left_out = x[:, members], np.empty(seen.size)
            for place, row in enumerate(seen):
                rest = np.delete(seen, place)
                centre = z[rest].mean(axis=0)
                a = z[rest] - centre
                y = value[rest, k]
                slope = np.linalg.solve(a.T @ a + 5 * np.eye(3), a.T @ (y - y.mean()))
                left_out[place] = (z[row] - centre) @ slope + y.mean()
            found.append(np.corrcoef(left_out, value[seen, k])[0, 1])
        expected.append(found[0] - found[1])
    assert gain == pytest.approx(np.mean(expected), abs=0.02)
    wrong = groups[4:] + groups[:4]
    gain, error = cis_gain(x, gather(names, wrong), value, 5.0)
    assert abs(gain) < 3 * error


def test_cis_variants_are_not_asked_where_genes_share_them():
    rng = np.random.default_rng(7)
    x, value = rng.normal(size=(40, 12)), rng.normal(size=(40, 11))
    names = [str(k) for k in range(11)]
    same = gather(names, [np.arange(12)] * 11)
    assert cis_gain(x, same, value, 5.0) is None
    few = gather(names[:9], [np.array([k]) for k in range(9)])
    assert cis_gain(x, few, value[:, :9], 5.0) is None
