"""What is gathered while the knowledge files are read, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from meristem.knowledge.files.genes import GeneSource
from meristem.knowledge.source import SourceText, read_source


@dataclass(frozen=True)
class KnowledgeSource:
    """One file the knowledge came from."""

    role: str  # "genes", "ontology", "annotation", "gene_sets", "edges", "graph"
    path: str
    sha256: str
    n_byte: int


class Reading:
    """Collects sources, counts and unknown names while the files are read."""

    def __init__(self, genes: GeneSource | None) -> None:
        self.genes = genes
        self.known = set() if genes is None else set(genes.genes.gene_id.tolist())
        self.sources: list[KnowledgeSource] = []
        self.counts: dict[str, int] = {}
        self.unknown_genes: set[str] = set()
        self.unknown_terms: set[str] = set()
        if genes is not None:
            self.note("genes", genes.source)

    def note(self, role: str, source: SourceText) -> None:
        """Remember where a part came from."""
        self.sources.append(
            KnowledgeSource(role, str(source.path), source.sha256, source.n_byte)
        )

    def read(self, role: str, path: Path) -> SourceText:
        """Read a file and remember it."""
        source = read_source(path)
        self.note(role, source)
        return source

    def count(self, name: str, number: int) -> None:
        """Add to a count of what was left out."""
        self.counts[name] = self.counts.get(name, 0) + number

    def resolve(self, names: tuple[str, ...]) -> str:
        """Return the gene that goes by one of these names, "" when none does."""
        if self.genes is None:
            return names[0]
        for name in names:
            if name in self.known:
                return name
        found = {self.genes.alias[name] for name in names if name in self.genes.alias}
        return found.pop() if len(found) == 1 else ""
