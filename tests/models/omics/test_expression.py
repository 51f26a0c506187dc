import numpy as np
import pytest
from sklearn.linear_model import Ridge

from meristem.errors import DataError
from meristem.mixed.groups import gather
from meristem.mixed.reml import decompose, estimate, fixed_effect, precision
from meristem.models.omics.expression import (
    feature_duals,
    fit_cis,
    joined_features,
    predict_cis,
    standardised,
)
from meristem.records import OmicsTable

N, P, Q = 31, 14, 4


@pytest.fixture
def data():
    rng = np.random.default_rng(12)
    markers = rng.normal(size=(N, P))
    genes = gather(
        list("abcd"),
        [np.array([0, 1, 2]), np.array([5]), np.array([2, 9, 13]), np.array([4, 6])],
    )
    expression = rng.normal(size=(N, Q)) + markers[:, :Q]
    expression[3, 0] = np.nan
    expression[4:, 3] = np.nan
    return markers, genes, standardised(expression)


def test_cis_ridge_equals_scikit_learn_gene_by_gene(data):
    markers, genes, expression = data
    weight = fit_cis(markers, genes, expression, penalty=7.0)
    predicted = predict_cis(markers, genes, weight)
    for gene in range(3):
        rows = ~np.isnan(expression[:, gene])
        plain = Ridge(alpha=7.0).fit(
            markers[rows][:, genes.of(gene)], expression[rows, gene]
        )
        assert predicted[:, gene] == pytest.approx(
            markers[:, genes.of(gene)] @ plain.coef_, abs=1e-8
        )


def test_a_gene_measured_on_four_rows_is_not_predicted(data):
    markers, genes, expression = data
    weight = fit_cis(markers, genes, expression, penalty=7.0)
    assert (predict_cis(markers, genes, weight)[:, 3] == 0).all()


def test_feature_duals_equal_one_blup_per_feature(data):
    markers, _, expression = data
    kernel = markers @ markers.T / P
    dual = feature_duals(kernel, expression)
    for column in range(3):
        rows = np.flatnonzero(~np.isnan(expression[:, column]))
        split = decompose(kernel[np.ix_(rows, rows)])
        ones = np.ones((rows.size, 1))
        y = expression[rows, column]
        fit = estimate(split, y, ones)
        assert fixed_effect(split, y, ones, fit).size == 1
        expected = np.zeros(N)
        expected[rows] = fit.genetic * precision(split, ones, fit).apply(y)
        assert dual[:, column] == pytest.approx(expected, abs=1e-10)
    assert (dual[:, 3] == 0).all()


def test_standardised_ignores_missing_and_refuses_constants():
    value = np.array([[1.0, 5.0, np.nan], [3.0, 5.0, 2.0], [np.nan, 5.0, 6.0]])
    scaled = standardised(value)
    assert scaled[:, 0] == pytest.approx([-1, 1, np.nan], nan_ok=True)
    assert np.isnan(scaled[:, 1]).all()
    assert scaled[1:, 2] == pytest.approx([-1, 1])


def table(name, features, value):
    sample = np.arange(value.shape[0]).astype(str)
    features = np.array(features)
    return OmicsTable(name, sample, features, features, value)


def test_features_are_matched_to_nodes_by_name():
    value = np.array([[1.0, 10.0], [2.0, 30.0]])
    tables = (table("x", ["u", "v"], value), table("y", ["w"], value[:, :1]))
    joined = joined_features(tables, np.array(["v", "nowhere", "u"]))
    assert joined[:, 0].tolist() == [-1, 1]
    assert np.isnan(joined[:, 1]).all()
    assert joined_features(tables).shape == (2, 3)


def test_no_omics_and_no_match_are_refused():
    with pytest.raises(DataError, match="needs omics"):
        joined_features(())
    tables = (table("x", ["u"], np.array([[1.0], [2.0]])),)
    with pytest.raises(DataError, match="no omics feature measures a gene"):
        joined_features(tables, np.array(["z"]))
