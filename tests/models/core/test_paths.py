"""Paths from all variants: GBLUP, weighted markers, and what held-out rows prefer."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models.toys import marker_panel

from meristem.config.models import WeightedGBLUPOptions
from meristem.mixed.stacking import stack
from meristem.mixed.targets import Target, training_targets
from meristem.models.core.paths import fit_paths
from meristem.models.core.settings import CoreSettings
from meristem.models.linear.gblup import GBLUP
from meristem.models.linear.gwablup import WeightedGBLUP
from meristem.models.panel import make_panel

N = 150
PRIORS, WINDOW = CoreSettings().scan_priors, CoreSettings().scan_window


def fit(panel, contig, targets):
    return fit_paths(panel, contig, targets, PRIORS, WINDOW)


@pytest.fixture(name="case", scope="module")
def make_case():
    dataset = marker_panel(3)[0].take(np.arange(N))
    panel = make_panel(dataset.genotypes)
    contig = dataset.genotypes.variants.variant_contig
    return dataset, panel, contig, training_targets(dataset.phenotypes)


@pytest.mark.parametrize("place", range(len(PRIORS)))
def test_each_path_is_the_model_of_its_prior(case, place):
    dataset, panel, contig, targets = case
    paths = fit(panel, contig, targets)
    options = WeightedGBLUPOptions(prior=(PRIORS[place],), window=WINDOW)
    model = GBLUP() if place == 0 else WeightedGBLUP(options)
    fitted = model.fit(dataset, rng=np.random.default_rng(0))
    rows = np.array([4, 90, 17])
    expected = fitted.predict(dataset.take(rows).genotypes).value
    assert paths.predict(panel, rows)[place] == pytest.approx(expected, abs=1e-6)


def test_a_sum_of_paths_predicts_the_sum(case):
    _, panel, contig, targets = case
    paths = fit(panel, contig, targets)
    weight = np.array([[0.2], [0.5], [0.3]])
    effect, intercept = paths.total(weight)
    rows = np.arange(11)
    value = panel.scale.centre(panel.dosage[rows], np.float64) @ effect + intercept
    expected = np.einsum("pnt,pt->nt", paths.predict(panel, rows), weight)
    assert value == pytest.approx(expected)


def test_rows_without_a_value_teach_nothing(case):
    dataset, panel, contig, _ = case
    y = dataset.phenotypes.value[:, 0]
    rows = np.arange(0, N, 2)
    target = Target(0, rows, y[rows], np.ones(rows.size))
    found = fit(panel, contig, [target])
    other = panel.dosage.copy()
    other[1::2] = 2 - other[1::2]
    changed = type(panel)(other, panel.scale, panel.kernel.copy(), panel.factor)
    again = fit(changed, contig, [target])
    assert again.effect == pytest.approx(found.effect, abs=1e-7)


def test_few_large_effects_move_the_weight(case):
    dataset, panel, contig, targets = case
    value, weight = dataset.phenotypes.value, dataset.phenotypes.weight
    held = np.full((len(PRIORS), N, 1), np.nan)
    for fold in range(5):
        test = np.flatnonzero(np.arange(N) % 5 == fold)
        train = np.flatnonzero(np.arange(N) % 5 != fold)
        y = targets[0].y
        part = Target(0, train, y[train], np.ones(train.size))
        held[:, test] = fit(panel, contig, [part]).predict(panel, test)
    found = stack(value, weight, held, np.array([1.0, 0, 0]), sd=0.3)
    assert found[1:].sum() > 0.8
