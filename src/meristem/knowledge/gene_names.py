"""Names of annotated genes matched to the gene table, and what a looser rule finds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

from meristem.knowledge.files.genes import GeneSource, unambiguous

Rule = Literal["case", "transcript"]
RULES: tuple[Rule, ...] = ("case", "transcript")

_PREFIX = re.compile(r"^(transcript:|rna-|gene:|gene-)", re.IGNORECASE)
_TRANSCRIPT = re.compile(
    r"(?<=\w)([._-]([tp]\d{1,3}|r[a-z]|mrna-?\d+|\d{1,2}|p))+$", re.IGNORECASE
)


def fold_gene(name: str, rules: Iterable[Rule]) -> str:
    """Return a gene name without what the rules overlook.

    Examples
    --------
    >>> fold_gene("Zm00001d000010_T001", ["transcript"])
    'Zm00001d000010'
    >>> fold_gene("AT1G01010.1", ["case", "transcript"])
    'at1g01010'
    """
    if "transcript" in rules:
        name = _TRANSCRIPT.sub("", _PREFIX.sub("", name))
    return name.casefold() if "case" in rules else name


@dataclass(frozen=True)
class NameMatch:
    """How the names of one file met the gene table."""

    role: str
    path: str
    n_name: int
    n_matched: int
    n_set: int = 0  # terms or sets of the file
    n_set_lost: int = 0  # of which no gene is in the table
    examples: tuple[str, ...] = ()  # names without a match
    would_match: Mapping[str, int] = field(default_factory=dict)  # rules -> more names

    @property
    def share_lost(self) -> float:
        """Larger of the shares of names and of sets without a match."""
        lost = (self.n_name - self.n_matched) / max(self.n_name, 1)
        return max(lost, self.n_set_lost / max(self.n_set, 1))

    def line(self) -> str:
        """Return the match in one sentence."""
        sets = ""
        if self.n_set:
            sets = f"; {self.n_set_lost} of {self.n_set} sets and terms have none"
        return (
            f"{self.role} {self.path}: {self.n_matched} of {self.n_name} names are in "
            f"the gene table{sets}"
        )

    def hint(self) -> str:
        """Return what is lost and what would find it."""
        return (
            f"{self.line()} (not: {', '.join(self.examples)}){offer(self.would_match)}"
        )


def offer(would_match: Mapping[str, int]) -> str:
    """Return the sentence that offers looser rules, "" without any."""
    found = [
        f"{n} more would match with `knowledge.match = [{rules}]`"
        for rules, n in would_match.items()
    ]
    return f"; {', '.join(found)}" if found else ""


class GeneNames:
    """The names of the gene table, by rules from strict to loose."""

    def __init__(self, genes: GeneSource | None, rules: tuple[Rule, ...] = ()) -> None:
        self.genes = genes
        self.rules = rules
        self.known = set() if genes is None else set(genes.genes.gene_id.tolist())
        self._folded: dict[tuple[Rule, ...], dict[str, str]] = {}

    def resolve(self, names: tuple[str, ...]) -> str:
        """Return the gene that goes by one of these names, "" when none does."""
        if self.genes is None:
            return names[0]
        for name in names:
            if name in self.known:
                return name
        found = {self.genes.alias[name] for name in names if name in self.genes.alias}
        if len(found) == 1:
            return found.pop()
        return self._resolve_folded(names, self.rules) if self.rules else ""

    def would_match(self, names: Iterable[str]) -> dict[str, int]:
        """Return, for rules that are not in use, how many of these names they match.

        The rules are given as they are written in the configuration; a wider set of
        rules is listed where it matches more than a narrower one.
        """
        if self.genes is None:
            return {}
        names = list(names)
        found: dict[str, int] = {}
        for size in range(1, len(RULES) + 1):
            for rules in combinations(RULES, size):
                if set(rules) <= set(self.rules):
                    continue
                n = sum(bool(self._resolve_folded((name,), rules)) for name in names)
                if n > max(found.values(), default=0):
                    found[", ".join(f'"{rule}"' for rule in rules)] = n
        return found

    def _resolve_folded(self, names: tuple[str, ...], rules: tuple[Rule, ...]) -> str:
        index = self._index(rules)
        found = {index.get(fold_gene(name, rules), "") for name in names} - {""}
        if not found and "transcript" in rules:
            index = self._index(rules, transcripts=True)
            case: tuple[Rule, ...] = ("case",) if "case" in rules else ()
            found = {index.get(fold_gene(name, case), "") for name in names} - {""}
        return found.pop() if len(found) == 1 else ""

    def _index(
        self, rules: tuple[Rule, ...], *, transcripts: bool = False
    ) -> dict[str, str]:
        key = (*rules, "case") if transcripts else rules
        if key not in self._folded and self.genes is not None:
            if transcripts:
                case: tuple[Rule, ...] = ("case",) if "case" in rules else ()
                pairs = self.genes.transcripts
                folded = [(fold_gene(other, case), gene) for other, gene in pairs]
            else:
                pairs = [(name, name) for name in sorted(self.known)]
                pairs += self.genes.alias.items()
                folded = [(fold_gene(other, rules), gene) for other, gene in pairs]
            self._folded[key] = unambiguous(folded, set())
        return self._folded[key]
