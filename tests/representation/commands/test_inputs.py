from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.representation.commands.test_run import N, write_case

from meristem.config.read import read_represent_config
from meristem.errors import DataError
from meristem.representation.commands.inputs import read_inputs


def test_everything_stands_over_the_same_samples(tmp_path: Path) -> None:
    path = write_case(tmp_path)
    text = (tmp_path / "metabolites.csv").read_text().splitlines()
    text[2], text[5] = text[5], text[2]  # other order
    text.append("new" + ",1.0" * 8)
    (tmp_path / "metabolites.csv").write_text("\n".join(text) + "\n")
    inputs = read_inputs(read_represent_config(path))
    assert inputs.sample_id.tolist() == [*(f"l{i}" for i in range(N)), "new"]
    rna, metabolites = inputs.tables
    assert np.isnan(rna.value[-1]).all()
    assert (metabolites.value[-1] == 1).all()
    row = [float(v) for v in text[5].split(",")[1:]]
    assert metabolites.value[1].tolist() == row
    assert inputs.groups is not None
    assert inputs.groups.label[-1, 0] == ""
    assert inputs.trait_name == ("yield",)
    assert inputs.trait.shape == (N + 1, 1)
    assert set(inputs.sets) == {"s0", "s1", "s2"}
    assert inputs.network is not None


def test_ids_of_every_table_are_folded_or_their_absence_is_said(
    tmp_path: Path,
) -> None:
    path = write_case(tmp_path)

    def write_large(name: str) -> None:
        file = tmp_path / f"{name}.csv"
        file.write_text(file.read_text().replace("\nl", "\nL"))

    write_large("traits")
    with pytest.raises(DataError, match="no line has genotypes or omics"):
        read_inputs(read_represent_config(path))
    write_large("groups")
    write_large("metabolites")
    path.write_text('fold_ids = ["case"]\n' + path.read_text())
    inputs = read_inputs(read_represent_config(path))
    assert inputs.sample_id.tolist() == [f"l{i}" for i in range(N)]
    assert np.isfinite(inputs.trait).all()
    assert inputs.groups is not None
    assert set(inputs.groups.label[:, 0]) == {"a", "b"}
