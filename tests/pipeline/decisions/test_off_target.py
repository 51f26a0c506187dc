"""`meristem.pipeline.decisions.off_target`: rates of the kinetic model at sites."""

from pathlib import Path

import numpy as np
import pytest
from tests.kinetics.toys import GUIDE, draw_kinn, draw_targets

from meristem.kinetics.cas9.channels import kinetic_channels
from meristem.kinetics.cas9.encode import encode_pairs
from meristem.kinetics.network.store import write_kinns
from meristem.pipeline.decisions.off_target import read_site_scores


def test_rates_are_those_of_the_network(tmp_path: Path) -> None:
    kinn = draw_kinn(0)
    write_kinns([kinn], tmp_path / "model.json")
    targets = np.array(draw_targets(12))
    found = read_site_scores(tmp_path / "model.json")(GUIDE, targets)
    edits = kinetic_channels(
        encode_pairs([GUIDE] * 12, targets.tolist()), kinn.channels
    )
    assert found == pytest.approx(kinn.log10_rate(edits), abs=1e-4)
