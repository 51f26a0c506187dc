import numpy as np
import pytest
from tests.models.trials.test_fitted import covariates, trials

from meristem.config.models import TrialOptions
from meristem.models.trials.factors import EnvironmentFactors
from meristem.models.trials.fitted import ANYWHERE
from meristem.models.trials.reacting import FittedReactions
from meristem.models.trials.spec import LinesByEnvironments
from meristem.records import Predictions


class Slopes:
    """A network that says mean 2 and slope 3 of every line."""

    def predict(self, genotypes):
        value = np.tile([2.0, 3.0], (genotypes.n_sample, 1))
        names = np.array(["mean", "slope"])
        return Predictions(genotypes.sample_id, names, names, value, value)


def test_lines_times_environments_beside_the_reaction_norm():
    data = trials()
    spec = LinesByEnvironments(TrialOptions(structure="reaction_norm"), covariates())
    lines = spec.fit(data, rng=np.random.default_rng(0))
    factors = EnvironmentFactors(np.array(["new", "dry"]), np.array([[0.5], [-1.0]]))
    both = FittedReactions(lines, (Slopes(),), factors, np.array([0.25]))
    rows = data.genotypes.take_samples(np.array([4, 0, 7]))
    places = np.array(["dry", "new", ANYWHERE])
    nobody = np.full(3, "")
    base = lines.posterior_at(rows, nobody, places)
    found = both.posterior_at(rows, nobody, places)
    fit = lines.targets[0].fit
    known = dict(zip(lines.targets[0].place, fit.mean, strict=True))
    level = np.array([known["dry"], fit.mean.mean(), fit.mean.mean()])
    network = level + 2 + 3 * np.array([-1.0, 0.5, 0.0])
    wanted = 0.75 * base.mean[:, 0] + 0.25 * network
    assert found.mean[:, 0] == pytest.approx(wanted)
    assert found.sd == pytest.approx(base.sd)
    assert both.predict(rows).value[2] == pytest.approx(found.mean[2])
    assert both.components().iloc[-1]["value"] == 0.25
    assert both.seen(np.array(["l3", "x"]))[:, 0].tolist() == [3, 0]
