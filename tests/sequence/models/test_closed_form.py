import numpy as np
import pytest
from tests.sequence.toys import fitted, motifs, rows

from meristem.sequence.features.occupancy import make_bank
from meristem.sequence.inputs.onehot import encode, flip
from meristem.sequence.models.closed_form import (
    ClosedForm,
    feature_names,
    features_of,
    fit_closed_form,
)
from meristem.sequence.models.options import KmerOptions, MotifOptions


@pytest.mark.parametrize(
    "options", [KmerOptions(k=(2, 3), bins=2), MotifOptions(bins=2, k=(3,))]
)
def test_every_feature_has_a_name_and_bins_see_both_strands(options) -> None:
    bank, x = make_bank(motifs()), rows().onehot[:4]
    features = features_of(x, options, bank)
    assert features.shape[1] == len(feature_names(options, motifs()))
    assert np.allclose(features, features_of(flip(x), options, bank), atol=1e-4)


def test_the_planted_motifs_have_the_largest_weights() -> None:
    model = fitted("motif")
    assert isinstance(model, ClosedForm)
    order = np.argsort(-np.abs(model.ridge.weight[:, 0]))
    assert any(model.feature[place].startswith("M1") for place in order[:6])


def test_the_motif_model_beats_kmers_on_planted_motifs() -> None:
    data = rows(150)
    train = data.group % 2 == 0
    r = {}
    for name, options in (
        ("kmer", KmerOptions(k=(4,))),
        ("motif", MotifOptions(k=(4,))),
    ):
        own = data.take(train)
        model = fit_closed_form(
            own.onehot,
            own.value,
            own.group,
            options,
            tasks=("a", "b"),
            rng=np.random.default_rng(1),
            motifs=motifs() if name == "motif" else (),
        )
        guess = model.predict(data.onehot[~train])[:, 0]
        r[name] = np.corrcoef(guess, data.value[~train, 0])[0, 1]
    assert r["motif"] > r["kmer"] + 0.05
    assert r["motif"] > 0.6


def test_bins_fix_the_window() -> None:
    x = encode(["ACGTACGTAC"] * 6 + ["TTTTTTACGA"] * 6)
    value = np.r_[np.zeros(6), np.ones(6)][:, None]
    options = KmerOptions(k=(2,), bins=2)
    rng = np.random.default_rng(1)
    model = fit_closed_form(x, value, np.arange(12), options, tasks=("y",), rng=rng)
    assert model.window == 10
