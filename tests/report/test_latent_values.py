from __future__ import annotations

import numpy as np
import pandas as pd

from meristem.interpret.biology.latent_validation import latent_agreement
from meristem.report.latent_values import agreement, latent_models, orient
from meristem.report.view import View


def test_agreement_is_the_one_of_interpretation(small_view: View) -> None:
    rows = small_view.artefacts.latents
    for model in ("binn", "binn+metabolites"):
        own = rows[rows["model"] == model].copy()
        own.loc[own.index[::17], "measured"] = np.nan
        mine = agreement(orient(own)).set_index("node")["agreement"]
        rng = np.random.default_rng(0)
        other = latent_agreement(own, rng, n_permutation=0, n_bootstrap=2)
        expected = other.set_index("node")["agreement"]
        assert np.allclose(mine, expected[mine.index])


def test_every_fold_is_turned_upwards_and_scaled(small_view: View) -> None:
    rows = small_view.artefacts.latents
    own = orient(rows[rows["model"] == "binn"])
    assert (own["r"] < 0).any()
    for _, part in own.groupby(["node", "fold"]):
        assert np.isclose(part["oriented"].std(ddof=0), 1)
        assert np.corrcoef(part["oriented"], part["measured"])[0, 1] > 0


def test_a_constant_or_tiny_fold_does_not_count() -> None:
    rows = pd.DataFrame(
        {
            "sample_id": list("abcdefgh"),
            "node": "n",
            "omics": "o",
            "model": "m",
            "latent": [1.0, 1, 1, 1, 2, 3, 5, 6],
            "measured": [1.0, 2, 3, 1, 2, 3, 4, 5],
            "replicate": 0,
            "fold": [0, 0, 0, 1, 1, 1, 2, 2],
        }
    )
    table = agreement(orient(rows))
    assert table.loc[0, "folds"] == 1
    assert table.loc[0, "lines"] == 8
    assert np.isclose(table.loc[0, "agreement"], 1.0)


def test_the_explained_model_comes_first(small_view: View) -> None:
    assert latent_models(small_view.artefacts) == ["binn+metabolites", "binn"]
