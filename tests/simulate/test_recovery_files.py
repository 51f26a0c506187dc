"""`meristem.simulate.recovery_files`: a panel as files that `meristem run` reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from meristem.config import read_config
from meristem.errors import ConfigError
from meristem.io.genotypes.vcf import read_vcf
from meristem.simulate.recovery import RecoveryConfig, simulate_recovery
from meristem.simulate.recovery_files import write_recovery

SMALL = RecoveryConfig(
    n_train=24,
    n_test=7,
    n_chromosome=2,
    variants_per_chromosome=120,
    n_gene=40,
    n_regulator=4,
    n_pathway=6,
    pathway_size=8,
    causal_genes_per_pathway=4,
    measured_share=0.5,
)


def test_files_say_what_was_simulated(tmp_path: Path) -> None:
    panel = simulate_recovery(SMALL, rng=np.random.default_rng(3))
    config = read_config(write_recovery(panel, tmp_path / "r", seed=9))
    assert config.run.seed == 9
    genotypes = read_vcf(config.genotypes.path)
    np.testing.assert_array_equal(
        genotypes.call_dosage, panel.train.genotypes.call_dosage
    )
    traits = pd.read_csv(config.phenotypes.path)
    np.testing.assert_allclose(
        traits["trait"], panel.train.phenotypes.value[:, 0], atol=1e-6
    )
    measured = pd.read_parquet(config.omics[0].path)
    assert len(measured) == 12
    truth = pd.read_csv(tmp_path / "r" / "truth.csv")
    assert len(truth) == 31
    causal = pd.read_csv(tmp_path / "r" / "causal.csv")
    assert (causal["kind"] == "pathway").sum() == 5
    sets = (tmp_path / "r" / "pathways.gmt").read_text().splitlines()
    assert len(sets) == 6


def test_an_earlier_panel_stays_unless_replaced(tmp_path: Path) -> None:
    panel = simulate_recovery(SMALL, rng=np.random.default_rng(3))
    write_recovery(panel, tmp_path / "r")
    with pytest.raises(ConfigError, match="earlier simulation"):
        write_recovery(panel, tmp_path / "r")
    write_recovery(panel, tmp_path / "r", force=True)
