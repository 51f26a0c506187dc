import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.expression.embedding.supervised import SupervisedEmbedder
from meristem.sequence.inputs.onehot import encode
from meristem.sequence.models.catalog import Specification, fit_model
from meristem.sequence.models.networks.ensemble import redrawn
from meristem.sequence.models.options import KmerOptions, NetworkOptions
from meristem.sequence.training.fit import Rows
from meristem.sequence.training.options import TrainOptions

RNG = np.random.default_rng(2)
TEXTS = ["".join(RNG.choice(list("ACGT"), 30)) for _ in range(40)]
ROWS = Rows(
    encode(TEXTS), np.array([[t.count("G") * 1.0] for t in TEXTS]), np.arange(40)
)


TRAIN = TrainOptions(members=2, epochs=2)


def fitted(kind, options):
    specification = Specification(kind, options, TRAIN)
    return fit_model(specification, ROWS, tasks=["act"], rng=np.random.default_rng(1))


@pytest.fixture(scope="module")
def network():
    return fitted("cnn", NetworkOptions(channels=4, hidden=6, depth=1))


def long_texts(n=3):
    return ["".join(RNG.choice(list("ACGT"), 90)) for _ in range(n)]


def test_windows_lie_around_the_middles_of_their_bins(network) -> None:
    made = SupervisedEmbedder(90, 5, network, "key")
    assert made.starts().tolist() == [0, 12, 30, 48, 60]
    finer = SupervisedEmbedder(90, 5, network, "key", placements=3)
    assert finer.starts()[3:6].tolist() == [6, 12, 18]
    texts = long_texts()
    found = made.embed(texts).reshape(3, 5, -1)
    assert made.channels.tolist()[-1] == "predicted act"
    assert made.channels.size == found.shape[2] == 2 * 6 + 1
    for part, start in enumerate(made.starts()):
        cut = encode([text[start : start + 30] for text in texts])
        np.testing.assert_allclose(
            found[:, part, -1], network.predict(cut)[:, 0], rtol=1e-5
        )
        np.testing.assert_allclose(found[:, part, :-1], network.hidden(cut), atol=1e-5)


def test_the_mean_over_the_windows_of_a_bin_is_taken(network) -> None:
    texts = long_texts()
    fine = SupervisedEmbedder(90, 6, network, "key").embed(texts).reshape(3, 3, 2, -1)
    found = SupervisedEmbedder(90, 3, network, "key", placements=2).embed(texts)
    np.testing.assert_allclose(found.reshape(3, 3, -1), fine.mean(axis=2), atol=1e-5)


def test_predictions_may_stand_alone(network) -> None:
    texts = long_texts()
    both = SupervisedEmbedder(90, 5, network, "key").embed(texts).reshape(3, 5, -1)
    alone = SupervisedEmbedder(90, 5, network, "key", hidden=False)
    np.testing.assert_array_equal(alone.embed(texts), both[:, :, -1])
    assert alone.channels.tolist() == ["predicted act"]


def test_hidden_units_make_the_prediction(network) -> None:
    onehot = encode(TEXTS[:4])
    hidden = network.hidden(onehot)
    assert hidden.shape == (4, 12)
    raw = np.zeros((4, 1))
    for number, member in enumerate(network.networks):
        own = hidden[:, 6 * number : 6 * (number + 1)]
        last = member[-1]
        raw += own @ last.weight.detach().numpy().T + last.bias.detach().numpy()
    value = raw / 2 * network.loss.scale + network.loss.centre
    np.testing.assert_allclose(value, network.predict(onehot), rtol=1e-4)


def test_models_of_any_length_read_their_bin() -> None:
    model = fitted("kmer", KmerOptions(k=(2,)))
    made = SupervisedEmbedder(90, 3, model, "key")
    found = made.embed(long_texts()).reshape(3, 3, -1)
    assert found.shape[2] == 10 + 1
    # features times weights are the prediction
    weight = model.ridge.weight[:, 0]
    np.testing.assert_allclose(
        found[..., :-1] @ weight + model.ridge.intercept, found[..., -1], rtol=1e-4
    )


def test_the_untrained_control_needs_a_network(network) -> None:
    control = redrawn(network, 5)
    assert control.hidden(encode(TEXTS[:2])).shape == (2, 12)
    assert np.abs(control.predict(encode(TEXTS)) - network.predict(encode(TEXTS))).max()
    with pytest.raises(ConfigError, match="no weights that could be untrained"):
        redrawn(fitted("kmer", KmerOptions(k=(2,))), 5)


def test_models_longer_than_the_window_are_refused(network) -> None:
    with pytest.raises(ConfigError, match="reads 30 bp, more than the 20"):
        SupervisedEmbedder(20, 2, network, "key")
