"""`meristem select effects`: marker effects of a run, for other programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from meristem.genetics.comparable import heterozygosity
from meristem.genetics.hybrids import GREATEST_HETEROZYGOSITY
from meristem.models.protocol import MarkerSum
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.decisions.material import (
    MapRequest,
    Material,
    choose_label,
    line_haplotypes,
    model_variants,
    place_variants,
    read_material,
)
from meristem.pipeline.fitting import load_fitted
from meristem.records import FloatArray
from meristem.select.exports.effects import refuse_poor_line
from meristem.select.exports.tables import (
    alphasimr_map,
    alphasimr_trait,
    chromax_map,
    effect_table,
    inbred_table,
    score_table,
)


@dataclass(frozen=True)
class EffectResult:
    """Tables by the name of their file, and what is said about them."""

    tables: dict[str, pd.DataFrame]
    notes: tuple[str, ...]


def export_effects(
    analysis: Analysis,
    *,
    label: str = "",
    traits: tuple[str, ...] = (),
    candidates: Path | None = None,
    map_request: MapRequest | None = None,
) -> EffectResult:
    """Return the effects of a model, and with a map what simulators read.

    Raises
    ------
    ConfigError
        If the model is no sum over markers, and no sum comes close.
    """
    analysis.keep_to_stored()
    fitted = load_fitted(analysis, choose_label(analysis, label))
    placed = None
    if map_request is not None:
        placed = place_variants(model_variants(analysis, fitted), map_request)
    material = read_material(
        analysis,
        label=label,
        traits=traits,
        candidates=candidates,
        genetic_map=placed,
        signed=False,
    )
    effects, lines = material.effects, material.lines
    refuse_poor_line(effects, material.label)
    calls = lines.call_dosage
    frequency = np.nan_to_num(
        np.nanmean(np.where(calls < 0, np.nan, calls.astype(np.float64)), axis=0)
    )
    tables = {
        "effects.csv": effect_table(
            effects,
            frequency / lines.ploidy,
            _standard_errors(material),
            model=material.label,
            merit=material.merit.words,
        )
    }
    if effects.dominance is None and (lines.variants.variant_alt != "").all():
        tables["effects.score"] = score_table(effects)
    tables["alphasimr_trait.csv"] = alphasimr_trait(effects, lines.ploidy)
    notes = [
        f"{effects.n_variant} effects of {material.label}, per copy of the alternate "
        f"allele; intercept {effects.intercept:.6g}",
    ]
    if material.linearised is not None:
        line = material.linearised
        notes.append(
            f"the best line of a model that is none: R2 {line.r2_lines:.3f} on lines "
            f"and {line.r2_progeny:.3f} on progeny left out of the fit"
        )
    if "effects.score" not in tables:
        notes.append(
            "no effects.score: a score holds no dominance"
            if effects.dominance is not None
            else "no effects.score: alternate alleles are not known"
        )
    if placed is not None:
        tables["alphasimr_map.csv"] = alphasimr_map(effects, placed)
        mixed = int(np.sum(heterozygosity(lines) > GREATEST_HETEROZYGOSITY))
        if mixed:
            notes.append(
                f"no alphasimr_inbred.csv: {mixed} of {lines.n_sample} lines are not "
                "inbred"
            )
        else:
            tables["alphasimr_inbred.csv"] = inbred_table(
                lines.sample_id, line_haplotypes(lines), effects, placed
            )
        tables["chromax_map.csv"] = chromax_map(effects, placed, "merit")
        notes.append(placed.line)
    return EffectResult(tables, tuple(notes))


def _standard_errors(material: Material) -> FloatArray | None:
    """Return standard errors where the merit is one target of a sum over markers."""
    targets = np.flatnonzero(material.merit.weights)
    if targets.size != 1 or not isinstance(material.fitted, MarkerSum):
        return None
    sd = material.fitted.effect_sd(int(targets[0]))
    if sd is None:
        return None
    scale = material.fitted.scale.weight * abs(material.merit.weights[targets[0]])
    return np.asarray(sd * scale)
