from dataclasses import replace

import numpy as np
import pytest
from tests.models.toys import marker_panel

from meristem.config.models import PriorOptions
from meristem.errors import DataError
from meristem.genetics.frequency import frequency_permutation
from meristem.genetics.relationship import gram
from meristem.models.catalog import restore
from meristem.models.linear.gblup import GBLUP
from meristem.models.linear.prior import (
    PriorGBLUP,
    Scored,
    match_scores,
    prior_kernels,
)
from meristem.models.panel import kernel_factor, make_panel, marker_effects

N, N_NEW = 150, 60


def _write(tmp_path, names, score):
    path = tmp_path / "scores.tsv"
    rows = "".join(f"{n}\t{s}\n" for n, s in zip(names, score, strict=True))
    path.write_text("variant\tscore\n" + rows)
    return path


@pytest.fixture
def panel(tmp_path):
    """Twelve causal variants, all scored, and as many decoys."""
    dataset, genetic, causal = marker_panel(12)
    names = dataset.genotypes.variants.variant_id
    score = np.zeros(names.size)
    score[causal] = 1.0
    decoys = np.setdiff1d(np.arange(names.size), causal)[::24]
    score[decoys] = 0.5
    path = _write(tmp_path, names, score)
    train, test = np.arange(N), np.arange(N, N + N_NEW)
    return dataset.take(train), dataset.take(test), genetic[test], path


def _fit(train, path, **options):
    model = PriorGBLUP(PriorOptions(scores=path, **options))
    return model.fit(train, rng=np.random.default_rng(1))


def _r(fitted, test, genetic):
    return np.corrcoef(fitted.predict(test.genotypes).value[:, 0], genetic)[0, 1]


def test_scores_of_causal_variants_help_and_permuted_ones_are_not_used(panel):
    train, test, genetic, path = panel
    plain = GBLUP().fit(train, rng=np.random.default_rng(1))
    scored, permuted = _fit(train, path), _fit(train, path, permuted=True)
    assert scored.tuning["share"][0] > 0.3
    assert _r(scored, test, genetic) > _r(plain, test, genetic) + 0.1
    assert _r(permuted, test, genetic) > _r(plain, test, genetic) - 0.05


def test_a_share_of_zero_is_gblup(panel):
    train, test, _, path = panel
    plain = GBLUP().fit(train, rng=np.random.default_rng(1))
    none = _fit(train, path, shares=(0.0,))
    assert np.allclose(
        none.predict(test.genotypes).value, plain.predict(test.genotypes).value
    )
    one, two = none.posterior(test.genotypes), plain.posterior(test.genotypes)
    assert np.allclose(one.sd, two.sd)


def test_predictions_are_those_of_the_mixed_kernel(panel):
    train, test, _, path = panel
    fitted = _fit(train, path, shares=(0.4,), powers=(2.0,), caution=0.0)
    assert fitted.tuning["share"] == [0.4]
    size = match_scores(PriorOptions(scores=path), train).size
    dosage = train.genotypes.call_dosage
    mean = dosage.mean(axis=0)
    whole = np.concatenate([dosage, test.genotypes.call_dosage])
    kernel = np.zeros((whole.shape[0],) * 2)
    for share, weight in ((0.6, np.ones(size.size)), (0.4, size**2)):
        factor = kernel_factor(gram(dosage, mean, np.sqrt(weight)))
        kernel += share * factor * gram(whole, mean, np.sqrt(weight))
    solved = fitted.error.kernels[0].solved
    expected = solved.predict(kernel[N:, :N])[:, 0]
    found = fitted.predict(test.genotypes).value[:, 0]
    assert np.allclose(found, expected, atol=1e-4)


def test_the_fit_survives_its_state(panel):
    train, test, _, path = panel
    fitted = _fit(train, path)
    again = restore(fitted.state())
    assert np.allclose(
        again.predict(test.genotypes).value, fitted.predict(test.genotypes).value
    )


def test_loads_of_genes_predict_as_their_kernel(panel, tmp_path):
    train, test, _, _ = panel
    names = train.genotypes.variants.variant_id
    rng = np.random.default_rng(3)
    size = np.zeros((300, 7))
    for v in range(0, 300, 4):
        size[v, v % 7] = round(rng.normal(), 3)
    path = tmp_path / "genes.tsv"
    rows = "".join(
        f"{names[v]}\tg{v % 7}\t{size[v, v % 7]}\n" for v in range(0, 300, 4)
    )
    path.write_text("variant\tgene\tscore\n" + rows)
    options = PriorOptions(scores=path, forms=("gene",))
    markers = make_panel(train.genotypes)
    (prior,) = prior_kernels(options, markers, match_scores(options, train))
    mean = markers.scale.mean
    load = (train.genotypes.call_dosage - mean) @ size
    assert np.allclose(prior.kernel, prior.factor * load @ load.T)
    dual = rng.normal(size=(N, 1))
    alone = marker_effects(markers.dosage, markers.scale, dual)
    centred = test.genotypes.call_dosage - mean
    expected = prior.factor * centred @ size @ load.T @ dual
    assert np.allclose(centred @ prior.effects(markers, alone), expected)


def test_loads_are_taken_where_they_act(panel, tmp_path):
    train, test, _, _ = panel
    names = train.genotypes.variants.variant_id
    rng = np.random.default_rng(5)
    size = np.zeros((300, 4))
    for v in range(0, 300, 2):
        size[v, v % 4] = round(rng.normal(), 3)
    path = tmp_path / "genes.tsv"
    rows = "".join(
        f"{names[v]}\tg{v % 4}\t{size[v, v % 4]}\n" for v in range(0, 300, 2)
    )
    path.write_text("variant\tgene\tscore\n" + rows)
    effect = np.array([2.0, -1.0, 1.5, 0.5])
    true = train.genotypes.call_dosage @ size @ effect
    y = (true - true.mean()) / true.std() + rng.normal(size=N)
    data = replace(train, phenotypes=replace(train.phenotypes, value=y[:, None]))
    fitted = _fit(data, path)
    assert fitted.tuning["form"] == ["gene"]
    new = test.genotypes.call_dosage @ size @ effect
    assert _r(fitted, test, new) > 0.9
    assert fitted.posterior(test.genotypes).sd.min() > 0


def test_scores_are_permuted_among_like_frequencies():
    rng = np.random.default_rng(0)
    mean = np.repeat(np.linspace(0.1, 1.0, 10), 20)
    order = frequency_permutation(np.append(mean, 2.0), rng)[:200]
    assert not np.array_equal(order, np.arange(200))
    scored = Scored(np.arange(200.0), np.array([3]), np.array([0]), np.array([1.0]))
    own = frequency_permutation(mean, rng)
    found = scored.permuted(own)
    assert np.array_equal(np.sort(found.size), np.arange(200.0))
    assert own[found.variant[0]] == 3  # the entry moves with the size


def test_scores_of_other_variants_are_refused(panel, tmp_path):
    train, *_ = panel
    path = _write(tmp_path, ["elsewhere"], [1.0])
    with pytest.raises(DataError, match="names are matched"):
        _fit(train, path)
