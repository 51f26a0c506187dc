"""What is gathered while the knowledge files are read, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from meristem.knowledge.gene_names import GeneNames, NameMatch
from meristem.knowledge.source import SourceText, read_source


@dataclass(frozen=True)
class KnowledgeSource:
    """One file the knowledge came from."""

    role: str  # "genes", "ontology", "annotation", "gene_sets", "edges", "graph"
    path: str
    sha256: str
    n_byte: int
    version: str = ""  # as the header of the file says it


class Reading:
    """Collects sources, matches, counts and unknown names while files are read."""

    def __init__(self, names: GeneNames) -> None:
        self.names = names
        self.sources: list[KnowledgeSource] = []
        self.matches: list[NameMatch] = []
        self.notes: list[str] = []
        self.counts: dict[str, int] = {}
        self.unknown_genes: set[str] = set()
        self.unknown_terms: set[str] = set()
        if names.genes is not None:
            self.note("genes", names.genes.source)

    def note(self, role: str, source: SourceText) -> None:
        """Remember where a part came from."""
        self.sources.append(
            KnowledgeSource(
                role, str(source.path), source.sha256, source.n_byte, source.version
            )
        )

    def read(self, role: str, path: Path) -> SourceText:
        """Read a file and remember it."""
        source = read_source(path)
        self.note(role, source)
        return source

    def count(self, name: str, number: int) -> None:
        """Add to a count of what was left out."""
        self.counts[name] = self.counts.get(name, 0) + number

    def match(
        self,
        path: str | Path,
        n_name: int,
        unknown: Sequence[str],
        *,
        n_set: int = 0,
        n_set_lost: int = 0,
    ) -> None:
        """Remember how many names of the file read last are in the gene table."""
        if self.names.genes is None:
            return
        self.matches.append(
            NameMatch(
                self.sources[-1].role.replace("_", " "),
                str(path),
                n_name,
                n_name - len(unknown),
                n_set,
                n_set_lost,
                tuple(unknown[:3]),
                self.names.would_match(unknown),
            )
        )
