import logging

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy.linalg import block_diag

from meristem.errors import DataError
from meristem.prepare.adjust import _pseudo_inverse, adjusted_means, line_means
from meristem.records import Observations


def table(rows, trait="yield", weight=None):
    line, environment, replicate, value = zip(*rows, strict=True)
    n = len(rows)
    return Observations(
        sample_id=np.array(line),
        environment=np.array(environment),
        replicate=np.array(replicate),
        trait=np.full(n, trait) if isinstance(trait, str) else np.array(trait),
        value=np.array(value, dtype=float),
        weight=np.ones(n) if weight is None else np.asarray(weight, dtype=float),
        source="trial.csv",
    )


def unbalanced(seed=0, n_line=11, n_environment=4, n_replicate=3, keep=0.5):
    rng = np.random.default_rng(seed)
    rows = []
    for environment in range(n_environment):
        for replicate in range(n_replicate):
            shift = rng.normal(0, 3)
            for line in range(n_line):
                if rng.random() < keep or line == 0:
                    value = line + shift + rng.normal()
                    rows.append(
                        (f"L{line:02d}", f"E{environment}", f"{replicate}", value)
                    )
    rng.shuffle(rows)
    return [(a, b, c, float(d)) for a, b, c, d in rows]


def twin(observations):
    """Marginal means and their variances by statsmodels, cell effects nested."""
    frame = pd.DataFrame(
        {
            "line": observations.sample_id.astype(object),
            "env": observations.environment.astype(object),
            "cell": [
                f"{e}:{r}"
                for e, r in zip(
                    observations.environment, observations.replicate, strict=True
                )
            ],
            "y": observations.value,
        }
    )
    fit = smf.wls("y ~ 0 + C(line) + C(cell)", frame, weights=observations.weight).fit()
    names = list(fit.params.index)
    cells = sorted(frame["cell"].unique())
    of_env = {
        e: [c for c in cells if c.split(":")[0] == e] for e in frame["env"].unique()
    }
    answer = {}
    for line in frame["line"].unique():
        contrast = np.zeros(len(names))
        contrast[names.index(f"C(line)[{line}]")] = 1
        for members in of_env.values():
            for cell in members:
                name = f"C(cell)[T.{cell}]"
                if name in names:
                    contrast[names.index(name)] = 1 / (len(of_env) * len(members))
        variance = contrast @ fit.normalized_cov_params.to_numpy() @ contrast
        answer[line] = (contrast @ fit.params.to_numpy(), 1 / variance)
    return answer


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_means_and_weights_equal_statsmodels(weighted, seed):
    rows = unbalanced(seed)
    weight = (
        np.random.default_rng(seed).uniform(0.5, 3, len(rows)) if weighted else None
    )
    observations = table(rows, weight=weight)
    expected = twin(observations)
    found = adjusted_means(observations)
    for i, line in enumerate(found.sample_id):
        assert found.value[i, 0] == pytest.approx(expected[line][0], abs=1e-8)
        assert found.weight[i, 0] == pytest.approx(expected[line][1], rel=1e-8)


def test_single_observations_pass_through_bit_by_bit():
    rng = np.random.default_rng(1)
    value = rng.normal(size=7) * 1e3
    rows = [(f"L{i}", "", "", v) for i, v in enumerate(value)]
    found = adjusted_means(table(rows))
    np.testing.assert_array_equal(found.value[:, 0], value)
    np.testing.assert_array_equal(found.weight[:, 0], 1.0)
    assert found.target_name == ["yield"]


def test_weights_of_single_observations_pass_through():
    rows = [("a", "", "", 1.0), ("b", "", "", 2.0), ("c", "", "", 4.0)]
    found = adjusted_means(table(rows, weight=[0.5, 1.0, 4.0]))
    np.testing.assert_allclose(found.weight[:, 0], [0.5, 1.0, 4.0])


def test_balanced_means_are_plain_means_with_weight_n():
    rows = [
        (line, environment, "", value)
        for environment, values in {"x": (1, 2, 4), "y": (11, 13, 18)}.items()
        for line, value in zip("abc", values, strict=True)
    ]
    found = adjusted_means(table(rows))
    np.testing.assert_allclose(found.value[:, 0], [6.0, 7.5, 11.0])
    np.testing.assert_allclose(found.weight[:, 0], 2.0)


def test_bad_environment_does_not_punish_its_lines():
    rows = [("a", "good", "", 10.0), ("b", "good", "", 12.0)]
    rows += [("a", "bad", "", 2.0), ("c", "bad", "", 4.0)]
    found = adjusted_means(table(rows))
    # b is 2 above a, c is 2 above a: equal once the environment is taken out.
    np.testing.assert_allclose(found.value[:, 0], [6.0, 8.0, 8.0])


