import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from meristem.errors import DataError
from meristem.prepare.adjust import adjusted_means, observed_values, readjusted
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


def test_a_trial_that_only_test_rows_vary_in_is_not_learned_from():
    rows = [(line, "x", "", v) for line, v in zip("abcd", (1.0, 2, 4, 3), strict=True)]
    rows += [(line, "z", "", v) for line, v in zip("bcd", (5.0, 6, 9), strict=True)]
    constant = [(line, "y", "", 0.0) for line in "abcd"]
    spoilt = [*constant[:3], ("d", "y", "", 70.0)]
    fits = []
    for more in (constant, spoilt):
        found = adjusted_means(table([*rows, *more]))
        train = np.flatnonzero(found.sample_id != "d")
        fits.append(readjusted(found.take_samples(train)).value)
    assert fits[0].tobytes() == fits[1].tobytes()


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


def rows_of(phenotypes, names):
    return np.flatnonzero(np.isin(phenotypes.sample_id, names))


@pytest.mark.parametrize("by", ["line", "line_environment"])
def test_readjusted_rows_are_those_of_a_file_without_the_others(by):
    rows = unbalanced(3)
    whole = adjusted_means(table(rows), by)
    train = np.arange(1, 11)
    kept = [row for row in rows if row[0] in set(whole.sample_id[train])]
    alone = adjusted_means(table(kept), by)
    found = readjusted(whole.take_samples(train))
    order = [alone.sample_id.tolist().index(name) for name in found.sample_id]
    column = [alone.target_name.index(name) for name in found.target_name]
    place = np.ix_(order, column)
    np.testing.assert_allclose(found.value, alone.value[place], atol=1e-10)
    np.testing.assert_allclose(found.weight, alone.weight[place], atol=1e-10)
    assert not np.allclose(found.value, whole.value[train], equal_nan=True)


def test_test_rows_change_no_training_value_and_are_scored_by_it():
    rows = unbalanced(4)
    spoilt = [
        (line, e, r, 1e6 * v if line in ("L01", "L05") else v) for line, e, r, v in rows
    ]
    values = []
    for file in (rows, spoilt):
        found = adjusted_means(table(file))
        test = rows_of(found, ["L01", "L05"])
        train = np.setdiff1d(np.arange(found.sample_id.size), test)
        learned = readjusted(found.take_samples(train))
        values.append(learned.value.tobytes() + learned.weight.tobytes())
        # with training rows as test rows, the scored value is the adjusted mean
        again = observed_values(found, train, train)
        np.testing.assert_allclose(again, learned.value, atol=1e-10)
        assert np.isfinite(observed_values(found, train, test)).all()
    assert values[0] == values[1]


def test_single_trials_need_no_measurements():
    rows = [("a", "", "", 1.0), ("b", "", "", 2.0), ("a", "", "", 2.0)]
    assert adjusted_means(table(rows)).measurements is None
    rows = [("a", "x", "", 1.0), ("b", "x", "", 2.0), ("b", "y", "", 3.0)]
    assert adjusted_means(table(rows)).measurements is not None
    found = adjusted_means(table(rows), by="line_environment")
    assert found.measurements is None
    assert readjusted(found) is found


def test_weights_of_standard_errors_are_those_of_the_rows_that_learn():
    rows = [(name, "", "", float(k)) for k, name in enumerate("abcd")]
    error = np.array([1.0, 2.0, np.nan, 0.0])
    whole = adjusted_means(replace(table(rows), standard_error=error))
    expected = 1 / np.array([1.0, 2.0, 1.5, 0.15]) ** 2  # of a median of 1.5
    np.testing.assert_allclose(whole.weight[:, 0], expected / expected.mean())
    some = readjusted(whole.take_samples(np.array([0, 1])))
    np.testing.assert_allclose(some.weight[:, 0], np.array([1, 0.25]) / 0.625)
    np.testing.assert_array_equal(
        observed_values(whole, np.array([0, 1]), np.array([3, 2]))[:, 0], [3, 2]
    )
