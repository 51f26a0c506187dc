"""The unit a trait is written in changes no prediction but by that factor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.pipeline.leak_case import write_case
from tests.pipeline.test_leak_from_files import (
    CORE,
    MARKERS,
    MODELS,
    OF_LINES,
    layout_of,
    opened,
)

from meristem.config import models as kinds
from meristem.evaluate.fold import FoldTask, run_fold
from meristem.io.tables.plausible import SMALLEST_SHARE
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.evaluation import outer_splits

UNITS = (2.0**-30, 2.0**30)  # exact in binary: nothing is lost by the factor


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    folder = tmp_path_factory.mktemp("units") / "panel"
    return opened(write_case(folder, layout_of("wide"), spoilt=False))


def predicted(
    panel: Analysis, options: kinds.ModelOptions, unit: float, level: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return predictions and spreads of a fold, of values in another unit."""
    phenotypes = panel.dataset.phenotypes
    assert phenotypes.measurements is None
    changed = replace(phenotypes, value=phenotypes.value * unit + level)
    result = run_fold(
        replace(panel.dataset, phenotypes=changed),
        FoldTask("model", panel.build(options, panel.plan), outer_splits(panel)[0]),
        panel.config.evaluate,
        panel.config.genotypes.filter,
        1,
    )
    return (result.predicted - level) / unit, result.spread / unit


def assert_same(panel: Analysis, options: kinds.ModelOptions) -> None:
    value, spread = predicted(panel, options, 1.0)
    scale = value.std(axis=0) + spread.mean(axis=0)
    for unit in UNITS:
        other, wide = predicted(panel, options, unit)
        np.testing.assert_allclose(other / scale, value / scale, atol=1e-4)
        np.testing.assert_allclose(wide / scale, spread / scale, atol=1e-4)


def is_quick(options: kinds.ModelOptions) -> bool:
    slow = ("binn", "core", "auto", "dense", "cnn", "bayes", "stack")
    return options.kind not in slow


AT_ANY_LEVEL = (
    *MARKERS,
    kinds.KernelsOptions(),
    kinds.WeightedGBLUPOptions(),
    kinds.KernelOptions(bandwidths=(0.5, 1.0)),
)
EVERY = (*MODELS, *OF_LINES, *CORE)


@pytest.mark.parametrize("options", [*filter(is_quick, EVERY)], ids=lambda o: o.label)
def test_of_no_quick_model(panel: Analysis, options: kinds.ModelOptions) -> None:
    assert_same(panel, options)


@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [o for o in EVERY if not is_quick(o)], ids=lambda o: o.label
)
def test_of_no_other(panel: Analysis, options: kinds.ModelOptions) -> None:
    assert_same(panel, options)


@pytest.mark.parametrize("options", AT_ANY_LEVEL, ids=lambda o: o.label)
def test_nor_does_the_highest_level_that_is_read(
    panel: Analysis, options: kinds.ModelOptions
) -> None:
    value, spread = predicted(panel, options, 1.0)
    level = float(np.ptp(panel.dataset.phenotypes.value, axis=0).min()) / SMALLEST_SHARE
    other, wide = predicted(panel, options, 1.0, level)
    scale = value.std(axis=0) + spread.mean(axis=0)
    np.testing.assert_allclose(other / scale, value / scale, atol=1e-3)
    np.testing.assert_allclose(wide / scale, spread / scale, atol=1e-2)
