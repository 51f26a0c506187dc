from __future__ import annotations

import importlib.util
from pathlib import Path

import torch

from meristem.nn.dag import NodeShape
from meristem.nn.jacobian import MemberVector
from meristem.nn.priors import LEARNED, prior_groups

_SPEC = importlib.util.spec_from_file_location(
    "dag_twin", Path(__file__).parent / "test_dag.py"
)
dag_twin = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(dag_twin)


def test_every_node_has_groups_of_its_own():
    network = dag_twin.make(NodeShape(hidden=(4, 3)), members=2)
    vector = MemberVector(network)
    groups = prior_groups(network, vector)
    assert groups.group.shape == groups.anchored.shape == (vector.size,)
    assert groups.group.unique().numel() == groups.n_group
    # a, b, lone and the variant part of c read variants
    assert groups.kind.count("variant") == 4
    # c and e have a hidden part, d is a copy of b
    assert groups.kind.count("hidden") == 2
    assert groups.kind.count("linear") == 3
    assert groups.kind.count("head") == 1
    assert groups.learned.tolist() == [kind in LEARNED for kind in groups.kind]
    assert (groups.variance > 0).all()


def test_only_weights_into_hidden_units_are_anchored():
    network = dag_twin.make(NodeShape(hidden=(4,)), members=2)
    vector = MemberVector(network)
    groups = prior_groups(network, vector)
    kinds = {groups.kind[g] for g in groups.group[groups.anchored].tolist()}
    assert kinds == {"feature"}
    free = {groups.kind[g] for g in groups.group[~groups.anchored].tolist()}
    assert "feature" not in free


def test_weighted_sums_start_with_unit_variance():
    network = dag_twin.make(NodeShape(hidden=(4,)), members=2)
    vector = MemberVector(network)
    groups = prior_groups(network, vector)
    # node a reads 2 variants: 2 weights of variance 1/2
    first = vector.names.index("blocks.0.weight")
    start = sum(index.shape[1] for index in vector.index[:first])
    assert groups.variance[groups.group[start]] == torch.tensor(0.5).double()
