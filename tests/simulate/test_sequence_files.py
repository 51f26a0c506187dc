from pathlib import Path

import numpy as np
import pandas as pd

from meristem.sequence.inputs.fasta import read_fasta
from meristem.sequence.motifs.motif import read_meme
from meristem.simulate.sequence_files import write_sequences
from meristem.simulate.sequences import simulate_sequences


def test_the_files_say_what_was_drawn(tmp_path: Path) -> None:
    drawn = simulate_sequences(
        families=12,
        mutants=2,
        length=50,
        noise=0.4,
        missing=0.3,
        rng=np.random.default_rng(1),
    )
    config = write_sequences(drawn, tmp_path / "sim", seed=4)
    home = config.parent
    assert "seed = 4" in config.read_text()
    assert list(read_fasta(home / "sequences.fa").values()) == list(drawn.sequence)
    table = pd.read_csv(home / "measurements.csv")
    assert np.allclose(table["activity"], drawn.value[:, 0], atol=1e-6)
    assert table["stress"].isna().tolist() == np.isnan(drawn.value[:, 1]).tolist()
    found = read_meme(home / "motifs.meme")
    assert [m.name for m in found] == list(drawn.motif_name)
    assert np.allclose(found[2].probability, drawn.motif[2], atol=1e-5)
    assert len(pd.read_csv(home / "variants.csv")) == 24
    assert len(pd.read_csv(home / "sites.csv")) == len(drawn.site)
