from __future__ import annotations

import numpy as np
import pytest
from tests.models.binn.toys import make_network

from meristem.models.binn import values
from meristem.prepare.scale import fit_scale


def test_lines_are_computed_some_at_a_time(plan, genotypes, monkeypatch):
    network = make_network(plan).float()
    scale, dosage = fit_scale(genotypes.call_dosage), genotypes.call_dosage
    value, latent = values.network_values(network, scale, dosage)
    assert value.shape == (2, 50, 2)
    assert latent.shape == (2, 50, 4)
    monkeypatch.setattr(values, "_ROWS", 7)
    again = values.network_values(network, scale, dosage)
    assert again[0] == pytest.approx(value, abs=1e-6)
    assert again[1] == pytest.approx(latent, abs=1e-6)
    none = values.network_values(network, scale, dosage[:0])
    assert np.shape(none[0]) == (2, 0, 2)
