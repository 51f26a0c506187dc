import numpy as np
import pytest
from sklearn.linear_model import ElasticNet

from meristem.expression.cis.elastic_net import net_weights
from meristem.stats.folds import random_splits


def test_the_penalty_chosen_has_the_least_error_of_its_kind() -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((80, 12))
    y = x[:, 0] - 0.5 * x[:, 1] + rng.standard_normal(80)
    inner = random_splits(80, 4, rng)
    weight = net_weights(x, y, inner)
    largest = np.abs((x - x.mean(axis=0)).T @ (y - y.mean())).max() / 40
    path = np.geomspace(1, 0.02, 30) * largest
    loss = []
    for alpha in path:
        model = ElasticNet(alpha=alpha, l1_ratio=0.5)
        loss.append(
            sum(
                (
                    (y[s.test] - model.fit(x[s.train], y[s.train]).predict(x[s.test]))
                    ** 2
                ).sum()
                for s in inner
            )
        )
    best = ElasticNet(alpha=path[int(np.argmin(loss))], l1_ratio=0.5).fit(x, y)
    assert weight == pytest.approx(best.coef_, abs=0.01)


def test_noise_keeps_no_marker() -> None:
    rng = np.random.default_rng(4)
    kept = [
        net_weights(
            rng.standard_normal((60, 5)),
            rng.standard_normal(60),
            random_splits(60, 4, rng),
        ).any()
        for _ in range(20)
    ]
    assert np.mean(kept) < 0.6
    assert not net_weights(np.zeros((9, 2)), np.arange(9.0), ()).any()
