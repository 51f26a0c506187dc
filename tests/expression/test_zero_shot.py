from dataclasses import replace

import numpy as np
import pytest
from tests.expression.toys import toy_panel

from meristem.errors import ConfigError
from meristem.expression.zero_shot import ZeroShot


def test_it_is_the_mean_prediction_over_windows_minus_the_reference() -> None:
    panel = toy_panel(n_bin=4, n_channel=5)
    names = np.array(["unit 1", "unit 2", "unit 3", "unit 4", "predicted activity"])
    panel = replace(panel, channels=names)
    rows, genes = np.array([3, 0]), np.array([2])
    found = ZeroShot().predict(panel, rows, genes)
    own = panel.delta(2)[rows].reshape(2, 4, 5)[:, :, 4].mean(axis=1)
    assert found[:, 0] == pytest.approx(own)


def test_embeddings_without_predictions_are_refused() -> None:
    with pytest.raises(ConfigError, match="no predictions of a sequence model"):
        ZeroShot().predict(toy_panel(), np.array([0]), np.array([0]))
