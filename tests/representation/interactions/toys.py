"""Proteins with binding domains: those with one bind those with its partner."""

from pathlib import Path

import numpy as np

AMINO = "ACDEFGHIKLMNPQRSTVWY"


def write_proteome(
    folder: Path, n: int = 90, seed: int = 1, copies: int = 0
) -> tuple[Path, Path]:
    """Write sequences and pairs; domain 0 binds 1, and 2 binds 2, with noise."""
    rng = np.random.default_rng(seed)
    domain = ["".join(rng.choice(list(AMINO), 30)) for _ in range(3)]
    kind = rng.integers(0, 4, n)  # 3: no domain
    sequences = []
    for number in range(n):
        body = list(rng.choice(list(AMINO), int(rng.integers(70, 120))))
        part = domain[kind[number]] if kind[number] < 3 else ""
        part = "".join(
            a if rng.random() < 0.7 else rng.choice(list(AMINO)) for a in part
        )
        sequences.append("".join(body[:30]) + part + "".join(body[30:]))
    for number in range(copies):
        sequences[n - 1 - number] = sequences[number]
        kind[n - 1 - number] = kind[number]
    rows = ["protein_1\tprotein_2\tscore"]
    for i in range(n):
        for j in range(i + 1, n):
            binds = {kind[i], kind[j]} in ({0, 1}, {2})
            if rng.random() < (0.35 if binds else 0.01):
                score = int(rng.integers(600, 999) if binds else rng.integers(150, 500))
                rows.append(f"p{i}\tp{j}\t{score}")
    fasta, table = folder / "proteins.fa", folder / "pairs.tsv"
    fasta.write_text("".join(f">p{i} toy\n{s}\n" for i, s in enumerate(sequences)))
    table.write_text("\n".join(rows) + "\n")
    return fasta, table
