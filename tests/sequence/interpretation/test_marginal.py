import numpy as np
from tests.sequence.toys import fitted, motifs, rows

from meristem.sequence.interpretation.marginal import (
    embed,
    marginal_effect,
    spacing_effect,
)


def test_a_motif_does_what_the_model_says_of_edited_sequences() -> None:
    model, x, motif = fitted("motif"), rows().onehot[:6], motifs()[0]
    made = embed(x, motif, 5)
    word = motif.probability.argmax(axis=0)
    assert np.all(made[:, :, 5 : 5 + motif.width].argmax(axis=1) == word)
    assert np.array_equal(made[:, :, :5], x[:, :, :5])
    effect = marginal_effect(model, x, motif, 5)
    assert np.allclose(effect, model.predict(made) - model.predict(x))
    assert effect[:, 0].mean() > marginal_effect(model, x, motifs()[7])[:, 0].mean()


def test_motifs_of_a_linear_model_of_best_sites_interact_little() -> None:
    table = spacing_effect(fitted("motif"), rows().onehot[:6], motifs()[0], motifs()[1])
    assert table["distance"].tolist() == list(range(len(table)))
    assert (table["interaction"].abs() < table["together"].abs().max()).all()
