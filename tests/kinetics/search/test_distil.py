"""Distillation: same edits in random guides, and one network for an ensemble."""

import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.kinetics.cas9.channels import kinetic_channels
from meristem.kinetics.cas9.encode import REFERENCE, SUBSTITUTED, encode_pairs
from meristem.kinetics.network.ensemble import predict_ensemble
from meristem.kinetics.network.features import Window
from meristem.kinetics.network.fit import fit_kinns
from meristem.kinetics.network.kinn import Architecture, FitOptions, Measurements
from meristem.kinetics.scheme.catalog import cas9
from meristem.kinetics.search.distil import distil, random_guides
from meristem.stats.metrics import pearson

GUIDE = "GACGCATAAAGATGAGACGCTGG"
TARGETS = (
    GUIDE,
    "AACGCATAAAGATGAGACGCTGG",  # substitution far from the PAM
    "GACGCATAAAGATGAGACGCTAG",  # in the PAM
    "GACGCATTAAAGATGAGACGCTGG",  # insertion
    "GACGCATAAGATGAGACGCTGG",  # deletion
)


def test_edits_keep_their_places_and_bases_change() -> None:
    x = encode_pairs([GUIDE] * len(TARGETS), TARGETS)
    x = np.repeat(x, 40, axis=0)
    drawn = random_guides(x, np.random.default_rng(0))
    for channels in (SUBSTITUTED, slice(8, 12), slice(12, 13), REFERENCE):
        before, after = x[:, :, channels].sum(axis=2), drawn[:, :, channels].sum(axis=2)
        assert np.array_equal(before, after)
    # no base changes into itself
    assert not (drawn[:, :, REFERENCE] & drawn[:, :, SUBSTITUTED]).any()
    assert np.array_equal(drawn[:, :2], x[:, :2])
    share = drawn[:, 2:23, REFERENCE].mean(axis=(0, 1))
    assert np.allclose(share, 0.25, atol=0.03)
    assert len(np.unique(drawn[:, :, REFERENCE].reshape(200, -1), axis=0)) == 200


@pytest.fixture(scope="module")
def rows() -> tuple[Measurements, np.ndarray]:
    rng = np.random.default_rng(1)
    letters = np.tile(np.array(list(GUIDE)), (400, 1))
    place = rng.integers(0, 20, (400, 2))
    letters[np.arange(400)[:, None], place] = rng.choice(list("ACGT"), (400, 2))
    target = ["".join(row) for row in letters]
    encoding = encode_pairs([GUIDE] * 400, target)
    x = kinetic_channels(encoding, "chemistry")
    y = -1.0 - x[:, 3:12, 0].sum(axis=1) + rng.normal(0, 0.1, 400)
    _, group = np.unique(target, return_inverse=True)
    y = np.maximum(y, -3.0)
    return Measurements(x, y, y <= -3.0, group, "chemistry"), encoding


OPTIONS = FitOptions(epochs=30, batch=64, learning_rate=0.05, limits=(-3.0, np.inf))


def test_one_network_follows_the_ensemble_on_other_guides(rows: tuple) -> None:
    data, encoding = rows
    pam = Window(0, 3, kernel=3, padding="valid")
    widths = (9, 12, 15)
    teachers = fit_kinns(
        cas9(4),
        [Architecture((pam, pam, *[Window(3, 3 + w)] * 5)) for w in widths],
        data,
        np.ones((3, 400)),
        np.zeros((3, 400)),
        rng=np.random.default_rng(2),
        options=OPTIONS,
    ).kinns
    student = distil(
        teachers,
        teachers[0].architecture,
        data,
        encoding,
        rng=np.random.default_rng(3),
        options=OPTIONS,
    )
    elsewhere = random_guides(encoding, np.random.default_rng(4))
    x = kinetic_channels(elsewhere, "chemistry")
    said = predict_ensemble(teachers, x)
    agreement = pearson(student.predict(x), said)
    assert agreement > pearson(teachers[0].predict(x), said)
    assert agreement > 0.85
    assert student.architecture == teachers[0].architecture


def test_pairs_must_be_those_of_the_rows(rows: tuple) -> None:
    data, encoding = rows
    with pytest.raises(ConfigError, match="do not belong together"):
        distil(
            (),
            Architecture(()),
            data,
            encoding[:-1],
            rng=np.random.default_rng(0),
            options=OPTIONS,
        )
