"""Heads per assay: detection limits, slopes, and read counts as graded targets."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from tests.kinetics.toys import draw_kinn
from tests.kinetics.transfer_toys import QUICK, SMALL, labelled, rates

from meristem.kinetics.transfer.heads import CUTS, Heads, read_levels
from meristem.kinetics.transfer.net import TransferNet, logits
from meristem.kinetics.transfer.rows import LabelledSites
from meristem.kinetics.transfer.train import TransferOptions, draw_rows, train_epochs


def trained(data: LabelledSites, options: TransferOptions) -> np.ndarray:  # (n,)
    net = TransferNet(SMALL, [draw_kinn(0)], seed=0)
    rng = np.random.default_rng(0)
    rows = np.arange(len(data.label))
    drawn = draw_rows(data.label, rates(data), rows, negatives=8, rng=rng)
    for _ in train_epochs(net, data, drawn, rng=rng, options=options):
        pass
    return logits(net, data.x)


def test_levels_are_counted_within_an_assay_among_active_sites() -> None:
    data = labelled(80)
    label = (np.arange(80) % 2).astype(int)
    assay = np.repeat([0, 1], 40)
    reads = np.arange(80.0) * np.where(assay == 1, 1000.0, 1.0)
    reads[1] = np.nan
    level = read_levels(
        replace(data, label=label, assay=assay, reads=reads), np.arange(80)
    )
    assert (level[label == 0] == -1).all()
    assert level[1] == -1  # no count
    for number in (0, 1):
        here = level[(assay == number) & (level >= 0)]
        assert np.bincount(here).tolist() in ([5, 5, 5, 5], [5, 5, 4, 5], [5, 4, 5, 5])
    tied = replace(data, label=label, assay=assay, reads=np.full(80, 7.0))
    assert set(read_levels(tied, np.arange(80))) == {-1, 0}


def test_the_loss_is_that_of_a_slow_twin() -> None:
    data = replace(labelled(30), reads=np.arange(30.0), assay=np.arange(30) % 2)
    rows = np.arange(3, 30)
    heads = Heads.of(data, rows)
    rng = np.random.default_rng(4)
    with torch.no_grad():
        for each in (heads.guide, heads.assay, heads.slope, heads.cut):
            each.copy_(torch.from_numpy(rng.normal(0, 0.5, each.shape)))
    chunk = torch.from_numpy(rng.permutation(27)[:20])
    logit, added = torch.from_numpy(rng.normal(0, 1, (2, 20)).astype(np.float32))
    target = torch.from_numpy(data.label[rows]).float()[chunk]
    found = heads.loss(logit, target, added, chunk, graded=0.6)

    def entropy(z: float, hit: bool) -> float:
        return float(np.logaddexp(0.0, -z if hit else z))

    total = 0.0
    with torch.no_grad():
        for i, row in enumerate(chunk.tolist()):
            assay = int(heads.assay_place[row])
            z = float(heads.slope[assay].exp() * logit[i])
            own = heads.guide[heads.guide_place[row]] - heads.guide.mean()
            own = own + heads.assay[assay] - heads.assay.mean()
            total += entropy(z + float(added[i] + own), bool(target[i] > 0))
            level = int(heads.level[row])
            for cut in range(max(level + 1, 0)):
                if cut < len(CUTS):
                    z_cut = z + float(heads.cut[assay, cut])
                    total += 0.6 / len(CUTS) * entropy(z_cut, level > cut)
    assert found.item() == pytest.approx(total, rel=1e-5)


def test_read_counts_rank_the_active_sites() -> None:
    data = labelled(400)
    near = data.x[:, 3:13, 4:8].sum(axis=(1, 2))  # what the labels say nothing of
    data = replace(data, reads=100.0 - 9.0 * near)
    active = data.label == 1
    by_label, by_reads = (
        trained(data, replace(QUICK, epochs=0, graded=graded)) for graded in (0.0, 3.0)
    )
    known = [spearmanr(z[active], data.reads[active])[0] for z in (by_label, by_reads)]
    assert known[1] > known[0] + 0.1


def test_slopes_take_up_how_steeply_an_assay_calls() -> None:
    data = replace(labelled(300), assay=np.arange(300) % 2)
    rng = np.random.default_rng(1)
    turned = (data.assay == 1) & (rng.random(300) < 0.35)
    data = replace(data, label=np.where(turned, 1 - data.label, data.label))
    plain, sloped = (
        trained(data, replace(QUICK, epochs=0, slopes=slopes, slope_l2=0.01))
        for slopes in (False, True)
    )
    assert sloped.std() > plain.std()  # the noisy assay flattens it no longer
