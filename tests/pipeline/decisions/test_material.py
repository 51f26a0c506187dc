"""`meristem.pipeline.decisions.material`: what decisions start from."""

from pathlib import Path

import numpy as np
import pytest
from tests.inbred_panel import panel, trained

from meristem.errors import ConfigError, DataError
from meristem.pipeline.analysis import Analysis, open_run
from meristem.pipeline.decisions.material import (
    MapRequest,
    line_haplotypes,
    place_variants,
    read_material,
    read_merit,
    refuse_heterozygous,
    rows_of,
)

__all__ = ["panel", "trained"]


def test_merit_has_signs_and_weights(trained: Path) -> None:
    analysis = open_run(trained)
    assert read_merit(analysis, ("yield", "height")).weights.tolist() == [1, -1]
    assert read_merit(analysis, ("height",), signed=False).weights.tolist() == [0, 1]
    both = read_merit(analysis, ("yield=2", "height=0.5"))
    assert both.weights.tolist() == [2, 0.5]
    assert both.words == "2 x yield + 0.5 x height"
    with pytest.raises(ConfigError, match="2 traits"):
        read_merit(analysis, ())
    with pytest.raises(ConfigError, match="every weight is 0"):
        read_merit(analysis, ("yield=0",))


def test_an_index_is_the_sum_of_its_predictions(trained: Path) -> None:
    analysis = open_run(trained)
    material = read_material(
        analysis, label="ridge", traits=("yield=2", "height"), candidates=None
    )
    value = material.fitted.predict(material.lines).value
    assert material.value == pytest.approx(2 * value[:, 0] - value[:, 1])
    calls = material.lines.call_dosage
    assert material.effects.value(calls) == pytest.approx(material.value)
    assert material.additive
    assert (material.known_dosage() >= 0).all()
    assert rows_of(material.lines, ("line3", "line0"), "--x").tolist() == [3, 0]


def test_candidates_of_a_file(trained: Path, panel: Path) -> None:
    material = read_material(
        open_run(trained),
        label="",
        traits=("yield",),
        candidates=panel / "new.vcf.gz",
    )
    assert material.label == "gblup"
    assert material.lines.sample_id.tolist() == [f"new{k}" for k in range(6)]


def test_a_network_is_linearised_from_its_gradient(finished: Analysis) -> None:
    material = read_material(finished, label="net", traits=(), candidates=None)
    assert material.linearised is not None
    assert not material.additive
    line = material.linearised
    assert 0.3 < line.r2_progeny <= 1
    # eight lines left out are too few to tell
    assert material.effects.r2 == pytest.approx(min(1, line.r2_progeny))
    shown = np.corrcoef(
        material.effects.value(material.lines.call_dosage), material.value
    )
    assert shown[0, 1] > 0.8


def test_lines_that_are_not_inbred(finished: Analysis) -> None:
    material = read_material(finished, label="gblup", traits=(), candidates=None)
    with pytest.raises(DataError, match="heterozygous"):
        refuse_heterozygous(material.lines, "use another")
    halves = line_haplotypes(material.lines)
    assert set(np.unique(halves)) == {0, 1}


def test_one_map_is_asked_for(trained: Path) -> None:
    variants = open_run(trained).dataset.genotypes.variants
    with pytest.raises(ConfigError, match="need a genetic map"):
        place_variants(variants, MapRequest())
    with pytest.raises(ConfigError, match="both"):
        place_variants(variants, MapRequest(Path("x"), 1.0))
