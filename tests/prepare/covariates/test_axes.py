from __future__ import annotations

import numpy as np
from tests import toys

from meristem.genetics.relationship import gram, principal_axes
from meristem.prepare.covariates.axes import marker_axes


def test_scores_are_principal_coordinates_and_new_lines_are_projected():
    rng = np.random.default_rng(4)
    dosage = rng.integers(0, 3, (24, 40))
    dosage[rng.random(dosage.shape) < 0.05] = -1
    train = toys.genotypes(dosage[:18])
    axes = marker_axes(train, 3)
    scores = axes.scores(train)
    expected, _ = principal_axes(gram(train.call_dosage, axes.mean), 3)
    size = scores.std(axis=0)
    np.testing.assert_allclose(size, 1, rtol=1e-4)
    for ours, theirs in zip(scores.T, expected.T, strict=True):
        assert abs(np.corrcoef(ours, theirs)[0, 1]) > 0.9999
    centred = np.where(dosage < 0, 0.0, dosage - axes.mean)
    new = axes.scores(toys.genotypes(dosage[18:], "n"))
    np.testing.assert_allclose(new, centred[18:] @ axes.loading, atol=1e-4)


def test_there_are_no_more_axes_than_dimensions():
    dosage = np.repeat([[0], [2], [1]], 5, axis=1)
    assert marker_axes(toys.genotypes(dosage), 10).n_axis == 1
