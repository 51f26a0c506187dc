"""`meristem.models.marker_model`: what a fitted model keeps of its training rows."""

from __future__ import annotations

import numpy as np
from tests.models.toys import halves, marker_panel

from meristem.models.marker_model import (
    MarkerModel,
    OfMembers,
    restored_fields,
    training_fields,
)
from meristem.prepare.scale import fit_scale
from meristem.records import FittedState


def test_it_survives_its_state_and_matches_variants_by_name():
    train, test = halves()
    scale = fit_scale(train.genotypes.call_dosage)
    model = MarkerModel(*training_fields("gblup", train, scale))
    again = MarkerModel(*restored_fields(FittedState("gblup", model.marker_arrays())))
    assert again.trait_name.tolist() == train.phenotypes.trait_name.tolist()
    turned = test.genotypes.take_variants(np.arange(test.genotypes.n_variant)[::-1])
    assert np.array_equal(again.dosage(turned), model.dosage(test.genotypes))
    value = np.zeros((test.n_sample, train.phenotypes.n_target))
    assert np.isnan(again.predictions(test.genotypes, value).spread).all()


class Toy(OfMembers):
    """Members that say one number each."""

    error = None
    trait_name, environment_name = np.array(["y"]), np.array([""])

    def __init__(self, said):
        self.said = said

    def member_predictions(self, genotypes):
        return np.array(self.said)[:, None, None] * np.ones((1, genotypes.n_sample, 1))

    def _dosage(self, genotypes):
        return genotypes.call_dosage


def test_the_mean_of_members_and_their_spread():
    lines = marker_panel(1, n=5, p=4)[0].genotypes
    found = Toy([1.0, 4.0]).predict(lines)
    assert (found.value == 2.5).all()
    np.testing.assert_allclose(found.spread, np.std([1, 4], ddof=1))
    one = Toy([3.0]).predict(lines)
    assert (one.value == 3).all()
    assert np.isnan(one.spread).all()
    assert (Toy([3.0]).posterior(lines).mean == 3).all()
