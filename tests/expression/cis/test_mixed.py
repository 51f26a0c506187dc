import numpy as np
import pytest

from meristem.expression.cis.catalog import CATALOG
from meristem.expression.cis.mixed import common_slope
from meristem.expression.cis.protocol import NewLines, TrainingLines
from meristem.expression.cis.single import TopMarker
from meristem.mixed.groups import gather
from meristem.stats.correlation import columnwise_r
from meristem.stats.folds import random_splits


def planted(seed=1, n=140, p=80, genes=14, published=True):
    """Return training lines, new lines and the truth of the latter."""
    rng = np.random.default_rng(seed)
    x = rng.choice([-1.0, 1.0], (n, p))
    own = [np.arange(2 * g, 2 * g + 2) for g in range(genes)]
    trans = x[:, [70]] * rng.normal(size=genes)
    truth = np.column_stack([x[:, o[0]] for o in own]) + trans
    y = truth + rng.normal(size=truth.shape)
    score = np.column_stack([x[:, o[0]] for o in own]) * 0.5
    train = np.arange(n - 40)
    lines = TrainingLines(
        x[train],
        y[train],
        gather([f"g{g}" for g in range(genes)], own),
        tuple(x[train][:, o] for o in own),
        score[train] if published else None,
        random_splits(train.size, 4, rng),
    )
    rest = np.arange(train.size, n)
    new = NewLines(x[rest], tuple(x[rest][:, o] for o in own), score[rest])
    return lines, new, truth[rest]


@pytest.mark.parametrize("name", list(CATALOG))
def test_every_model_tells_new_lines(name) -> None:
    lines, new, truth = planted()
    fitted = CATALOG[name].model.fit(lines)
    found = fitted.predict(new)
    assert found.shape == truth.shape
    r = np.nanmean(columnwise_r(found, truth))
    assert r > (0.3 if name in ("gblup", "hotspots") else 0.6)
    assert fitted.kind == name


def test_parts_together_tell_more_than_each() -> None:
    lines, new, truth = planted()

    def r(name):
        found = CATALOG[name].model.fit(lines).predict(new)
        return float(np.mean(columnwise_r(found, truth)))

    assert r("cis_polygenic") > max(r("cis_ridge"), r("hotspots"), r("gblup")) + 0.03


def test_shares_are_split_between_near_and_far() -> None:
    lines, _, _ = planted(n=140)
    fitted = CATALOG["cis_polygenic"].model.fit(lines)
    # 1 of 3 near the gene on average; the rest of the genome is one hotspot
    assert 0.2 < fitted.cis_share.mean() < 0.5
    assert fitted.polygenic_share.mean() > 0.03
    assert (fitted.cis_share + fitted.polygenic_share < 1).all()


def test_features_that_are_not_known_count_as_their_mean() -> None:
    lines, new, _ = planted()
    fitted = CATALOG["features"].model.fit(lines)
    gaps = tuple(np.full_like(f, np.nan) for f in new.features)
    found = fitted.predict(NewLines(new.markers, gaps, new.published))
    assert found == pytest.approx(np.tile(fitted.intercept, (40, 1)))


def test_published_scores_of_the_wrong_sign_are_not_turned() -> None:
    score = np.arange(6.0)[:, None]
    assert common_slope(score, 2 * score) == pytest.approx(2)
    assert common_slope(score, -score) == 0
    assert common_slope(np.zeros((6, 1)), score) == 0


def test_top_marker_is_least_squares_on_the_best_one() -> None:
    lines, _, _ = planted(n=60, genes=3)
    fitted = TopMarker().fit(lines)
    for gene in range(3):
        own = lines.cis.of(gene)
        y = lines.expression[:, gene] - lines.expression[:, gene].mean()
        fits = [np.linalg.lstsq(lines.markers[:, [j]], y, rcond=None) for j in own]
        best = int(np.argmin([f[1][0] for f in fits]))
        weight = fitted.cis_weight[lines.cis.start[gene] :][: own.size]
        assert weight[best] == pytest.approx(fits[best][0][0])
        assert np.count_nonzero(weight) == 1
