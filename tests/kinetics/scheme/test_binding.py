"""Binding from the rates: equilibrium, limits, and what it teaches a fit."""

import itertools

import numpy as np
import pytest
import torch

from meristem.errors import ConfigError
from meristem.kinetics.network.design import (
    log_rates,
    make_design,
    matched_log_rates,
    start_parameters,
)
from meristem.kinetics.network.edit_rows import EditRows
from meristem.kinetics.network.features import Window
from meristem.kinetics.network.fit import fit_kinns
from meristem.kinetics.network.kinn import Architecture, FitOptions, Measurements
from meristem.kinetics.scheme.binding import Affinity, binding_loss
from meristem.kinetics.scheme.catalog import cas9, cas9_absorbing
from meristem.kinetics.scheme.scheme import Reaction, Scheme
from meristem.stats.metrics import pearson


@pytest.mark.parametrize("n_states", [3, 4, 6])
def test_chain_equals_products_of_ratios(n_states: int) -> None:
    scheme = cas9(n_states)
    rng = np.random.default_rng(n_states)
    rates = torch.from_numpy(rng.normal(0, 3, (5, len(scheme.reactions))))
    steps = rates[:, 0:-1:2] - rates[:, 1:-1:2]
    expected = torch.logsumexp(torch.cumsum(steps, dim=-1), dim=-1)
    assert torch.allclose(Affinity(scheme)(rates), expected, atol=1e-10)


def test_cut_rate_does_not_matter_nor_where_the_cut_leads() -> None:
    rates = torch.randn(4, 7, generator=torch.Generator().manual_seed(0))
    faster = rates.clone()
    faster[:, -1] += 9.0
    assert torch.equal(Affinity(cas9(4))(rates), Affinity(cas9(4))(faster))
    assert torch.allclose(Affinity(cas9(4))(rates), Affinity(cas9_absorbing(4))(rates))


def test_loop_equals_stationary_distribution() -> None:
    names = "abc"
    reactions = [Reaction(f"{i}{j}", i, j) for i, j in itertools.permutations(names, 2)]
    reactions.append(Reaction("cut", "c", "a", observed=True))
    scheme = Scheme("loop", tuple(names), tuple(reactions))
    rates = torch.randn(7, dtype=torch.float64, generator=torch.Generator())
    generator = np.zeros((3, 3))
    for (i, j), rate in zip(scheme.links[:-1], rates[:-1].exp(), strict=True):
        generator[i, j] += rate
        generator[i, i] -= rate
    system = np.vstack([generator.T, np.ones(3)])
    share = np.linalg.lstsq(system, np.array([0, 0, 0, 1.0]), rcond=None)[0]
    found = float(Affinity(scheme)(rates).exp())
    assert found == pytest.approx((share[1] + share[2]) / share[0])


def test_one_way_scheme_is_refused() -> None:
    scheme = Scheme(
        "one way",
        ("a", "b"),
        (Reaction("go", "a", "b"), Reaction("cut", "b", "a", observed=True)),
    )
    with pytest.raises(ConfigError, match="no binding equilibrium"):
        Affinity(scheme)


def test_loss_of_binding_rises_from_0_to_1() -> None:
    affinity = torch.linspace(6, -30, 40, dtype=torch.float64)
    matched, background = affinity[:1], torch.tensor([-4.0], dtype=torch.float64)
    loss = binding_loss(affinity, matched, background)
    assert loss[0] == 0
    assert loss[-1] == pytest.approx(1.0)
    assert (loss.diff() >= -1e-12).all()


WINDOWS = Architecture(tuple(Window(0, 6) for _ in range(7)))
OPTIONS = FitOptions(epochs=40, batch=64, learning_rate=0.05)


def _rows(rng: np.random.Generator, binding: np.ndarray | None) -> Measurements:
    """Return 240 rows of one rate whose edits differ in binding only."""
    x = (rng.random((240, 6, 2)) < 0.2).astype(np.uint8)
    y = np.full(240, -2.0)
    return Measurements(x, y, y <= -5, np.arange(240), binding=binding)


def test_binding_teaches_what_the_rates_do_not_say() -> None:
    rng = np.random.default_rng(1)
    bare = _rows(rng, None)
    truth = np.clip(bare.x[:, :, 0].sum(axis=1) / 4, 0, 1).astype(float)
    known = truth.copy()
    known[::3] = np.nan  # unknown for a third
    rows = Measurements(bare.x, bare.y, bare.censored, bare.group, binding=known)
    weight = np.ones((1, 240))
    found = []
    for data in (rows, bare):
        fit = fit_kinns(
            cas9(4),
            [WINDOWS],
            data,
            weight,
            0 * weight,
            rng=np.random.default_rng(2),
            options=OPTIONS,
        )
        rates = torch.from_numpy(fit.kinns[0].log_rates(bare.x[::3]))
        found.append(pearson(-Affinity(cas9(4))(rates).numpy(), truth[::3]))
    assert found[0] > 0.8 > found[1]


def test_weight_0_ignores_binding() -> None:
    rng = np.random.default_rng(3)
    bare = _rows(rng, None)
    rows = Measurements(
        bare.x, bare.y, bare.censored, bare.group, binding=rng.random(240)
    )
    weight = np.ones((1, 240))
    found = [
        fit_kinns(
            cas9(4),
            [WINDOWS],
            data,
            weight,
            0 * weight,
            rng=np.random.default_rng(4),
            options=FitOptions(epochs=3, binding=0.0),
        ).kinns[0]
        for data in (rows, bare)
    ]
    assert np.array_equal(found[0].weights, found[1].weights)
    assert rows.take(np.arange(5)).binding is not None


def test_matched_rates_are_those_of_a_row_without_edits() -> None:
    rng = np.random.default_rng(5)
    windows = (*WINDOWS.windows[:5], Window(0, 4, hidden=2), None)
    design = make_design([Architecture(windows), WINDOWS], cas9(4), 6)
    start = start_parameters(design, cas9(4), 2, FitOptions(start_scale=1.0), rng)
    start = {name: value + 0.1 for name, value in start.items()}
    none = EditRows.of(np.zeros((1, 6, 2), dtype=np.uint8))
    slow = log_rates(start, design, none, torch.zeros(1, dtype=torch.long))[0]
    assert torch.allclose(matched_log_rates(start, design), slow, atol=1e-6)
