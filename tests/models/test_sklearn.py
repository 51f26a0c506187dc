import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.utils.estimator_checks import check_estimator

from meristem.models.dosage_code import learn_code
from meristem.models.sklearn import (
    AutoRegressor,
    BayesRegressor,
    BINNRegressor,
    BoostingMarkerRegressor,
    CNNRegressor,
    DenseRegressor,
    DominanceRegressor,
    ElasticNetRegressor,
    GBLUPRegressor,
    KernelAverageRegressor,
    KernelsRegressor,
    RandomForestMarkerRegressor,
    RidgeBLUPRegressor,
    RKHSRegressor,
    WeightedGBLUPRegressor,
)

QUICK = {"epochs": 40, "seeds": 1, "inner_folds": 2, "learning_rate": 0.02}
ESTIMATORS = {
    "gblup": GBLUPRegressor(),
    "ridge": RidgeBLUPRegressor(),
    "elastic_net": ElasticNetRegressor(l1_ratio=(0.5,), n_alphas=6),
    "random_forest": RandomForestMarkerRegressor(trees=8, max_features=1.0),
    "boosting": BoostingMarkerRegressor(rounds=25, learning_rate=0.2),
    "rkhs": RKHSRegressor(bandwidths=(0.5, 2.0)),
    "dense": DenseRegressor(hidden=(8,), **QUICK),
    "cnn": CNNRegressor(channels=2, **QUICK),
    "binn": BINNRegressor(hidden=(4,), **QUICK),
    "auto": AutoRegressor(),
    "bayes": BayesRegressor(chains=2, burn_in=60, draws=60, most_draws=60, thin=1),
    "dominance": DominanceRegressor(),
    "gwablup": WeightedGBLUPRegressor(),
    "kernel_average": KernelAverageRegressor(bandwidths=(1.0,)),
    "kernels": KernelsRegressor(kernels=("additive", "arc_cosine")),
}

REPEATED = (
    "a weight is a precision: a row of weight 2 is one mean of two plots, not two "
    "lines; variance components, inner folds and bootstrap samples differ"
)
SINGLE = (
    "products of dosages are summed in single precision, whose order of summation "
    "depends on the number of rows on some processors: equal to 1e-6, not to 1e-7"
)
EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": REPEATED,
    "check_methods_subset_invariance": SINGLE,
}


SLOW = ("dense", "cnn", "boosting", "binn", "auto", "bayes", "kernels")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name
        for name in ESTIMATORS
    ],
)
def test_scikit_learns_checks_pass_but_for_the_listed_ones(name):
    results = check_estimator(
        ESTIMATORS[name], expected_failed_checks=EXPECTED, on_fail=None, on_skip=None
    )
    failed = {
        result["check_name"]: result["exception"]
        for result in results
        if result["status"] == "failed"
    }
    assert failed == {}


@pytest.mark.parametrize("name", ["gblup", "rkhs"])
def test_a_row_is_predicted_alone_as_among_others(name):
    rng = np.random.default_rng(0)
    dosage = rng.integers(0, 3, size=(30, 50))
    model = clone(ESTIMATORS[name]).fit(dosage, rng.normal(size=30))
    alone = np.concatenate([model.predict(row[None]) for row in dosage])
    np.testing.assert_allclose(model.predict(dosage), alone, atol=1e-6)


@pytest.fixture
def data():
    rng = np.random.default_rng(3)
    x = rng.integers(0, 3, (90, 25)).astype(float)
    y = x @ rng.normal(size=25) + rng.normal(size=90)
    return x, y


def test_whole_dosages_are_taken_as_they_are():
    x = np.array([[0.0, 2.0, np.nan], [1.0, 4.0, 3.0]])
    code = learn_code(x)
    assert code.ploidy == 4
    assert code.encode(x).tolist() == [[0, 2, -1], [1, 4, 3]]
    assert code.encode(np.array([[9.0, -3.0, 1.0]])).tolist() == [[4, 0, 1]]


def test_other_values_lose_less_than_half_a_step():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 7)) * 10
    code = learn_code(x)
    back = code.encode(x) / code.per_unit + code.low
    assert np.abs(back - x).max() <= 0.5 / code.per_unit.min() + 1e-9
    assert code.encode(x).max() == 126


def test_every_column_is_coded_on_its_own_values():
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.normal(size=50), 1000 * rng.normal(size=50)])
    code = learn_code(x)
    assert np.unique(code.encode(x)[:, 0]).size > 20
    assert code.encode(x).max(axis=0).tolist() == [126, 126]


@pytest.mark.parametrize("estimator", [GBLUPRegressor(), RidgeBLUPRegressor()])
def test_a_wide_column_beside_dosages_is_refused_by_name(data, estimator):
    x, y = data
    age = np.random.default_rng(1).integers(20, 80, len(x))
    frame = pd.DataFrame(x, columns=[f"snp{i}" for i in range(25)]).assign(age=age)
    with pytest.raises(ValueError, match=r"no dosages: age \(2\d to 7\d\)"):
        clone(estimator).fit(frame, y)
    with pytest.raises(ValueError, match="no dosages: x25"):
        clone(estimator).fit(frame.assign(age=age / 1000 - 5).to_numpy(), y)


