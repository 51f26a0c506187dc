"""`meristem.pipeline.explaining.tables` and `meristem.pipeline.explaining.refits`.

What a run adds to the sensitivities, so that they can be believed.
"""

from __future__ import annotations

import numpy as np

from meristem.pipeline.analysis import Analysis
from meristem.pipeline.explaining import refits
from meristem.pipeline.explaining import tables as explanation_tables


def test_what_a_run_adds_is_written_and_finite(finished: Analysis) -> None:
    assert explanation_tables.__doc__
    assert refits.__doc__
    stability = finished.folder.read_table("stability.csv")
    assert not stability.empty
    interactions = finished.folder.read_table("interactions.csv")
    assert np.isfinite(interactions["signed"]).all()
    nodes = set(finished.folder.read_table("nodes.csv")["node"])
    assert set(interactions["node_1"]) <= nodes


def test_enough_null_networks_give_q_values(finished: Analysis) -> None:
    q = finished.folder.read_table("nodes.csv")["null_q"]
    assert q.between(0, 1).all()
