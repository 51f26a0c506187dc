"""Annotation: which gene belongs to which term or set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meristem.knowledge.source import SourceText


@dataclass(frozen=True)
class Annotation:
    """Which annotated object stands under which term, as the file has it."""

    pairs: tuple[tuple[str, str], ...]  # (object id, term), each once
    names: Mapping[str, tuple[str, ...]]  # object id -> names to match genes by
    label: Mapping[str, str]  # term -> readable name, where the file has it
    namespace: Mapping[str, str]  # term -> namespace, where the file has it
    n_negated: int  # rows with the qualifier NOT, left out
    n_evidence: int  # rows left out for their evidence code
    n_without_term: int  # rows that name a gene but no term, left out
    source: SourceText
