"""Transfer: the in-vitro network at the start, frozen kinetics, monotone link."""

from pathlib import Path

import numpy as np
import pytest
import torch

from meristem.errors import ConfigError, DataError
from meristem.kinetics.encode import encode_pairs
from meristem.kinetics.metrics import Ranking, auroc
from meristem.kinetics.off_target import Sites
from meristem.kinetics.score import Scorer
from meristem.kinetics.transfer import (
    FIRST_OFFSET,
    FIRST_SLOPE,
    TransferNet,
    TransferOptions,
    calibrate,
    logits,
    mean_logits,
    reliability,
    train_transfer,
)
from meristem.kinetics.transfer_run import hold_out_guides, label_sites
from meristem.kinetics.transfer_store import read_transfer, write_transfer
from meristem.kinetics.trunk import Trunk, TrunkNet
from meristem.kinetics.trunk_search import TRUNK_SPACE, build_trunk, search_trunks

from .test_score import GUIDE, draw_kinn, draw_targets

QUICK = TransferOptions(epochs=8, batch=32, negatives=5, learning_rate=0.01)
SMALL = Trunk(first_width=8, dense=8)


def labelled(n: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sites whose activity the kinetics get wrong: edits far from the PAM help."""
    targets = draw_targets(n)
    x = encode_pairs([GUIDE] * n, targets)
    label = (x[:, 13:, 4:8].sum(axis=(1, 2)) >= 2).astype(int)
    valid = np.arange(n) % 4 == 0
    return x, label, valid


def test_at_the_start_it_is_the_kinetic_network_with_a_link() -> None:
    kinn = draw_kinn(0)
    x, _, _ = labelled(30)
    net = TransferNet(SMALL, kinn, seed=1)
    rate = Scorer([kinn]).score(x).log10_rate
    assert np.allclose(logits(net, x), FIRST_SLOPE * rate + FIRST_OFFSET, atol=1e-4)


def test_kinetics_stay_frozen_and_the_link_monotone() -> None:
    kinn = draw_kinn(0)
    x, label, valid = labelled()
    net = TransferNet(SMALL, kinn, seed=1)
    before = {k: v.clone() for k, v in net.kinetic.state_dict().items()}
    fit = train_transfer(
        net, x, label, valid, rng=np.random.default_rng(0), options=QUICK
    )
    for name, value in net.kinetic.state_dict().items():
        assert torch.equal(value, before[name])
    assert net.slope.item() >= 0
    assert net.offset.item() >= 0
    assert np.abs(fit.corrections(x)).max() > 1e-3
    assert len(fit.validation) >= 2
    assert not net.training


def test_link_is_projected() -> None:
    net = TransferNet(SMALL, draw_kinn(0), seed=0)
    with torch.no_grad():
        net.slope.fill_(-1.0)
        net.offset.fill_(-2.0)
    net.project()
    assert net.slope.item() == net.offset.item() == 0.0


def test_training_learns_what_the_kinetics_lack() -> None:
    x, label, valid = labelled()
    net = TransferNet(SMALL, draw_kinn(0), seed=1)
    before = auroc(Ranking.of(label[valid], logits(net, x[valid])))
    options = TransferOptions(epochs=15, batch=32, negatives=5, learning_rate=0.01)
    fit = train_transfer(
        net, x, label, valid, rng=np.random.default_rng(0), options=options
    )
    after = auroc(Ranking.of(label[valid], mean_logits([fit], x[valid])))
    assert after > max(before + 0.1, 0.85)


def test_equal_seeds_give_equal_networks() -> None:
    x, label, valid = labelled()
    out = []
    for seed in (3, 3, 4):
        net = TransferNet(SMALL, draw_kinn(0), seed=seed)
        rng = np.random.default_rng(seed)
        train_transfer(net, x, label, valid, rng=rng, options=QUICK)
        out.append(logits(net, x))
    assert np.array_equal(out[0], out[1])
    assert not np.array_equal(out[0], out[2])


@pytest.mark.parametrize(
    "trunk",
    [
        Trunk(first="inception", first_width=8, second="k5", second_width=8),
        Trunk(first="k3d4", first_width=8, lstm=4, dense=0),
        Trunk(first="k1", first_width=8, attention=True, dense=8),
    ],
    ids=["inception", "lstm", "attention"],
)
def test_every_trunk_runs(trunk: Trunk) -> None:
    net = TrunkNet(trunk).eval()
    x = torch.from_numpy(labelled(7)[0]).float()
    out = net(x)
    assert out.shape == (7, net.width)
    assert torch.allclose(net(x[:3]), out[:3], atol=1e-5)


def test_without_kinetics_it_is_a_plain_classifier() -> None:
    net = TransferNet(SMALL, None, seed=0)
    x = labelled(5)[0]
    logit, correction = net(torch.from_numpy(x).float())
    assert logit.shape == (5,)
    assert correction.shape == (5, 0)


def test_calibrated_probabilities_match_the_share_of_positives() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(-2, 1.5, 20_000)
    label = (rng.random(20_000) < 1 / (1 + np.exp(-truth))).astype(int)
    distorted = 3.0 * truth + 5.0
    calibration = calibrate(distorted, label)
    assert calibration.slope == pytest.approx(1 / 3, rel=0.05)
    probability = calibration.apply(distorted)
    assert probability.mean() == pytest.approx(label.mean(), rel=0.01)
    curve = reliability(probability, label)
    assert curve[:, 2].sum() == 20_000
    assert np.abs(curve[:, 0] - curve[:, 1]).max() < 0.04


def test_calibration_never_turns_the_order_round() -> None:
    label = np.array([1, 1, 0, 0])
    assert calibrate(np.array([0.0, 1.0, 2.0, 3.0]), label).slope >= 0


def test_ensembles_survive_the_disk(tmp_path: Path) -> None:
    x, label, valid = labelled(100)
    fits = []
    for seed in range(2):
        net = TransferNet(SMALL, draw_kinn(seed), seed=seed)
        rng = np.random.default_rng(seed)
        fits.append(train_transfer(net, x, label, valid, rng=rng, options=QUICK))
    write_transfer(fits, tmp_path / "transfer")
    back = read_transfer(tmp_path / "transfer")
    assert np.allclose(mean_logits(fits, x), mean_logits(back, x), atol=1e-6)
    member = tmp_path / "transfer" / "member1.safetensors"
    member.write_bytes(member.read_bytes()[:40])
    with pytest.raises(DataError, match="corrected network"):
        read_transfer(tmp_path / "transfer")


def test_trunk_search_is_deterministic() -> None:
    x, label, valid = labelled(120)
    options = TransferOptions(epochs=1, batch=64, negatives=2)
    found = [
        search_trunks(
            draw_kinn(0),
            x,
            label,
            valid,
            n_trial=3,
            rng=np.random.default_rng(seed),
            options=options,
            size=2,
        )
        for seed in (0, 0)
    ]
    assert found[0][0] == found[1][0]
    assert found[0][1].equals(found[1][1])
    assert len(found[0][1]) == 3
    best = found[0][1].iloc[int(found[0][1]["reward"].argmax())]
    point = {name: int(best[name]) for name in TRUNK_SPACE}
    assert build_trunk(point) == found[0][0]


def test_equal_pairs_count_once_and_far_ones_not_at_all() -> None:
    guide = np.array([GUIDE] * 4)
    near = "A" + GUIDE[1:20] + "AGG"
    far = "CTGCGTATTC" + GUIDE[10:20] + "AGG"
    target = np.array([near, near, far, GUIDE[:20] + "AGG"])
    sites = Sites(guide, target, np.array([0, 1, 1, 0]), np.array([""] * 4))
    data = label_sites(sites, most_mismatches=6)
    assert sorted(data.label.tolist()) == [0, 1]
    assert set(data.guide) == {GUIDE[:20]}
    with pytest.raises(DataError, match="no label"):
        label_sites(
            Sites(guide, target, np.full(4, -1), sites.place), most_mismatches=6
        )


def test_guides_are_held_out_whole() -> None:
    guide = np.repeat([f"g{i}" for i in range(10)], 7)
    held = hold_out_guides(guide, 0.2, np.random.default_rng(0))
    assert set(guide[held]).isdisjoint(guide[~held])
    assert len(set(guide[held])) == 2
    with pytest.raises(DataError, match="one guide only"):
        hold_out_guides(np.array(["a", "a"]), 0.5, np.random.default_rng(0))


def test_faults_are_refused() -> None:
    x, label, valid = labelled(20)
    with pytest.raises(DataError, match="one class"):
        train_transfer(
            TransferNet(SMALL, None, seed=0),
            x,
            label * 0,
            valid,
            rng=np.random.default_rng(0),
        )
    with pytest.raises(DataError, match="hidden"):
        TransferNet(SMALL, draw_kinn(0, hidden=True), seed=0)
    with pytest.raises(ConfigError, match="trunk block"):
        Trunk(first="k9")
