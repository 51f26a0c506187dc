"""Proteins: features of their sequences, and which of them are alike."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse
from scipy.sparse.csgraph import connected_components

from meristem.config.interactions import InteractionsConfig
from meristem.errors import DataError
from meristem.io.fasta import read_fasta
from meristem.records import FloatArray, IntArray, StrArray
from meristem.text.columns import read_table

AMINO = "ACDEFGHIKLMNPQRSTVWY"
CLASSES = ("AGV", "ILFP", "YMTS", "HNQW", "RK", "DE", "C")
"""Amino acids by dipole and volume of the side chain (Shen et al. 2007)."""
_TRIPLET = 3


@dataclass(frozen=True)
class Proteins:
    """Proteins of a network; rows of all fields go together."""

    name: StrArray  # (n_protein,)
    features: FloatArray  # (n_protein, n_feature)
    similarity: scipy.sparse.csr_array  # (n_protein, n_protein) 0..1

    def groups(self, least: float) -> IntArray:  # (n_protein,)
        """Return groups linked by pairs of at least a similarity."""
        near = self.similarity.copy()
        near.data = (near.data >= least).astype(np.float64)
        near.eliminate_zeros()
        return np.asarray(connected_components(near, directed=False)[1])


def read_proteins(config: InteractionsConfig, name: StrArray) -> Proteins:
    """Return the proteins of a network that have a sequence.

    Raises
    ------
    DataError
        If fewer than ten have one, or an embedding is missing.
    """
    known = read_fasta(config.sequences)
    name = np.array([n for n in name.tolist() if n in known])
    if name.size < 10:
        raise DataError(
            f"{name.size} proteins of the network have a sequence",
            where=config.sequences,
            remedy="give a FASTA whose names are those of the table of pairs",
        )
    sequence = [known[n].upper().rstrip("*") for n in name.tolist()]
    parts = []
    if "composition" in config.features:
        parts.append(composition(sequence))
    if "kmers" in config.features:
        parts.append(class_triads(sequence))
    if "embeddings" in config.features:
        parts.append(_embeddings(config.embeddings, name))
    return Proteins(name, np.concatenate(parts, axis=1), similarities(sequence))


def composition(sequence: list[str]) -> FloatArray:  # (n, 20)
    """Return the shares of amino acids.

    Examples
    --------
    >>> composition(["AAC"])[0, :2].round(2).tolist()
    [0.67, 0.33]
    """
    count = np.array([[s.count(a) for a in AMINO] for s in sequence], dtype=float)
    return count / np.maximum(count.sum(axis=1, keepdims=True), 1)


def class_triads(sequence: list[str]) -> FloatArray:  # (n, 343)
    """Return the shares of triads of classes of amino acids.

    References
    ----------
    Shen et al. 2007, PNAS 104:4337 (conjoint triads).
    """
    code = np.full(256, -1)
    for number, letters in enumerate(CLASSES):
        code[[ord(letter) for letter in letters]] = number
    n_class = len(CLASSES)
    rows = np.zeros((len(sequence), n_class**_TRIPLET))
    for row, text in enumerate(sequence):
        c = code[np.frombuffer(text.encode("latin-1", "replace"), dtype=np.uint8)]
        if c.size < _TRIPLET:
            continue
        three = np.stack([c[:-2], c[1:-1], c[2:]])
        place = (three[0] * n_class + three[1]) * n_class + three[2]
        place = place[(three >= 0).all(axis=0)]
        rows[row] = np.bincount(place, minlength=rows.shape[1]) / max(place.size, 1)
    return rows


def similarities(sequence: list[str]) -> scipy.sparse.csr_array:  # (n, n)
    """Return common triplets of amino acids as a share of those of the shorter.

    Proteins of 60 % identity share about a fifth; unrelated ones about a twentieth.

    Examples
    --------
    >>> similarities(["ACDEF", "ACDEG"]).toarray().round(2).tolist()
    [[1.0, 0.67], [0.67, 1.0]]
    """
    word: dict[str, int] = {}
    row, column = [], []
    for number, text in enumerate(sequence):
        own = {text[i : i + _TRIPLET] for i in range(len(text) - _TRIPLET + 1)}
        row += [number] * len(own)
        column += [word.setdefault(w, len(word)) for w in sorted(own)]
    shape = (len(sequence), max(len(word), 1))
    has = scipy.sparse.csr_array((np.ones(len(row)), (row, column)), shape=shape)
    common = (has @ has.T).tocoo()
    size = np.maximum(np.asarray(has.sum(axis=1)).ravel(), 1)
    share = common.data / np.minimum(size[common.row], size[common.col])
    return scipy.sparse.csr_array((share, (common.row, common.col)), common.shape)


def _embeddings(path: Path | None, name: StrArray) -> FloatArray:
    if path is None:
        raise DataError(
            'features = "embeddings" needs a table of them',
            where="embeddings",
            remedy="give `embeddings`, or other features",
        )
    table = read_table(path)
    ids = table.identifiers(table.column_name[0]).tolist()
    if len(table.column_name) < 2:
        raise DataError(
            "has a single column",
            where=path,
            remedy="give a column of proteins, and columns of numbers",
        )
    twice = [n for n, count in Counter(ids).items() if count > 1]
    if twice:
        raise DataError(
            f"{len(twice)} proteins stand there twice ({', '.join(twice[:3])})",
            where=path,
            remedy="give one row for every protein",
        )
    values = np.column_stack([table.numbers(c) for c in table.column_name[1:]])
    place = {protein: row for row, protein in enumerate(ids)}
    missing = [n for n in name.tolist() if n not in place]
    if missing or not np.isfinite(values).all():
        raise DataError(
            f"{len(missing)} proteins have no embedding ({', '.join(missing[:3])})"
            if missing
            else "an embedding is no number",
            where=path,
            remedy="give a full row of numbers for every protein with a sequence",
        )
    return values[[place[n] for n in name.tolist()]]
