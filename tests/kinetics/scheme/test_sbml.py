"""Antimony and SBML: round trip, simulation elsewhere, refusal of other laws."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from meristem.errors import DataError
from meristem.kinetics.scheme.catalog import cas9, cas9_absorbing, two_substrate_enzyme
from meristem.kinetics.scheme.sbml import (
    antimony_to_sbml,
    read_model,
    scheme_from_sbml,
    to_antimony,
    write_sbml,
)
from meristem.kinetics.scheme.solve import log_flux, log_observable

pytest.importorskip("antimony")
pytest.importorskip("libsbml")

RATES = tuple(np.random.default_rng(0).normal(0.0, 1.5, 7))


@pytest.mark.parametrize("suffix", [".xml", ".ant"])
def test_export_and_import_give_the_same_observable(
    tmp_path: Path, suffix: str
) -> None:
    scheme = cas9(4)
    path = tmp_path / f"model{suffix}"
    write_sbml(scheme, path, RATES)
    back = read_model(path)
    assert back.states == scheme.states
    assert back.reaction_names == scheme.reaction_names
    assert back.observed == scheme.observed
    assert np.allclose(back.log_rates, RATES, rtol=1e-12)
    first = log_observable(scheme, torch.tensor(RATES, dtype=torch.float64))
    second = log_observable(back, torch.tensor(back.log_rates, dtype=torch.float64))
    assert float(first) == pytest.approx(float(second), rel=1e-12)


def test_steady_state_in_roadrunner() -> None:
    roadrunner = pytest.importorskip("roadrunner")
    scheme = cas9(4)
    runner = roadrunner.RoadRunner(antimony_to_sbml(to_antimony(scheme, RATES)))
    runner.integrator.relative_tolerance = 1e-10
    runner.integrator.absolute_tolerance = 1e-14
    runner.simulate(0, 20_000, 3)
    expected = float(log_flux(scheme, torch.tensor(RATES, dtype=torch.float64)).exp())
    assert runner["J_cat_observed"] == pytest.approx(expected, rel=1e-6)


def test_decay_in_roadrunner() -> None:
    roadrunner = pytest.importorskip("roadrunner")
    scheme = cas9_absorbing(4)
    rate = math.exp(
        float(log_observable(scheme, torch.tensor(RATES, dtype=torch.float64)))
    )
    runner = roadrunner.RoadRunner(antimony_to_sbml(to_antimony(scheme, RATES)))
    runner.integrator.relative_tolerance = 1e-11
    runner.integrator.absolute_tolerance = 1e-14
    out = np.asarray(runner.simulate(0, 12 / rate, 61, ["time", "cut"]))
    late = slice(30, 50)
    slope = np.polyfit(out[late, 0], np.log(1 - out[late, 1]), 1)[0]
    assert -slope == pytest.approx(rate, rel=1e-3)


def test_ligands_are_folded_into_the_constants() -> None:
    scheme = two_substrate_enzyme()
    text = to_antimony(scheme, concentrations={"A": 2.0, "B": 0.5, "I": 3.0})
    assert "A = 2.0;" in text
    path_text = antimony_to_sbml(text)
    back = scheme_from_sbml(path_text)
    expected = scheme.log_rates[0] + math.log(2.0)
    assert back.log_rates[0] == pytest.approx(expected)


REVERSIBLE = """
model two
  species A = 1; species B = 0;
  k1 = 2; k2 = 0.5; k3 = 0.25;
  J1: A -> B; k1*A - k2*B;
  J2_observed: B -> A; (k3 + k3)/2*B;
end
"""


def test_reversible_laws_become_two_reactions(tmp_path: Path) -> None:
    path = tmp_path / "two.ant"
    path.write_text(REVERSIBLE)
    scheme = read_model(path)
    assert scheme.reaction_names == ("J1", "J1_reverse", "J2")
    assert np.allclose(np.exp(scheme.log_rates), [2.0, 0.5, 0.25])


@pytest.mark.parametrize(
    "law",
    ["k1*A*B", "k1*A/(k2 + A)", "k1*A^2", "k1", "k1*B", "k1*A + k2", "exp(A)"],
)
def test_other_laws_are_refused_by_name(tmp_path: Path, law: str) -> None:
    path = tmp_path / "bad.ant"
    path.write_text(REVERSIBLE.replace("k1*A - k2*B", law))
    with pytest.raises(DataError, match="first order") as error:
        read_model(path)
    assert "J1" in str(error.value)


def test_broken_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.ant"
    path.write_text("model x\n A -> ; k*")
    with pytest.raises(DataError, match="Antimony"):
        read_model(path)
    sbml = tmp_path / "broken.xml"
    sbml.write_text("<html></html>")
    with pytest.raises(DataError, match="SBML"):
        read_model(sbml)
    two = tmp_path / "two_products.ant"
    two.write_text(REVERSIBLE.replace("J1: A -> B;", "J1: A -> 2 B;"))
    with pytest.raises(DataError, match="one state into one state"):
        read_model(two)


LIGAND = """
model binding
  compartment cell = 1;
  species E in cell = 1;
  species EA in cell = 0;
  A = 0; k1 = 2; k2 = 0.5; k3 = 3;
  bind: E -> EA; k1*A*E - k2*EA;
  cut: EA -> E; k3*EA;
end
"""


def test_ligands_and_observed_steps_are_named_by_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "binding.ant"
    path.write_text(LIGAND)
    scheme = read_model(path, observed=("cut",), ligands=("A",))
    by_name = {r.name: r for r in scheme.reactions}
    assert {n: r.ligand for n, r in by_name.items()} == {
        "bind": "A",
        "bind_reverse": "",
        "cut": "",
    }
    assert np.exp(by_name["bind"].log_rate) == pytest.approx(2.0)
    assert by_name["cut"].observed
    with pytest.raises(DataError, match="'slow'"):
        read_model(path, observed=("slow",), ligands=("A",))
    with pytest.raises(DataError, match="'B'"):
        read_model(path, observed=("cut",), ligands=("B",))
    path.write_text(LIGAND.replace("k3*EA", "k3*A*A*EA"))
    with pytest.raises(DataError, match="not proportional"):
        read_model(path, observed=("cut",), ligands=("A",))
