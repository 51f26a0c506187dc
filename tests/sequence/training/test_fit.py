import numpy as np
import pytest
import torch
from tests.sequence.toys import rows, small_options

from meristem.errors import ConfigError
from meristem.sequence.inputs.onehot import decode, encode, flip
from meristem.sequence.models.networks.cnn import build_cnn
from meristem.sequence.training.fit import disturb, run_network, train_network
from meristem.sequence.training.losses import make_loss
from meristem.sequence.training.options import TrainOptions


def test_it_learns_and_keeps_the_weights_of_the_best_epoch() -> None:
    data = rows()
    torch.manual_seed(1)
    loss = make_loss("regression", data.value, ("a", "b"))
    network = build_cnn(small_options("cnn"), data.onehot.shape[2], 2)
    options = TrainOptions(epochs=25, batch=16, learning_rate=0.01, shift=0)
    rng = np.random.default_rng(1)
    course = train_network(network, data, loss, options, rng)
    assert course.train[-1] < 0.7 * course.train[0]
    assert course.best == int(np.argmin(course.held_out))
    assert not network.training


def test_sequences_are_moved_flipped_and_swapped() -> None:
    x = encode(["ACGTTGCA", "GGGTTTAA"])
    rng = np.random.default_rng(1)
    still = TrainOptions(shift=0, flip=0)
    assert np.array_equal(disturb(x, still, rng), x)
    turned = disturb(x, TrainOptions(shift=0, flip=1), rng)
    assert np.array_equal(turned, flip(x))
    moved = {
        decode(disturb(x, TrainOptions(shift=2, flip=0), rng))[0] for _ in range(40)
    }
    assert moved == {"NNACGTTG", "NACGTTGC", "ACGTTGCA", "CGTTGCAN", "GTTGCANN"}
    swapped = disturb(x, TrainOptions(shift=0, flip=0, swap=0.5), rng)
    assert swapped.sum() == x.sum()
    assert not np.array_equal(swapped, x)


def test_one_group_alone_is_refused() -> None:
    data = rows()
    loss = make_loss("regression", data.value, ("a", "b"))
    network = build_cnn(small_options("cnn"), data.onehot.shape[2], 2)
    one = type(data)(data.onehot, data.value, np.zeros(len(data.group), dtype=int))
    with pytest.raises(ConfigError, match="one group"):
        train_network(network, one, loss, TrainOptions(), np.random.default_rng(1))


def test_runaway_training_is_refused() -> None:
    data = rows()
    loss = make_loss("regression", data.value, ("a", "b"))
    network = build_cnn(small_options("cnn"), data.onehot.shape[2], 2)
    with torch.no_grad():
        network[0].weight.fill_(float("nan"))
    with pytest.raises(ConfigError, match="ran away"):
        train_network(network, data, loss, TrainOptions(), np.random.default_rng(1))


def test_batches_do_not_change_what_a_network_says() -> None:
    data = rows()
    network = build_cnn(small_options("cnn"), data.onehot.shape[2], 2).eval()
    whole = run_network(network, data.onehot)
    assert torch.allclose(whole[:3], run_network(network, data.onehot[:3]), atol=1e-6)
