"""Write simulated sequences as the files a user would have, with a configuration."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from meristem.simulate.folder import CONFIG, simulation_folder, write_csv
from meristem.simulate.sequences import TASKS, PlantedSequences

_CONFIG = """\
# Motifs of known effect, planted into random DNA: see truth.csv and sites.csv.
title = "Planted motifs"
seed = {seed}
motifs = "motifs.meme"

[[data]]
path = "measurements.csv"
tasks = {{ activity = "activity", stress = "stress" }}
group = "family"

[split]
scheme = "group"
folds = 3

[train]
members = 2
epochs = 30

[[models]]
kind = "motif"

[[models]]
kind = "cnn"
options = {{ channels = 32, depth = 1, read = "both", pool = 1 }}
"""


def write_sequences(
    drawn: PlantedSequences, folder: str | Path, *, seed: int = 1, force: bool = False
) -> Path:
    """Write FASTA, measurements, motifs, variants and the truth; whole or not at all.

    Parameters
    ----------
    drawn
        What was simulated.
    folder, force
        See `folder.simulation_folder`.
    seed
        Seed of the analysis, written into the configuration.

    Returns
    -------
    Path
        The configuration.
    """
    with simulation_folder(folder, force) as draft:
        rows = zip(drawn.sequence_id.tolist(), drawn.sequence, strict=True)
        fasta = "".join(f">{name}\n{text}\n" for name, text in rows)
        (draft / "sequences.fa").write_text(fasta, encoding="utf-8")
        _write_measurements(drawn, draft)
        write_csv(
            draft / "variants.csv",
            ("variant_id", "position", "ref", "alt", "true_effect"),
            drawn.variant,
        )
        write_csv(
            draft / "sites.csv",
            ("family", "motif", "start"),
            ((f"f{r}", drawn.motif_name[m], start) for r, m, start in drawn.site),
        )
        (draft / "motifs.meme").write_text(_meme(drawn), encoding="utf-8")
        text = _CONFIG.format(seed=seed)
        (draft / CONFIG).write_text(text, encoding="utf-8")
    return Path(folder) / CONFIG


def _write_measurements(drawn: PlantedSequences, draft: Path) -> None:
    header = ("sequence_id", "family", "sequence")
    parts = (
        drawn.sequence_id.tolist(),
        drawn.family.tolist(),
        drawn.sequence,
    )
    value = [["" if np.isnan(v) else float(v) for v in row] for row in drawn.value]
    write_csv(
        draft / "measurements.csv",
        (*header, *TASKS),
        ((*row, *own) for *row, own in zip(*parts, value, strict=True)),
    )
    write_csv(
        draft / "truth.csv",
        ("sequence_id", *TASKS),
        (
            (name, *map(float, row))
            for name, row in zip(drawn.sequence_id.tolist(), drawn.truth, strict=True)
        ),
    )


def _meme(drawn: PlantedSequences) -> str:
    """Return the motifs as MEME text: the planted ones, then decoys."""
    parts = [
        "MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\n"
        "Background letter frequencies\nA 0.25 C 0.25 G 0.25 T 0.25\n"
    ]
    for number, p in enumerate(drawn.motif):
        kind = "planted" if number < drawn.n_planted else "decoy"
        rows = "\n".join(" ".join(f"{v:.6f}" for v in column) for column in p.T)
        parts.append(
            f"MOTIF {drawn.motif_name[number]} {kind}{number + 1}\n"
            f"letter-probability matrix: alength= 4 w= {p.shape[1]}\n{rows}\n"
        )
    return "\n".join(parts)
