"""Transfer: the in-vitro network at the start, frozen kinetics, monotone link."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.kinetics.toys import GUIDE, draw_kinn, draw_targets
from tests.kinetics.transfer_toys import QUICK, SMALL, labelled, rates

from meristem.errors import ConfigError, DataError
from meristem.kinetics.cas9.channels import pair_features
from meristem.kinetics.cas9.edit_sums import KINDS, TOTALS, edit_sum_map, edit_tensor
from meristem.kinetics.cas9.encode import DELETED, INSERTED, encode_pairs
from meristem.kinetics.cas9.sites import Sites
from meristem.kinetics.network.kinn import LN10
from meristem.kinetics.network.store import write_kinns
from meristem.kinetics.scoring.corrected import CorrectedScorer, read_scorer
from meristem.kinetics.scoring.score import Scorer, score_table
from meristem.kinetics.transfer.cross_fit import (
    SCALES,
    CrossFit,
    _by_assay,
    choose_scale,
    cross_fit,
)
from meristem.kinetics.transfer.net import (
    FIRST_OFFSET,
    FIRST_SLOPE,
    Calibration,
    TransferFit,
    TransferNet,
    calibrate,
    logits,
    mean_logits,
    reliability,
)
from meristem.kinetics.transfer.rows import (
    LabelledSites,
    ranking_by_guide,
)
from meristem.kinetics.transfer.store import read_transfer, write_transfer
from meristem.kinetics.transfer.train import (
    TransferOptions,
    draw_rows,
    relink,
    train_epochs,
)
from meristem.kinetics.transfer.trunk import Trunk, TrunkNet
from meristem.stats.folds import grouped_folds
from meristem.stats.ranking import Ranking, auroc, average_precision


def crossed(
    data: LabelledSites, *, seed: int = 0, kinetic: bool = True, members: int = 3
) -> CrossFit:
    nets = [
        TransferNet(SMALL, [draw_kinn(0)] if kinetic else [], seed=seed + member)
        for member in range(members)
    ]
    rng = np.random.default_rng(seed)
    return cross_fit(nets, data, rates(data), rng=rng, options=QUICK)


def test_at_the_start_it_is_the_kinetic_network_with_a_link() -> None:
    data = labelled(30)
    net = TransferNet(SMALL, [draw_kinn(0)], seed=1)
    assert np.allclose(
        logits(net, data.x), FIRST_SLOPE * rates(data) + FIRST_OFFSET, atol=1e-4
    )


def test_kinetics_stay_frozen_and_the_link_monotone() -> None:
    data = labelled()
    net = TransferNet(SMALL, [draw_kinn(0)], seed=1)
    assert net.kinetic is not None
    before = {k: v.clone() for k, v in net.kinetic.state_dict().items()}
    rng = np.random.default_rng(0)
    drawn = draw_rows(
        data.label, rates(data), np.arange(len(data.label)), negatives=3, rng=rng
    )
    epochs = []
    for epoch in train_epochs(net, data, drawn, rng=rng, options=QUICK):
        epochs.append(epoch)
        assert not net.training
        assert net.slope.item() >= 0
        assert net.offset.item() >= 0
    assert epochs == [0, 1]
    for name, value in net.kinetic.state_dict().items():
        assert torch.equal(value, before[name])
    x = torch.from_numpy(data.x).float()
    assert net.correction(x).abs().max() > 1e-3


def test_link_is_projected() -> None:
    net = TransferNet(SMALL, [draw_kinn(0)], seed=0)
    with torch.no_grad():
        net.slope.fill_(-1.0)
        net.offset.fill_(-2.0)
    net.project()
    assert net.slope.item() == net.offset.item() == 0.0


def test_what_all_rates_share_is_a_change_of_time_scale() -> None:
    net = TransferNet(SMALL, [draw_kinn(0)], seed=0)
    data = labelled(9)
    before = logits(net, data.x)
    with torch.no_grad():
        net.linear.weight[-1].fill_(0.3)
    x = torch.from_numpy(data.x).float()
    sums = net.sums(x, edit_tensor(x)).sum(dim=1).numpy()
    shift = FIRST_SLOPE * 0.3 * sums / np.log(10.0)
    assert np.allclose(logits(net, data.x), before + shift, atol=1e-4)


def test_training_learns_what_the_kinetics_lack() -> None:
    data = labelled()
    found = crossed(data)
    before = auroc(Ranking.of(data.label, rates(data)))
    after = auroc(Ranking.of(data.label[found.rows], found.logit), found.weight)
    assert found.scale > 0
    assert after > max(before + 0.1, 0.85)


def test_a_correction_with_nothing_to_add_does_no_harm() -> None:
    data = labelled(600, n_guide=6)
    rate = rates(data)
    noise = np.random.default_rng(1).normal(0, 0.5, len(rate))
    data = replace(data, label=(rate + noise > np.quantile(rate, 0.7)).astype(int))
    found = crossed(data)
    table = found.choices[found.choices["chosen"] == "scale"]
    assert table["scale"].tolist() == list(SCALES)
    seen = data.take(found.rows)
    as_it_is, corrected = (
        ranking_by_guide(seen.label, score, seen.guide, found.weight).mean()
        for score in (rate[found.rows], found.logit)
    )
    assert corrected > as_it_is - 0.01


def test_scale_zero_is_the_network_as_it_is() -> None:
    ranking = np.array([[0.5, 0.6, 0.4], [0.9, 0.3, 0.5], [0.4, 0.4, 0.4]])
    assert choose_scale(ranking) == 0  # the gain of .06 is within its error
    assert choose_scale(ranking + np.array([[0.0], [0.3], [0.0]])) == 1
    data = labelled(60)
    net = TransferNet(SMALL, [draw_kinn(0)], seed=1)
    start = logits(net, data.x)
    with torch.no_grad():
        net.linear.weight.normal_()
    assert not np.allclose(logits(net, data.x), start)
    net.scale.fill_(0.0)
    assert np.allclose(logits(net, data.x), start, atol=1e-6)


def test_a_member_never_learns_from_the_fold_that_judges_it() -> None:
    """Labels of one guide change nothing of the member that leaves it out."""
    data = labelled()
    first = crossed(data)
    fold = grouped_folds(data.guide, 3, np.random.default_rng(0))
    for member in range(3):
        left = fold == member
        turned = replace(data, label=np.where(left, 1 - data.label, data.label))
        again = crossed_until(turned, member)
        plain = crossed_until(data, member)
        assert np.array_equal(again[left], plain[left])
    assert len(first.fits) == 3


def crossed_until(data: LabelledSites, member: int) -> np.ndarray:
    """Train one member as `cross_fit` does; return its logits of all rows."""
    rng = np.random.default_rng(0)
    fold = grouped_folds(data.guide, 3, rng)
    rows = np.flatnonzero(fold != member)
    drawn = draw_rows(data.label, rates(data), rows, negatives=8, rng=rng)
    net = TransferNet(SMALL, [draw_kinn(0)], seed=member)
    for _ in train_epochs(net, data, drawn, rng=rng, options=QUICK):
        pass
    return logits(net, data.x)


def test_rows_drawn_by_the_features_leave_the_odds_as_they_are() -> None:
    rng = np.random.default_rng(0)
    n = 60_000
    rate = rng.normal(-3.0, 1.0, n)
    label = (rng.random(n) < 1 / (1 + np.exp(-(1.5 * rate + 1.0)))).astype(int)
    rows = np.flatnonzero(np.arange(n) % 3 > 0)
    drawn = draw_rows(label, rate, rows, negatives=4, rng=rng)
    assert np.isin(drawn.rows, rows).all()
    assert label[drawn.rows].sum() == label[rows].sum()
    assert 3 < (label[drawn.rows] == 0).sum() / label[rows].sum() < 5
    theta = np.zeros(2)
    design = np.stack([rate[drawn.rows], np.ones(len(drawn.rows))], axis=1)
    for _ in range(25):
        p = 1 / (1 + np.exp(-(design @ theta + drawn.log_odds)))
        hessian = design.T @ (design * (p * (1 - p))[:, None])
        theta += np.linalg.solve(hessian, design.T @ (label[drawn.rows] - p))
    assert theta == pytest.approx([1.5, 1.0], abs=0.12)


DELETIONS = edit_sum_map().shape[1] - 1
"""Place of the number of deletions among the sums."""


def test_intercepts_take_up_what_differs_between_guides() -> None:
    """One guide is active at random, far more often: no edit is to blame."""
    data = labelled(900, n_guide=3)
    rng = np.random.default_rng(0)
    often = data.guide == "g0"
    x = data.x.copy()
    x[often, 20, 12] = 1  # an edit that only this guide's sites have
    label = (rng.random(900) < np.where(often, 0.7, 0.05)).astype(int)
    weights = []
    data = replace(data, x=x, label=label)
    for guide in (data.guide, np.full(900, "one")):
        given = replace(data, guide=guide)
        net = TransferNet(SMALL, [], seed=0)
        drawn = draw_rows(label, np.zeros(900), np.arange(900), negatives=99, rng=rng)
        options = TransferOptions(epochs=0, shared_l2=1e-3, guide_l2=1e-6)
        for _ in train_epochs(net, given, drawn, rng=rng, options=options):
            pass
        deleted = net.linear.weight[0, DELETIONS].item()
        weights.append(abs(deleted))
    assert weights[0] < 0.3 * weights[1]


def test_equal_seeds_give_equal_networks() -> None:
    data = labelled(200)
    out = [mean_logits(crossed(data, seed=seed).fits, data.x) for seed in (3, 3, 4)]
    assert np.array_equal(out[0], out[1])
    assert not np.array_equal(out[0], out[2])


def test_sums_count_each_edit_by_kind_and_place() -> None:
    x = encode_pairs([GUIDE] * 7, draw_targets(7))
    pairs = edit_tensor(torch.from_numpy(x).float())
    assert np.array_equal(pairs.numpy(), pair_features(x))
    order = 4
    sums = pairs.flatten(1).numpy() @ edit_sum_map(order)
    assert sums.shape == (7, len(KINDS) * (3 + order) + len(TOTALS))
    totals = {
        "edit": x[:, :, 4:].sum(axis=(1, 2)),
        "ins": x[:, :, INSERTED].sum(axis=(1, 2)),
        "del": x[:, :, DELETED].sum(axis=1),
    }
    local = sums[:, : -len(TOTALS)].reshape(7, len(KINDS), 3 + order)
    for index, kind in enumerate(TOTALS):
        assert np.allclose(sums[:, len(sums[0]) - len(TOTALS) + index], totals[kind])
        within = x[:, :23, 4:].sum(axis=(1, 2)) if kind == "edit" else None
        if within is not None:
            assert np.allclose(local[:, KINDS.index(kind)].sum(axis=1), within)


@pytest.mark.parametrize(
    "trunk",
    [
        Trunk(first="inception", first_width=8, second="k5", second_width=8),
        Trunk(first="k3d4", first_width=8, lstm=4, dense=0),
        Trunk(first="k1", first_width=8, attention=True, dense=8),
        Trunk(first_width=8, dense=8, reads="all"),
    ],
    ids=["inception", "lstm", "attention", "all"],
)
def test_every_trunk_runs(trunk: Trunk) -> None:
    net = TrunkNet(trunk).eval()
    x = torch.from_numpy(labelled(7).x).float()
    x = x if trunk.reads == "all" else edit_tensor(x)
    out = net(x)
    assert out.shape == (7, net.width)
    assert torch.allclose(net(x[:3]), out[:3], atol=1e-5)


def test_without_kinetics_it_is_a_plain_classifier() -> None:
    data = labelled()
    found = crossed(data, kinetic=False)
    assert set(found.choices["chosen"]) == {"epoch"}
    assert found.scale == 1.0
    label = data.label[found.rows]
    assert average_precision(Ranking.of(label, found.logit), found.weight) > 0.8


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


def test_calibration_weighs_rows_by_what_they_stand_for() -> None:
    rng = np.random.default_rng(0)
    logit = rng.normal(0, 2, 300)
    label = (rng.random(300) < 1 / (1 + np.exp(-logit))).astype(int)
    weight = rng.integers(1, 5, 300)
    once = calibrate(logit, label, weight.astype(float))
    often = calibrate(np.repeat(logit, weight), np.repeat(label, weight))
    assert once.slope == pytest.approx(often.slope, rel=1e-3)
    assert once.offset == pytest.approx(often.offset, abs=1e-3)


def test_calibration_never_turns_the_order_round() -> None:
    label = np.array([1, 1, 0, 0])
    assert calibrate(np.array([0.0, 1.0, 2.0, 3.0]), label).slope >= 0


def test_several_networks_are_averaged_in_the_log_rate() -> None:
    data, kinns = labelled(40), [draw_kinn(seed) for seed in (0, 1, 2)]
    net = TransferNet(SMALL, kinns, seed=1)
    mean = np.mean([Scorer([kinn]).score(data.x).log10_rate for kinn in kinns], axis=0)
    assert np.allclose(
        logits(net, data.x), FIRST_SLOPE * mean + FIRST_OFFSET, atol=1e-4
    )
    scores = CorrectedScorer([TransferFit(net.eval(), np.zeros(1))]).score(data.x)
    together = Scorer(kinns).score(data.x)
    assert np.allclose(scores.log10_rate, together.log10_rate, atol=1e-5)
    assert np.allclose(scores.spread, together.spread, atol=1e-4)
    assert np.allclose(scores.log10_rates, together.log10_rates, atol=1e-5)


def test_weights_of_the_networks_can_be_learned() -> None:
    """One network is right, the other reads other edits: the first gets the weight."""
    data = labelled(600)
    kinns = [draw_kinn(0), draw_kinn(5)]
    right = Scorer(kinns[:1]).score(data.x).log10_rate
    label = (right > np.quantile(right, 0.8)).astype(int)
    data = replace(data, label=label)
    rng = np.random.default_rng(0)
    drawn = draw_rows(label, rates(data), np.arange(600), negatives=9, rng=rng)
    shares = []
    for learn in (False, True):
        net = TransferNet(SMALL, kinns, seed=0)
        options = replace(QUICK, epochs=0, shared_l2=1.0, rate_l2=1.0)
        options = replace(options, learn_weights=learn, weight_l2=1e-3)
        for _ in train_epochs(net, data, drawn, rng=rng, options=options):
            pass
        assert net.kinetic is not None
        shares.append(net.kinetic.shares().detach().numpy())
    assert np.allclose(shares[0], 0.5)
    assert shares[1][0] > 0.7
    assert shares[1].sum() == pytest.approx(1.0)


def test_bulges_nobody_measured_keep_the_rate_in_vitro() -> None:
    data = labelled(300)
    rng = np.random.default_rng(0)
    drawn = draw_rows(data.label, rates(data), np.arange(300), negatives=9, rng=rng)
    net = TransferNet(SMALL, [draw_kinn(0)], seed=0)
    for _ in train_epochs(net, data, drawn, rng=rng, options=QUICK):
        pass
    x = data.x.copy()
    x[:, 12, DELETED] = 1
    before = rates(replace(data, x=x))
    relink(net, data, drawn)
    after = logits(net, x)
    slope, offset = np.polyfit(before, after, 1)
    assert np.allclose(after, slope * before + offset, atol=1e-3)
    assert slope > 0
    unbulged = logits(net, data.x)
    assert abs(np.corrcoef(unbulged, rates(data))[0, 1]) < 0.99
    some = np.arange(300) < 9
    hidden = replace(data, x=np.where(some[:, None, None], x, data.x))
    relink(net, hidden, drawn)  # no table writes them: found because they are active
    assert not np.isnan(net.unlearned.numpy()).any()
    relink(net, replace(hidden, gapped=some), drawn)
    assert np.isnan(net.unlearned.numpy()).all()


def assays(n: int = 600) -> LabelledSites:
    """Sites of nine guides in three assays."""
    data = labelled(n, n_guide=9)
    number = np.array([int(g[1:]) // 3 for g in data.guide])
    return replace(data, assay=number)


def test_assays_left_out_choose_the_scale() -> None:
    data = assays()
    nets = [TransferNet(SMALL, [draw_kinn(0)], seed=m) for m in range(6)]
    found = cross_fit(
        nets[:3],
        data,
        rates(data),
        rng=np.random.default_rng(0),
        options=QUICK,
        jackknife=nets[3:],
    )
    scales = found.choices[found.choices["chosen"] == "scale"]
    assert scales["guides"].tolist() == [3] * len(SCALES)  # assays
    assert found.scale > 0


def test_an_assay_left_out_is_not_learned_from() -> None:
    data = assays(300)
    weight, rate = np.ones(300), rates(data)
    turned = np.where(data.assay == 1, 1 - data.label, data.label)
    states, ranked = [], []
    for given in (data, replace(data, label=turned)):
        net = TransferNet(SMALL, [draw_kinn(0)], seed=0)
        rng = np.random.default_rng(0)
        ranked.append(_by_assay(net, 1, given, rate, given, weight, rng, QUICK))
        states.append(net.state_dict())
    assert not np.allclose(*ranked)
    for name, value in states[0].items():
        assert torch.equal(value.nan_to_num(), states[1][name].nan_to_num())


def test_ensembles_survive_the_disk(tmp_path: Path) -> None:
    data = labelled(150)
    fits = crossed(data, members=2).fits
    write_transfer(fits, Calibration(0.7, -1.0), tmp_path / "transfer")
    back, calibration = read_transfer(tmp_path / "transfer")
    assert calibration == Calibration(0.7, -1.0)
    assert np.allclose(mean_logits(fits, data.x), mean_logits(back, data.x), atol=1e-6)
    member = tmp_path / "transfer" / "member1.safetensors"
    member.write_bytes(member.read_bytes()[:40])
    with pytest.raises(DataError, match="corrected network"):
        read_transfer(tmp_path / "transfer")


def test_corrected_networks_score_sites(tmp_path: Path) -> None:
    data = labelled(70)
    fits = crossed(data, members=2).fits
    calibration = Calibration(0.7, -1.0)
    write_transfer(fits, calibration, tmp_path / "run" / "transfer")
    targets = np.array(draw_targets(70))
    sites = Sites(np.full(70, GUIDE), targets, np.full(70, -1), np.full(70, ""))
    for place in (tmp_path / "run", tmp_path / "run" / "transfer"):
        scores = read_scorer(place).score_sites(sites)
        expected = calibration.apply(mean_logits(fits, data.x))
        assert scores.probability == pytest.approx(expected, abs=1e-6)
        total = np.mean([fit.corrections(data.x) for fit in fits], axis=0) / LN10
        frozen = Scorer([draw_kinn(0)]).score(data.x).log10_rates
        assert np.allclose(scores.log10_rates, frozen + total, atol=1e-4)
    table = score_table(read_scorer(tmp_path / "run"), sites)
    assert {"log10_rate", "spread", "probability"} <= set(table.columns)
    write_kinns([draw_kinn(0)], tmp_path / "model.json")
    assert isinstance(read_scorer(tmp_path / "model.json"), Scorer)
    with pytest.raises(DataError, match="no corrected network"):
        read_scorer(tmp_path)


def test_faults_are_refused() -> None:
    data = labelled(20)
    with pytest.raises(DataError, match="one class"):
        draw_rows(
            data.label * 0,
            rates(data),
            np.arange(20),
            negatives=2,
            rng=np.random.default_rng(0),
        )
    with pytest.raises(DataError, match="hidden"):
        TransferNet(SMALL, [draw_kinn(0, hidden=True)], seed=0)
    with pytest.raises(ConfigError, match="trunk block"):
        Trunk(first="k9")
    with pytest.raises(ConfigError, match="cannot read"):
        Trunk(reads="nothing")
