import numpy as np
import pytest
from tests import toys

from meristem.config.models import TrialOptions
from meristem.errors import DataError
from meristem.models.protocol import FittedTrials
from meristem.models.trials.fitted import FittedLines, restore_trials
from meristem.models.trials.similarity import similarity
from meristem.models.trials.spec import LinesByEnvironments, record_labels
from meristem.prepare.by_environment import stack_environments
from meristem.records import Environments

N, P, PLACES = 40, 57, ("dry", "mild", "wet")


def trials(share=1.0, seed=1):
    rng = np.random.default_rng(seed)
    dosage = rng.integers(0, 3, (N, P)).astype(np.int8)
    z = (dosage - 1.0) / np.sqrt(2 * P / 3)
    main, own = z @ rng.standard_normal((P, 1)), z @ rng.standard_normal((P, 3))
    extra = 0.5 * rng.standard_normal((N, 1))
    y = 2 * main + own + extra + 0.4 * rng.standard_normal((N, 3))
    y[rng.random(y.shape) > share] = np.nan
    return stack_environments(toys.dataset(dosage, y, "l", ["yield"] * 3, PLACES))


def covariates():
    names = np.array(["wet", "new", "dry", "mild"])
    value = np.array([[9.0, 1.0], [7.0, np.nan], [1.0, 1.0], [4.0, 1.0]])
    return Environments(names, np.array(["rain", "flat"]), value)


def fit(data, **options):
    rng = np.random.default_rng(0)
    spec = LinesByEnvironments(TrialOptions(**options), covariates())
    return spec.fit(data, rng=rng)


def naive(fitted, data):
    """Mean and error variance of all cells by plain algebra over the records."""
    one = fitted.targets[0]
    kernel = fitted._kernel(fitted.train_dosage, fitted.train_dosage)[0]
    line, place, y = one.records.line, one.records.place, one.records.y
    genetic, residual = one.fit.genetic, one.fit.residual
    same = line[:, None] == line
    v = genetic[np.ix_(place, place)] * kernel[np.ix_(line, line)]
    v = v + residual[np.ix_(place, place)] * same
    x = np.eye(one.place.size)[place]
    inverse = np.linalg.inv(v)
    p = inverse - inverse @ x @ np.linalg.inv(x.T @ inverse @ x) @ x.T @ inverse
    mean = np.linalg.solve(x.T @ inverse @ x, x.T @ inverse @ y)
    cells = np.array([(i, e) for i in range(N) for e in range(3)])
    cross = genetic[np.ix_(cells[:, 1], place)] * kernel[np.ix_(cells[:, 0], line)]
    others = residual[np.ix_(cells[:, 1], place)]
    others = others * (cells[:, :1] == line) * (cells[:, 1:] != place)
    value = mean[cells[:, 1]] + (cross + others) @ p @ y
    prior = genetic[cells[:, 1], cells[:, 1]] * np.diag(kernel)[cells[:, 0]]
    return value, np.sqrt(prior - np.einsum("ij,jk,ik->i", cross, p, cross))


@pytest.mark.parametrize("share", [1.0, 0.7])
@pytest.mark.parametrize("structure", ["main_gxe", "unstructured"])
def test_cells_are_predicted_as_plain_algebra_says(structure, share):
    data = trials(share)
    fitted = fit(data, structure=structure)
    whole = trials()
    posterior = fitted.posterior_at(whole.genotypes, *record_labels(whole))
    order = {name: k for k, name in enumerate(fitted.line.tolist())}
    place = {name: k for k, name in enumerate(fitted.targets[0].place.tolist())}
    line, environment = record_labels(whole)
    row = [3 * order[a] + place[b] for a, b in zip(line, environment, strict=True)]
    value, sd = naive(fitted, data)
    assert posterior.mean[:, 0] == pytest.approx(value[row], abs=1e-5)
    assert posterior.sd[:, 0] == pytest.approx(sd[row], abs=1e-5)
    assert isinstance(fitted, FittedTrials)


def test_many_rows_have_the_same_errors_as_few(monkeypatch):
    data = trials(0.8)
    fitted = fit(data)
    few = fitted.posterior_at(data.genotypes, *record_labels(data))
    monkeypatch.setattr("meristem.models.trials.fitted.JOINT", 10)
    many = fitted.posterior_at(data.genotypes, *record_labels(data))
    assert many.sd == pytest.approx(few.sd, abs=1e-5)
    assert many.factor.shape[2] == 0


def test_lines_tested_elsewhere_are_predicted_better_than_new_ones():
    data = trials()
    rng = np.random.default_rng(3)
    line, environment = record_labels(data)
    hidden = (environment == "mild") & np.isin(line, rng.choice(np.unique(line), 20))
    unseen = np.isin(line, line[hidden])
    errors = []
    for train in (~hidden, ~unseen):
        fitted = fit(data.take(np.flatnonzero(train)), structure="unstructured")
        test = data.take(np.flatnonzero(hidden))
        found = fitted.posterior_at(test.genotypes, *record_labels(test))
        centre = found.mean[:, 0] - test.phenotypes.value[:, 0]
        errors.append((np.mean(centre**2), found.sd.mean()))
    assert errors[0][0] < errors[1][0]
    assert errors[0][1] < errors[1][1]


