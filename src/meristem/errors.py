"""Errors a user can mend: each says what is wrong, where, and how to put it right.

The command line turns every `MeristemError` into one message and exit code 2.
"""

from __future__ import annotations

from pathlib import Path


class MeristemError(Exception):
    """An input, a configuration or a request that cannot be worked with.

    Parameters
    ----------
    what
        What is wrong, in one sentence.
    where
        File, line, sample or field; empty when the message already says it.
    remedy
        What the user can do about it.
    """

    def __init__(self, what: str, *, where: str | Path = "", remedy: str = "") -> None:
        self.what = what
        self.where = str(where)
        self.remedy = remedy
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The whole message: place, fault and remedy in one line each."""
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}\n  remedy: {self.remedy}" if self.remedy else head


class DataError(MeristemError):
    """A genotype, phenotype, omics or environment input cannot be used."""


class KnowledgeError(MeristemError):
    """A gene, ontology, gene-set or graph file cannot be used."""


class PlanError(MeristemError):
    """A knowledge graph and a variant table do not make a network."""


class ConfigError(MeristemError):
    """A configuration or a command-line request cannot be used."""
