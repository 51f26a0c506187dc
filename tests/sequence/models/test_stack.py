import numpy as np
import pytest
from tests.sequence.toys import TASKS, fitted, rows, specify

from meristem.errors import ConfigError
from meristem.sequence.models.catalog import fit_model, needs_motifs
from meristem.sequence.models.options import StackMember, StackOptions
from meristem.sequence.models.stack import Stack


def test_predictions_are_the_weighted_mean() -> None:
    options = StackOptions(
        members=(StackMember(kind="motif", weight=3), StackMember(kind="cnn"))
    )
    stack = Stack(options, (fitted("motif"), fitted("cnn")))
    x = rows().onehot[:5]
    wanted = 0.75 * fitted("motif").predict(x) + 0.25 * fitted("cnn").predict(x)
    assert np.allclose(stack.predict(x), wanted)
    assert np.allclose(stack.ensemble(x).mean(axis=0), wanted)
    assert stack.ensemble(x).shape[0] == 2
    assert stack.window == fitted("cnn").window


def test_members_are_checked() -> None:
    assert needs_motifs(StackOptions())
    bad = StackOptions(
        members=(
            StackMember(kind="kmer", options={"q": 1}),
            StackMember(kind="cnn"),
        )
    )
    with pytest.raises(ConfigError, match="stack member 'kmer'"):
        needs_motifs(bad)


def test_only_measured_values_are_averaged() -> None:
    with pytest.raises(ConfigError, match="a stack averages measured values"):
        fit_model(
            specify("stack", loss="counts"),
            rows(),
            tasks=TASKS,
            rng=np.random.default_rng(1),
        )
