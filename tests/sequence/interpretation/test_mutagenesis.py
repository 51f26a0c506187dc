import numpy as np
from tests.sequence.toys import fitted, motifs, planted, rows

from meristem.sequence.inputs.onehot import decode, encode
from meristem.sequence.interpretation.mutagenesis import importance, saturate


def test_changes_equal_predictions_of_edited_sequences() -> None:
    model, x = fitted("kmer"), rows().onehot[:2]
    change = saturate(model, x)
    text = decode(x)[1]
    for place, base in ((0, 2), (20, 0), (47, 3)):
        edited = text[:place] + "ACGT"[base] + text[place + 1 :]
        gap = model.predict(encode([edited])) - model.predict(x[1:2])
        assert np.allclose(change[1, base, place], gap[0])
    assert np.allclose((change * x[..., None]).sum(axis=1), 0)


def test_unknown_bases_are_left_alone() -> None:
    x = encode(["ACGTNNACGTACGT"])
    assert np.all(saturate(fitted("kmer"), x)[0, :, 4:6] == 0)


def test_planted_sites_stand_out() -> None:
    drawn, x = planted(), rows().onehot
    model = fitted("motif")
    inside, outside = [], []
    for row, number, start in drawn.site[:20]:
        value = importance(saturate(model, x[row : row + 1])[..., 0], x[row : row + 1])
        width = motifs()[number].width
        mask = np.zeros(x.shape[2], dtype=bool)
        mask[start : start + width] = True
        inside.append(np.abs(value[0][mask]).mean())
        outside.append(np.abs(value[0][~mask]).mean())
    assert np.mean(inside) > 1.5 * np.mean(outside)
