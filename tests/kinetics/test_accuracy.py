"""Floors of accuracy on the real tables (slow)."""

import math

import numpy as np
import pytest
from tests.kinetics.shared_data import FOLDER, needs_data
from tests.kinetics.toys import GUIDE_1, GUIDE_2

from meristem.kinetics.cas9.encode import count_edits, encode_pairs
from meristem.kinetics.cas9.sites import read_sites
from meristem.kinetics.commands.settings import OTHER_ASSAY
from meristem.kinetics.network.ensemble import fit_ensemble, predict_ensemble
from meristem.kinetics.network.features import Window
from meristem.kinetics.network.kinn import Architecture, FitOptions, Kinn
from meristem.kinetics.network.mpkp import measurements, read_rates
from meristem.kinetics.scheme.catalog import cas9
from meristem.kinetics.scoring.score import Scorer
from meristem.kinetics.search.space import find_space
from meristem.kinetics.transfer.cross_fit import cross_fit
from meristem.kinetics.transfer.net import TransferNet, mean_logits
from meristem.kinetics.transfer.rows import hold_out_guides, label_sites
from meristem.kinetics.transfer.train import TransferOptions
from meristem.kinetics.transfer.trunk import Trunk
from meristem.stats.metrics import pearson
from meristem.stats.ranking import Ranking, auroc, average_precision

pytestmark = [pytest.mark.slow, needs_data]

CLIPPED = tuple(
    Window(w.start, min(w.stop, 24), w.kernel, w.filters, w.padding) for w in GUIDE_2
)
PUBLISHED = {1: Architecture(GUIDE_1), 2: Architecture(CLIPPED)}


@pytest.fixture(scope="module")
def fitted() -> dict[int, tuple[Kinn, ...]]:
    tables = read_rates(FOLDER / "mpkp" / "rates.csv.gz")
    return {
        number: fit_ensemble(
            cas9(4),
            [PUBLISHED[number]],
            measurements(tables[number], channels="chemistry"),
            copies=3,
            rng=np.random.default_rng(number),
            options=FitOptions(limits=(-5.0, math.inf)),
            bootstrap=False,
        )
        for number in (1, 2)
    }


def rates_of(kinns: list[Kinn], x: np.ndarray) -> np.ndarray:  # (n,)
    scorer = Scorer(kinns)
    starts = range(0, len(x), 50_000)
    return np.concatenate([scorer.score(x[i : i + 50_000]).log10_rate for i in starts])


@pytest.mark.parametrize("number", [1, 2])
def test_one_guide_predicts_the_other(fitted: dict, number: int) -> None:
    table = read_rates(FOLDER / "mpkp" / "rates.csv.gz")[3 - number]
    test = measurements(table, channels="chemistry", unique=False)
    assert pearson(predict_ensemble(fitted[number], test.x), test.y) >= 0.80


@pytest.mark.parametrize(("number", "floor"), [(1, 0.835), (2, 0.842)])
def test_smooth_rates_need_no_choice_at_all(number: int, floor: float) -> None:
    tables = read_rates(FOLDER / "mpkp" / "rates.csv.gz")
    space = find_space("finkelstein")
    kinns = fit_ensemble(
        space.scheme,
        [space.smooth(order) for order in (3, 4, 5, 6)],
        measurements(tables[number], channels="chemistry"),
        copies=1,
        rng=np.random.default_rng(number),
        options=FitOptions(limits=(-5.0, math.inf)),
        bootstrap=False,
    )
    test = measurements(tables[3 - number], channels="chemistry", unique=False)
    assert pearson(predict_ensemble(kinns, test.x), test.y) >= floor


def test_off_target_sites_never_seen(fitted: dict) -> None:
    sites = read_sites(FOLDER / "in_vivo" / "circle_seq.csv.gz")
    scorer = Scorer([*fitted[1], *fitted[2]])
    scores, edits = [], []
    for i in range(0, len(sites.target), 50_000):
        part = sites.take(np.arange(i, min(i + 50_000, len(sites.target))))
        x = encode_pairs(part.guide, part.target)
        scores.append(scorer.score(x).log10_rate)
        edits.append(-count_edits(x).astype(float))
    kinetic = Ranking.of(sites.label, np.concatenate(scores))
    counted = Ranking.of(sites.label, np.concatenate(edits))
    assert auroc(kinetic) >= 0.90
    assert average_precision(kinetic) >= 0.13
    assert auroc(counted) == pytest.approx(0.718, abs=0.01)
    assert average_precision(counted) == pytest.approx(0.054, abs=0.005)


def test_a_correction_learned_from_three_assays_holds_for_the_fourth(
    fitted: dict,
) -> None:
    names = ("circle_seq", "site_seq", "pdh_haeussler", "pkd_cd33")
    sites = [read_sites(FOLDER / "in_vivo" / f"{name}.csv.gz") for name in names]
    data = label_sites(sites, most_mismatches=6)
    test = data.assay == 3
    rest = data.take(~np.isin(data.guide, data.guide[test]))
    kinns = [fitted[1][0], fitted[2][0]]
    rng = np.random.default_rng(102)
    nets = [TransferNet(Trunk(), kinns, seed=i) for i in range(5)]
    found = cross_fit(
        nets[:2],
        rest,
        rates_of(kinns, rest.x),
        rng=rng,
        options=TransferOptions(epochs=0, **OTHER_ASSAY),
        jackknife=nets[2:],
    )
    assert found.scale > 0
    label = data.label[test]
    before = average_precision(Ranking.of(label, rates_of(kinns, data.x[test])))
    logit = mean_logits(found.fits, data.x[test])
    assert average_precision(Ranking.of(label, logit)) > before + 0.005


def test_a_correction_learned_from_some_guides_holds_for_others(fitted: dict) -> None:
    names = ("circle_seq", "site_seq")
    sites = [read_sites(FOLDER / "in_vivo" / f"{name}.csv.gz") for name in names]
    data = label_sites(sites, most_mismatches=6)
    rng = np.random.default_rng(101)
    test = hold_out_guides(data.guide, 0.2, rng)
    kinns = [fitted[1][0], fitted[2][0]]
    rate = rates_of(kinns, data.x)
    nets = [TransferNet(Trunk(), kinns, seed=i) for i in range(2)]
    options = TransferOptions(epochs=1)
    found = cross_fit(nets, data.take(~test), rate[~test], rng=rng, options=options)
    assert found.scale > 0
    label = data.label[test]
    after = mean_logits(found.fits, data.x[test])
    before = average_precision(Ranking.of(label, rate[test]))
    assert average_precision(Ranking.of(label, after)) > before + 0.1
