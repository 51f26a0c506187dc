"""`meristem.pipeline.decisions.design`: unphenotyped lines of the run, nodes."""

from pathlib import Path

import numpy as np
from tests.inbred_panel import panel, trained

from meristem.pipeline.analysis import Analysis, open_run
from meristem.pipeline.decisions.design import (
    DesignRequest,
    design_training,
    upstream_variants,
)

__all__ = ["panel", "trained"]


def test_lines_without_phenotype_are_the_candidates(trained: Path) -> None:
    result = design_training(open_run(trained), DesignRequest(traits=("yield",), n=3))
    assert set(result.table["sample_id"]) <= {f"line{k}" for k in range(34, 40)}
    assert "34 lines have a phenotype already" in result.notes[0]


def test_a_node_has_its_own_kinship(finished: Analysis) -> None:
    base = DesignRequest(label="net", n=3, h2=0.4)
    whole = design_training(finished, base)
    network = finished.plan
    assert network is not None
    node = str(network.node_name[network.head_node[0]])
    asked = DesignRequest(label="net", n=3, h2=0.4, node=node)
    of_node = design_training(finished, asked)
    assert of_node.table["cd_mean"].iloc[-1] != whole.table["cd_mean"].iloc[-1]


def test_upstream_variants_equal_a_walk(finished: Analysis) -> None:
    plan = finished.plan
    assert plan is not None
    parents: dict[int, set[int]] = {}
    reads: dict[int, set[int]] = {}
    for level in plan.levels:
        for row, col in zip(level.node_row, level.node_col, strict=True):
            parents.setdefault(level.first_node + int(row), set()).add(int(col))
        for row, col in zip(level.variant_row, level.variant_col, strict=True):
            reads.setdefault(level.first_node + int(row), set()).add(int(col))

    def walk(node: int) -> set[int]:
        found = set(reads.get(node, ()))
        for parent in parents.get(node, ()):
            found |= walk(parent)
        return found

    for node in range(plan.n_node):
        assert set(upstream_variants(plan, node).tolist()) == walk(node)
    assert np.any([upstream_variants(plan, k).size for k in range(plan.n_node)])
