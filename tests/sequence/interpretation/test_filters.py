from copy import deepcopy

import numpy as np
import torch
from tests.sequence.toys import fitted, motifs, rows

from meristem.sequence.features.occupancy import log_odds
from meristem.sequence.interpretation.filters import first_layer_motifs
from meristem.sequence.models.networks.ensemble import NetworkEnsemble


def test_a_filter_that_holds_a_motif_gives_it_back() -> None:
    model = deepcopy(fitted("residual"))  # other tests share the original
    assert isinstance(model, NetworkEnsemble)
    first = model.networks[0][0]
    odds = log_odds(motifs()[0].probability)
    with torch.no_grad():
        first.weight[0].zero_()
        first.weight[0, :, : odds.shape[1]] = torch.from_numpy(odds)
        first.bias[0] = 0.0
    found = {p.motif.name: p for p in first_layer_motifs(model, rows().onehot)}
    guess = found["filter_0"].motif.probability[:, : odds.shape[1]].argmax(axis=0)
    assert np.mean(guess == motifs()[0].probability.argmax(axis=0)) > 0.8