def test_two_copies_are_more_than_one_though_training_held_one_at_most():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, (60, 10)).astype(float)
    y = x @ np.arange(1.0, 11) + 0.1 * rng.normal(size=60)
    model = RidgeBLUPRegressor().fit(x, y)
    none, one, two = model.predict(np.outer([0, 1, 2], np.ones(10)))
    assert two - one == pytest.approx(one - none, rel=1e-6)


def test_dosages_of_another_code_are_refused_in_prediction(data):
    x, y = data
    model = GBLUPRegressor().fit(x, y)
    with pytest.raises(ValueError, match=r"x3 holds 3; .* whole dosages from 0 to 2"):
        model.predict(np.where(np.arange(25) == 3, 3.0, x))
    with pytest.raises(ValueError, match="holds -1; the training held whole"):
        model.predict(x - 1)
    with pytest.raises(ValueError, match=r"holds 0\.5"):
        model.predict(np.full_like(x, 0.5))
    centred = GBLUPRegressor().fit(x - 1, y)
    np.testing.assert_allclose(centred.predict(x - 1), model.predict(x))


def test_imputed_dosages_share_one_scale(data):
    x, y = data
    x = x.copy()
    x[:, 0] = np.clip(x[:, 0] + 0.25, 0, 2)
    code = learn_code(x)
    assert (code.per_unit == 63).all()
    with pytest.raises(ValueError, match=r"x1 holds 2\.5"):
        GBLUPRegressor().fit(x, y).predict(np.where(np.arange(25) == 1, 2.5, x))


def test_a_missing_call_is_the_training_mean(data):
    x, y = data
    model = GBLUPRegressor().fit(x, y)
    unknown = np.full((1, x.shape[1]), np.nan)
    assert model.predict(unknown)[0] == pytest.approx(
        float(model.fitted_.solved.intercept[0])
    )


def test_grid_search_and_cross_validation_run(data):
    x, y = data
    assert cross_val_score(GBLUPRegressor(), x, y, cv=3).mean() > 0.5
    grid = {"penalties": [(0.01,), (10.0,), (1e6,)]}
    search = GridSearchCV(RidgeBLUPRegressor(), grid, cv=3).fit(x, y)
    assert search.best_params_["penalties"] != (1e6,)
    assert clone(search.best_estimator_).penalties == search.best_params_["penalties"]


def test_several_targets_give_several_columns(data):
    x, y = data
    both = np.column_stack([y, -2 * y])
    predicted = GBLUPRegressor().fit(x, both).predict(x)
    assert predicted.shape == (90, 2)
    assert predicted[:, 0] == pytest.approx(GBLUPRegressor().fit(x, y).predict(x))


def test_no_variation_is_a_value_error(data):
    x, y = data
    with pytest.raises(ValueError, match="no variant varies"):
        GBLUPRegressor().fit(np.ones_like(x), y)


def test_columns_of_a_data_frame_are_matched_to_the_plan_by_name(data):
    x, y = data
    names = [f"snp{i}" for i in range(25)]
    frame = pd.DataFrame(x, columns=names)
    plain = BINNRegressor(**QUICK, random_state=0)
    plan = plain._plan(np.array(names[::-1]))
    quick = QUICK | {"off_graph": "none"}
    model = BINNRegressor(plan=plan, **quick, random_state=0).fit(frame, y)
    assert model.fitted_.plan.variants.variant_id.tolist() == names
    assert model.fitted_.plan.n_edge == 25


def test_omics_teach_the_nodes_in_rows_of_the_same_name(data):
    x, y = data
    frame = pd.DataFrame(x, columns=[f"snp{i}" for i in range(25)])
    frame.index = [f"line{i}" for i in range(90)]
    signal = pd.DataFrame({"all": x @ np.arange(25.0)}, index=frame.index)
    omics = signal.iloc[60:5:-1]  # some of the rows, in another order
    fast = QUICK | {"random_state": 0, "epochs": 80}
    told = BINNRegressor(omics=omics, omics_weight=100.0, **fast).fit(frame, y)
    bare = BINNRegressor(**fast).fit(frame, y)
    assert told.predict(frame).shape == (90,)
    agreement = [
        abs(np.corrcoef(latents, signal["all"])[0, 1])
        for latents in (
            one.fitted_.latents(one._genotypes(x)).value[:, 0] for one in (told, bare)
        )
    ]
    assert agreement[0] > agreement[1] + 0.1
    weights = np.where(np.arange(90) % 3, 1.0, 0.0)
    clone(told).fit(frame, y, sample_weight=weights)


def test_omics_without_names_of_rows_are_refused(data):
    x, y = data
    omics = pd.DataFrame({"all": y})
    with pytest.raises(ValueError, match="give X as a data frame"):
        BINNRegressor(omics=omics, **QUICK).fit(x, y)
    with pytest.raises(ValueError, match="no row of omics has the name"):
        BINNRegressor(omics=omics, **QUICK).fit(
            pd.DataFrame(x, index=np.arange(90) + 1000), y
        )
