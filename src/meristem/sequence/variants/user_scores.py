"""Scores of substitutions from tables: SIFT, PROVEAN, pLDDT, anything by position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from meristem.errors import DataError
from meristem.text.columns import parse_number, read_table

_TRANSCRIPT = ("transcript", "transcript_id", "protein", "protein_id")
_GENE = ("gene", "gene_id")
_POSITION = ("position", "protein_position", "residue")
_AMINO_ACID = ("amino_acid", "alt", "alt_aa")
_VARIANT = ("variant", "variant_id", "id")


@dataclass(frozen=True)
class UserScores:
    """Values by variant, or by transcript or gene, position and amino acid."""

    column_name: tuple[str, ...]
    by_variant: bool
    value: dict[tuple[str, ...], tuple[str, ...]]

    def refuse_strangers(self, names: set[str], path: str | Path) -> None:
        """Refuse scores of which none is of a transcript or gene of the genome.

        Raises
        ------
        DataError
            If so.
        """
        known = {key[0] for key in self.value}
        if not self.by_variant and not known & names:
            raise DataError(
                f"scores {next(iter(known))!r} and others, and the genes have none of "
                "them",
                where=path,
                remedy="name transcripts or genes as the gene file does",
            )

    def refuse_words(self, column: str, path: str | Path) -> None:
        """Refuse a column that a rule compares with a number, and that holds words.

        Raises
        ------
        DataError
            With the first cell that is neither a number nor missing.
        """
        if column not in self.column_name:
            return
        place = self.column_name.index(column)
        for key, cells in self.value.items():
            try:
                parse_number(cells[place])
            except ValueError:
                raise DataError(
                    f"{cells[place]!r} of {', '.join(key)} is no number, and "
                    f"--damaging compares {column} with one",
                    where=path,
                    remedy="write a number with a decimal point, or leave the cell "
                    "empty when the value is missing",
                ) from None

    def find(
        self, variant: str, names: Sequence[str], position: str, amino_acid: str
    ) -> tuple[str, ...]:
        """Return the values of a substitution, empty cells where the table has none.

        Parameters
        ----------
        variant
            Its name.
        names
            Transcript and gene.
        position
            In the protein, from 1.
        amino_acid
            The new one.
        """
        keys = (
            [(variant,)]
            if self.by_variant
            else [
                key
                for name in names
                for key in ((name, position, amino_acid), (name, position))
            ]
        )
        for key in keys:
            if key in self.value:
                return self.value[key]
        return ("",) * len(self.column_name)


def read_user_scores(path: str | Path) -> UserScores:
    """Read scores of substitutions.

    Parameters
    ----------
    path
        A table by `variant`, or by `transcript` (or `gene`) and `position` in the
        protein, with `amino_acid` where the score depends on the new one (SIFT) and
        without where it does not (pLDDT). Every other column is a score.

    Raises
    ------
    DataError
        If the columns that say what is scored are absent, there is no score, or a
        substitution stands there twice.
    """
    table = read_table(path)
    low = {name.lower(): name for name in table.column_name}

    def named(usual: tuple[str, ...]) -> str:
        return next((low[name] for name in usual if name in low), "")

    owner = named(_TRANSCRIPT) or named(_GENE)
    position, amino_acid, variant = named(_POSITION), named(_AMINO_ACID), ""
    keys = [owner, position] if owner and position else []
    if keys and amino_acid:
        keys.append(amino_acid)
    if not keys:
        variant = named(_VARIANT)
        keys = [variant] if variant else []
    scores = tuple(name for name in table.column_name if name not in keys)
    if not keys or not scores:
        raise DataError(
            "does not say what is scored"
            if not keys
            else "has no column besides those that say what is scored",
            where=path,
            remedy="give the columns transcript (or gene), position and amino_acid, "
            "or variant, and a column for each score",
        )
    value: dict[tuple[str, ...], tuple[str, ...]] = {}
    columns = [table.words(name) for name in (*keys, *scores)]
    for row, cells in enumerate(zip(*columns, strict=True)):
        key = cells[: len(keys)]
        if position and not variant and not (key[1].isdecimal() and int(key[1]) > 0):
            raise DataError(
                f"{key[1]!r} is no position in a protein",
                where=table.place(row, position),
                remedy="count residues from 1",
            )
        if key in value:
            raise DataError(
                f"{', '.join(key)} stands there twice",
                where=table.place(row),
                remedy="keep one score of every substitution",
            )
        value[key] = cells[len(keys) :]
    return UserScores(scores, bool(variant), value)
