"""`meristem.models.marker_model`: what a fitted model keeps of its training rows."""

from __future__ import annotations

import numpy as np
from tests.models.toys import halves

from meristem.models.marker_model import (
    MarkerModel,
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
