from __future__ import annotations

import numpy as np
import pytest
from tests.interpret.toys import tiny_genotypes
from tests.models.binn.toys import make_network

from meristem.models.binn import values
from meristem.prepare.scale import fit_scale


def test_what_a_line_gets_does_not_depend_on_the_lines_beside_it(plan):
    genotypes = tiny_genotypes(n_sample=2100)  # more than are computed at one time
    network = make_network(plan).float()
    scale, dosage = fit_scale(genotypes.call_dosage), genotypes.call_dosage
    value, latent = values.network_values(network, scale, dosage)
    assert value.shape == (2, 2100, 2)
    assert latent.shape == (2, 2100, 4)
    for start, stop in ((0, 7), (7, 1030), (1030, 2100)):
        some = values.network_values(network, scale, dosage[start:stop])
        assert some[0] == pytest.approx(value[:, start:stop], rel=1e-6, abs=1e-5)
        assert some[1] == pytest.approx(latent[:, start:stop], rel=1e-6, abs=1e-5)
    none = values.network_values(network, scale, dosage[:0])
    assert np.shape(none[0]) == (2, 0, 2)
