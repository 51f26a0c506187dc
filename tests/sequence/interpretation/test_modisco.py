"""TF-MoDISco behind its extra: what it is given, and what is made of its answer."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.sequence.inputs.onehot import encode
from meristem.sequence.interpretation.modisco import modisco_patterns

N, LENGTH = 3, 30


def _stand_in(monkeypatch, answer):
    """Put a module of the same form in the place of the package."""
    package, module = ModuleType("modiscolite"), ModuleType("modiscolite.tfmodisco")
    module.TFMoDISco = answer
    package.tfmodisco = module
    monkeypatch.setitem(sys.modules, "modiscolite", package)
    monkeypatch.setitem(sys.modules, "modiscolite.tfmodisco", module)


def test_patterns_are_trimmed_counted_and_named(monkeypatch):
    sure = np.full((12, 4), 0.25)
    sure[3:9] = np.eye(4)[[0, 1, 2, 3, 0, 1]]
    flat = np.full((12, 4), 0.25)
    contribution = np.zeros((12, 4))
    contribution[3, 0] = -2.0
    given = {}

    def answer(onehot, attribution, **options):
        given.update(options, shape=onehot.shape, total=float(attribution.sum()))
        few = SimpleNamespace(sequence=flat, contrib_scores=flat, seqlets=[1] * 90)
        many = SimpleNamespace(
            sequence=sure, contrib_scores=contribution, seqlets=[1] * 40
        )
        return None, [few, many]

    _stand_in(monkeypatch, answer)
    onehot = encode(["".join("ACGT"[(i + j) % 4] for j in range(30)) for i in range(N)])
    (found,) = modisco_patterns(2.0 * onehot, onehot)
    assert given["shape"] == (N, LENGTH, 4)
    assert given["total"] == 2.0 * N * LENGTH
    assert (found.n, found.mean, found.motif.name) == (40, -2.0, "pattern1")
    assert found.motif.probability.argmax(axis=0).tolist() == [0, 1, 2, 3, 0, 1]


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "modiscolite", None)
    monkeypatch.setitem(sys.modules, "modiscolite.tfmodisco", None)
    onehot = encode(["ACGT"])
    with pytest.raises(ConfigError, match=r"modisco-lite.*not installed"):
        modisco_patterns(1.0 * onehot, onehot)
