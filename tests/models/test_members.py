"""`meristem.models.members`: the mean and spread of members."""

import numpy as np
from tests.models.toys import marker_panel

from meristem.models.members import OfMembers


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
