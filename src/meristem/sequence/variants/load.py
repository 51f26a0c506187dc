"""Load: how many damaging alleles every line carries in every gene."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from meristem.errors import ConfigError
from meristem.records import FloatArray, StrArray
from meristem.sequence.variants.haplotypes import JointChange, TranscriptEdits

_RULE = re.compile(r"^\s*([^<>=]+?)\s*(<=|>=|<|>)\s*(-?[0-9.]+(?:e-?\d+)?)\s*$")
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class DamageRule:
    """A score beyond which a substitution counts as damaging."""

    column: str
    sign: str
    limit: float

    def holds(self, cell: str) -> bool:
        """Whether a cell of the table is beyond the limit; an empty one is not."""
        try:
            return _COMPARE[self.sign](float(cell), self.limit)
        except ValueError:
            return False


def read_rule(text: str, columns: Sequence[str]) -> DamageRule:
    """Read a rule such as `sift_score<0.05`.

    Raises
    ------
    ConfigError
        If it is no rule, or names no column of scores.

    Examples
    --------
    >>> read_rule("blosum62 <= -2", ["blosum62"]).holds("-3")
    True
    """
    found = _RULE.match(text)
    if found is None or found.group(1) not in columns:
        raise ConfigError(
            f"{text!r} is no rule for damaging substitutions",
            where="--damaging",
            remedy=f"write COLUMN<NUMBER with one of {', '.join(columns)}",
        )
    return DamageRule(found.group(1), found.group(2), float(found.group(3)))


class LoadTable:
    """Damaging alleles by gene and line, added up transcript by transcript.

    Of several transcripts of a gene, the one hit most counts, line by line.

    Parameters
    ----------
    sample_id
        The lines, (n_sample,).
    """

    def __init__(self, sample_id: StrArray) -> None:
        self.sample_id = sample_id
        self.gene: dict[str, FloatArray] = {}  # each (n_sample,)

    def add(
        self,
        found: TranscriptEdits,
        joint: Sequence[tuple[JointChange, bool]],
    ) -> None:
        """Add the damaging alleles of one transcript.

        Parameters
        ----------
        found
            Its changes.
        joint
            Those that are read together, and whether they are damaging: they replace
            their members.
        """
        total = np.zeros(self.sample_id.size)
        for carried in found.edits:
            if carried.damaging:
                total += carried.copies.sum(axis=1)
        for change, together in joint:
            alone = sum(found.edits[i].damaging for i in change.members)
            total += (together - alone) * change.copies.sum(axis=1)
        if total.any():
            name = found.coding.transcript.gene
            before = self.gene.get(name)
            self.gene[name] = total if before is None else np.maximum(before, total)

    def lines(self) -> list[str]:
        """Return the table as text: a line per sample, a column per gene."""
        genes = sorted(self.gene)
        rows = ["\t".join(["sample", *genes])]
        for index, sample in enumerate(self.sample_id):
            counts = (f"{self.gene[gene][index]:g}" for gene in genes)
            rows.append("\t".join([str(sample), *counts]))
        return rows