def test_a_new_environment_has_what_all_share_or_what_covariates_say():
    data = trials()
    lines = data.take(np.flatnonzero(record_labels(data)[1] == "dry"))
    name = record_labels(lines)[0]
    fitted = fit(data)
    places = [np.full(N, e) for e in (*PLACES, "new")]
    found = [fitted.posterior_at(lines.genotypes, name, e).mean[:, 0] for e in places]
    overall = fitted.posterior(lines.genotypes).mean[:, 0]
    main = fitted.targets[0].components[0][1]
    kernel = fitted._kernel(lines.genotypes.call_dosage, fitted.train_dosage)[0]
    records, dual = fitted.targets[0].records, fitted.targets[0].fit.dual
    total = np.bincount(records.line, dual, N)
    mean = fitted.targets[0].fit.mean.mean()
    assert found[3] == pytest.approx(mean + main * kernel @ total, abs=1e-9)
    assert np.corrcoef(found[3], overall)[0, 1] > 0.99
    norm = fit(data, structure="reaction_norm")
    new = norm.posterior_at(lines.genotypes, name, places[3]).mean[:, 0]
    near = [norm.posterior_at(lines.genotypes, name, e).mean[:, 0] for e in places[:3]]
    r = [np.corrcoef(new, one)[0, 1] for one in near]
    assert r[2] > r[0]  # rain 7 is nearer to 9 than to 1
    assert norm.foreseen.tolist() == ["new"]
    assert fitted.foreseen.size == 0
    part = {name: value for name, value, _ in norm.targets[0].components}
    alike = norm.targets[0].alike
    own = alike.between(np.array(["new"]), np.array(["new"]))[0, 0]
    size = norm.targets[0].side(np.array(["new"]))[1][0]
    assert size == pytest.approx(part["main"] + part["covariates"] * own + part["gxe"])


def test_components_and_loadings_are_told():
    data = trials()
    table = fit(data).components().set_index("component")
    assert table.loc["main", "value"] > 0
    assert table.loc["main", "se"] > 0
    assert table.index.tolist() == ["main", "gxe", "error"]
    assert np.isfinite(table["se"]).all()
    free = fit(data, structure="unstructured").components().set_index("component")
    assert -1 <= free.loc["genetic correlation dry, mild", "value"] <= 1
    assert free.loc["residual variance wet", "value"] > 0
    assert (free.loc["genetic correlation dry, mild", "se"]) > 0
    two = fit(data, structure="fa", factors=2).targets[0]
    assert two.loadings is None  # two factors of three environments: unstructured
    rich = stack_environments(
        toys.dataset(
            data.genotypes.call_dosage[:N],
            np.random.default_rng(2).standard_normal((N, 5)),
            "l",
            ["yield"] * 5,
            [f"e{k}" for k in range(5)],
        )
    )
    loadings = fit(rich, structure="fa").targets[0].loadings
    assert loadings.shape == (5, 1)


def test_state_is_complete():
    data = trials(0.8)
    for options in ({"structure": "reaction_norm"}, {"structure": "unstructured"}):
        fitted = fit(data, **options)
        again = restore_trials(fitted.state())
        assert isinstance(again, FittedLines)
        first, second = (
            one.posterior_at(data.genotypes, *record_labels(data))
            for one in (fitted, again)
        )
        assert np.array_equal(first.mean, second.mean)
        assert first.sd == pytest.approx(second.sd)
        assert (again.seen(np.array(["l0", "?"]))[:, 0] > 0).tolist() == [True, False]


def test_covariates_are_standardised_on_training_environments():
    found = similarity(covariates(), np.array(["dry", "mild", "wet"]))
    places = np.array(["dry", "mild", "wet"])
    assert np.trace(found.between(places, places)) == pytest.approx(3)
    assert found.value.shape[1] == 1  # one does not vary
    assert found.between(np.array(["?"]), places).any() == 0


def test_missing_covariates_are_refused():
    with pytest.raises(DataError, match="without covariates: north"):
        similarity(covariates(), np.array(["north", "dry"]))
    with pytest.raises(DataError, match="needs covariates"):
        similarity(None, np.array(["dry"]))
    with pytest.raises(DataError, match="no covariate varies"):
        similarity(covariates(), np.array(["dry"]))


def test_many_records_are_fitted_without_their_covariance(monkeypatch):
    data = trials(0.7)
    dense = fit(data)
    monkeypatch.setattr("meristem.models.trials.spec.MOST_DENSE", 50)
    found = fit(data)
    assert found.targets[0].sparse
    again = restore_trials(found.state())
    whole = trials()
    one, two, three = (
        model.posterior_at(whole.genotypes, *record_labels(whole))
        for model in (dense, found, again)
    )
    assert np.corrcoef(one.mean[:, 0], two.mean[:, 0])[0, 1] > 0.99
    assert np.median(two.sd / one.sd) == pytest.approx(1, abs=0.1)
    assert np.array_equal(two.mean, three.mean)
    with pytest.raises(DataError, match="beyond 50 covariances"):
        fit(data, structure="unstructured")
