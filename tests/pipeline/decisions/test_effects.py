"""`meristem.pipeline.decisions.effects`: refused where no sum comes close."""

import gzip
from pathlib import Path

import pytest
from tests.inbred_panel import panel, trained

from meristem.errors import ConfigError
from meristem.pipeline.analysis import open_run
from meristem.pipeline.decisions.effects import export_effects
from meristem.pipeline.decisions.material import MapRequest
from meristem.select.exports import effects as exported

__all__ = ["panel", "trained"]


def test_files_with_and_without_a_map(trained: Path) -> None:
    analysis = open_run(trained)
    plain = export_effects(analysis, traits=("height",))
    assert {"effects.csv", "effects.score"} <= set(plain.tables)
    assert "alphasimr_map.csv" not in plain.tables
    mapped = export_effects(
        analysis, traits=("height",), map_request=MapRequest(cm_per_mb=15_000)
    )
    assert len(mapped.tables["alphasimr_inbred.csv"]) == 40
    assert plain.tables["effects.csv"]["merit"].eq("1 x height").all()


def test_lines_that_are_not_inbred_are_not_exported_as_such(
    trained: Path, panel: Path, tmp_path: Path
) -> None:
    text = gzip.decompress((panel / "new.vcf.gz").read_bytes()).decode()
    mixed = tmp_path / "mixed.vcf"
    mixed.write_text(text.replace("0/0", "0/1"))
    found = export_effects(
        open_run(trained),
        traits=("height",),
        candidates=mixed,
        map_request=MapRequest(cm_per_mb=15_000),
    )
    assert "alphasimr_inbred.csv" not in found.tables
    assert "alphasimr_map.csv" in found.tables
    assert any("6 of 6 lines are not inbred" in note for note in found.notes)


def test_a_poor_line_is_refused(trained: Path, monkeypatch) -> None:
    monkeypatch.setattr(exported, "LEAST_R2", 0.999999)
    with pytest.raises(ConfigError, match="no marker effects"):
        export_effects(open_run(trained), label="rkhs", traits=("yield",))
