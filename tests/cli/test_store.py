"""`meristem.cli.store`: genotypes of any format as a store."""

from pathlib import Path

import numpy as np
import pytest
from tests.calls import Call

from meristem.config.stages import GenotypeConfig
from meristem.io.genotypes.read import read_genotypes


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "lines.csv"
    path.write_text("line,m1,m2,m3\nB73,0,2,1\nMo17,2,NA,0\n")
    return path


def test_a_store_holds_what_the_file_holds(
    call: Call, table: Path, tmp_path: Path
) -> None:
    out = tmp_path / "lines.zarr"
    code, text, _ = call("store", table, "--out", out)
    assert code == 0
    assert "2 lines, 3 variants" in text
    one, two = (read_genotypes(GenotypeConfig(path=path)) for path in (table, out))
    assert np.array_equal(one.call_dosage, two.call_dosage)
    assert one.variants.variant_id.tolist() == two.variants.variant_id.tolist()
    code, _, err = call("store", table, "--out", out)
    assert code == 2
    assert "is there already" in err
    assert call("store", table, "--out", out, "--force", "--json")[0] == 0


def test_names_and_inputs_that_cannot_be_are_refused(
    call: Call, table: Path, tmp_path: Path
) -> None:
    code, _, err = call("store", table, "--out", tmp_path / "lines")
    assert code == 2
    assert ".zarr" in err
    code, _, err = call("store", tmp_path / "no.bed", "--out", tmp_path / "no.zarr")
    assert code == 2
    assert not (tmp_path / "no.zarr").exists()
