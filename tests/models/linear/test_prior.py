import numpy as np
import pytest
from tests.models.toys import marker_panel

from meristem.config.models import PriorOptions
from meristem.errors import DataError
from meristem.genetics.relationship import gram
from meristem.models.catalog import restore
from meristem.models.linear.gblup import GBLUP
from meristem.models.linear.prior import (
    PriorGBLUP,
    permute_within_frequency,
    variant_sizes,
)
from meristem.models.panel import kernel_factor

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
    size = variant_sizes(PriorOptions(scores=path), train)
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


def test_scores_are_permuted_among_like_frequencies():
    rng = np.random.default_rng(0)
    mean = np.repeat(np.linspace(0.1, 1.0, 10), 20)
    size = np.repeat(np.arange(10.0), 20) + rng.uniform(0, 0.5, 200)
    found = permute_within_frequency(size, mean, rng)
    assert not np.array_equal(found, size)
    assert np.array_equal(np.sort(found), np.sort(size))
    for low in range(0, 200, 20):
        assert np.array_equal(
            np.sort(found[low : low + 20]), np.sort(size[low : low + 20])
        )


def test_scores_of_other_variants_are_refused(panel, tmp_path):
    train, *_ = panel
    path = _write(tmp_path, ["elsewhere"], [1.0])
    with pytest.raises(DataError, match="names are matched"):
        _fit(train, path)
