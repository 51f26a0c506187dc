"""One mismatch more: where it is put, and that it is not let to help."""

from dataclasses import replace

import numpy as np
from tests.kinetics.toys import draw_kinn
from tests.kinetics.transfer_toys import QUICK, SMALL, labelled, rates

from meristem.kinetics.cas9.encode import count_edits, encode_pairs
from meristem.kinetics.transfer.monotone import one_more_mismatch
from meristem.kinetics.transfer.net import TransferNet, logits
from meristem.kinetics.transfer.train import draw_rows, train_epochs


def test_one_free_place_of_the_spacer_is_changed() -> None:
    data = labelled(60)
    before = data.x.copy()
    more = one_more_mismatch(data.x, np.random.default_rng(0))
    assert (data.x == before).all()
    assert (count_edits(more) == count_edits(data.x) + 1).all()
    assert (more[:, :3] == data.x[:, :3]).all()
    changed = (more != data.x).any(axis=2)
    assert not (changed & (data.x[:, :, 4:].sum(axis=2) > 0)).any()
    base = more[:, :, :4].astype(bool) & more[:, :, 4:8].astype(bool)
    assert not base.any()  # no base becomes itself


def test_a_pair_without_a_free_place_stays_as_it_is() -> None:
    full = encode_pairs(["ACGTACGTNGG"], ["CAACGTTAAGG"])
    assert (one_more_mismatch(full, np.random.default_rng(0)) == full).all()


def test_the_penalty_keeps_more_mismatches_from_helping() -> None:
    data = labelled(300)  # here edits far from the PAM do help
    more = one_more_mismatch(data.x, np.random.default_rng(3))
    helped = []
    for monotone in (0.0, 3.0):
        net = TransferNet(SMALL, [draw_kinn(0)], seed=0)
        rng = np.random.default_rng(0)
        drawn = draw_rows(data.label, rates(data), np.arange(300), negatives=8, rng=rng)
        options = replace(QUICK, monotone=monotone)
        for _ in train_epochs(net, data, drawn, rng=rng, options=options):
            pass
        gain = logits(net, more) - logits(net, data.x)
        helped.append(float(np.maximum(gain, 0.0).mean()))
    assert helped[1] < 0.5 * helped[0]
