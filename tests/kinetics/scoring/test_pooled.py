"""Several fits as one scorer: the same as their members together."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.kinetics.toys import GUIDE, draw_kinn, draw_targets
from typer.testing import CliRunner

from meristem.cli.kinetics import app
from meristem.errors import ConfigError
from meristem.kinetics.cas9.pam import CAS9
from meristem.kinetics.cas9.sites import Sites
from meristem.kinetics.network.store import write_kinns
from meristem.kinetics.scheme.catalog import cas9
from meristem.kinetics.scoring.pooled import PooledScorer
from meristem.kinetics.scoring.score import Scorer, SiteScores

N = 17
TARGETS = draw_targets(N)
SITES = Sites(
    np.array([GUIDE] * N), np.array(TARGETS), np.full(N, -1), np.array([""] * N)
)


def members(first: int, n: int) -> Scorer:
    return Scorer([draw_kinn(seed, "edits") for seed in range(first, first + n)])


def test_fits_weighted_by_their_members_are_all_members_together() -> None:
    pooled = PooledScorer([members(0, 3), members(3, 2)], (3, 2)).score_sites(SITES)
    whole = members(0, 5).score_sites(SITES)
    for name in ("log10_rate", "spread", "log10_rates", "edits"):
        assert np.allclose(getattr(pooled, name), getattr(whole, name), atol=1e-5), name
    assert pooled.probability is None


class Fixed:
    """Says the same of every site."""

    scheme, pam = cas9(4), CAS9

    def __init__(self, rate: float, probability: float | None = None) -> None:
        self.rate, self.probability = rate, probability

    def score_sites(self, sites: Sites) -> SiteScores:
        one = np.ones(len(sites.guide))
        chance = None if self.probability is None else self.probability * one
        return SiteScores(self.rate * one, 0 * one, one, np.ones((one.size, 7)), chance)


@pytest.mark.parametrize("weight", [np.nan, np.inf, -1.0])
def test_weights_are_finite(weight: float) -> None:
    with pytest.raises(ConfigError, match=r"weights \(.*do not fit 2 models"):
        PooledScorer([Fixed(-4.0), Fixed(-2.0)], (weight, 3.0))


def test_models_of_other_observables_are_not_averaged() -> None:
    other = Fixed(-2.0)
    other.scheme = replace(cas9(4), observable="decay")
    with pytest.raises(ConfigError, match="model 2 says a decay, the first a flux"):
        PooledScorer([Fixed(-4.0), other])


def test_equal_weights_by_default_and_spread_between_fits() -> None:
    scores = PooledScorer([Fixed(-4.0, 0.5), Fixed(-2.0, 0.9)]).score_sites(SITES)
    assert scores.log10_rate == pytest.approx(np.full(N, -3.0))
    assert scores.spread == pytest.approx(np.full(N, 1.0))
    assert scores.probability == pytest.approx(np.full(N, 0.75))
    mixed = PooledScorer([Fixed(-4.0), Fixed(-2.0, 0.9)], (1, 3)).score_sites(SITES)
    assert mixed.log10_rate == pytest.approx(np.full(N, -2.5))
    assert mixed.probability is None


@pytest.mark.parametrize("weight", [(1.0,), (1.0, -1.0), (0.0, 0.0), (1.0, 1.0, 1.0)])
def test_weights_that_do_not_fit_are_refused(weight: tuple[float, ...]) -> None:
    with pytest.raises(ConfigError, match="weights"):
        PooledScorer([Fixed(0.0), Fixed(1.0)], weight)


def test_models_of_other_schemes_are_refused() -> None:
    other = Fixed(0.0)
    other.scheme = replace(cas9(5))
    with pytest.raises(ConfigError, match="model 2"):
        PooledScorer([Fixed(0.0), other])


def test_the_command_takes_several_models(tmp_path: Path) -> None:
    paths = []
    for seed in (0, 1):
        path = tmp_path / f"{seed}.json"
        write_kinns([draw_kinn(seed, "edits")], path)
        paths += ["--model", str(path)]
    rows = "\n".join(f"{GUIDE},{target}" for target in TARGETS)
    (tmp_path / "sites.csv").write_text(f"guide,target\n{rows}\n")
    words = ["score", *paths, "--targets", str(tmp_path / "sites.csv"), "--quiet"]
    found = {}
    for name, more in (("both", []), ("first", ["--weight", "1", "--weight", "0"])):
        out = tmp_path / f"{name}.tsv"
        result = CliRunner().invoke(app, [*words, *more, "--out", str(out)])
        assert result.exit_code == 0, result.output
        found[name] = pd.read_csv(out, sep="\t")
    alone = members(0, 1).score_sites(SITES)
    assert found["first"]["log10_rate"].to_numpy() == pytest.approx(
        alone.log10_rate, rel=1e-4
    )
    assert (found["both"]["spread"] > 0).all()