def test_by_environment_gives_a_target_each_and_nan_where_absent():
    rows = [("a", "x", "1", 1.0), ("a", "x", "2", 3.0), ("b", "x", "1", 5.0)]
    rows += [("b", "y", "1", 7.0)]
    found = adjusted_means(table(rows), by="line_environment")
    assert found.target_name == ["yield@x", "yield@y"]
    assert np.isnan(found.value[0, 1])
    assert found.weight[0, 1] == 1.0
    # In x: replicate 2 is 2 above 1 on a; so b is at 5 + 1, a at 2.
    np.testing.assert_allclose(found.value[:, 0], [2.0, 6.0])
    assert found.value[1, 1] == 7.0


def test_unconnected_trials_are_set_to_one_mean(caplog):
    rows = [("a", "x", "", 1.0), ("b", "x", "", 3.0)]
    rows += [("c", "y", "", 101.0), ("d", "y", "", 105.0), ("e", "y", "", 109.0)]
    with caplog.at_level(logging.WARNING):
        found = adjusted_means(table(rows)).value[:, 0]
    assert found[:2].mean() == pytest.approx(found[2:].mean())
    np.testing.assert_allclose(np.diff(found[[0, 1]]), 2.0)
    np.testing.assert_allclose(np.diff(found[2:]), 4.0)
    assert "2 sets of trials share no line" in caplog.text


def test_constant_trials_are_dropped(caplog):
    rows = [(line, "x", "", v) for line, v in zip("abc", (1.0, 2.0, 3.0), strict=True)]
    rows += [(line, "y", "", 0.0) for line in "abcd"]
    with caplog.at_level(logging.WARNING):
        found = adjusted_means(table(rows))
    np.testing.assert_allclose(found.value[:3, 0], [1.0, 2.0, 3.0])
    assert np.isnan(found.value[3, 0])
    assert "dropped yield in y: all 4 values are equal" in caplog.text


def test_trait_that_never_varies_is_refused():
    rows = [(line, "x", "", 2.0) for line in "abc"]
    with pytest.raises(DataError, match=r"trial.csv: trait 'yield' has no value"):
        adjusted_means(table(rows))


def test_traits_do_not_mix_and_missing_values_are_skipped():
    rows = [("a", "", "", 1.0), ("b", "", "", np.nan), ("b", "", "", 9.0)]
    found = adjusted_means(table(rows, trait=["height", "height", "yield"]))
    assert found.trait_name.tolist() == ["height", "yield"]
    np.testing.assert_array_equal(found.value, [[1.0, np.nan], [np.nan, 9.0]])


def test_order_of_rows_does_not_matter():
    rows = unbalanced(5)
    one = adjusted_means(table(rows))
    two = adjusted_means(table(rows[::-1]))
    back = [two.sample_id.tolist().index(name) for name in one.sample_id]
    np.testing.assert_allclose(one.value, two.value[back], atol=1e-9)


def test_lines_are_absorbed_so_that_many_lines_are_cheap():
    rng = np.random.default_rng(2)
    n, n_line = 60_000, 20_000
    line = rng.integers(0, n_line, n)
    environment = rng.integers(0, 10, n)
    truth = rng.normal(size=n_line)
    value = truth[line] + 5.0 * environment
    mean, weight = line_means(
        value, np.ones(n), line, environment, np.zeros(n, int), n_line=n_line
    )
    seen = ~np.isnan(mean)
    np.testing.assert_allclose(
        mean[seen] - mean[seen].mean(), truth[seen] - truth[seen].mean(), atol=1e-8
    )
    assert (weight > 0).all()


@pytest.mark.parametrize("seed", [0, 1])
def test_pseudo_inverse_equals_numpy(seed):
    rng = np.random.default_rng(seed)
    blocks = []
    for n in (1, 4, 6):
        joined = np.triu(rng.uniform(0.1, 2, (n, n)), 1)
        joined += joined.T
        blocks.append(np.diag(joined.sum(1)) - joined)
    system = block_diag(*blocks)
    island = np.repeat([0, 1, 2], [1, 4, 6])
    order = rng.permutation(11)
    found = _pseudo_inverse(system[np.ix_(order, order)], island[order])
    expected = np.linalg.pinv(system)[np.ix_(order, order)]
    np.testing.assert_allclose(found, expected, atol=1e-10)
