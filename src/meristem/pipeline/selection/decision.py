"""What a plan decided, handed to those who write it down."""

from __future__ import annotations

from dataclasses import dataclass

from meristem.config.selection import SelectionConfig
from meristem.pipeline.selection.diversity import Diversity
from meristem.pipeline.selection.further import Further
from meristem.pipeline.selection.index import Index
from meristem.pipeline.selection.lines import Lines
from meristem.pipeline.selection.matings import Matings
from meristem.records import IntArray
from meristem.select.ranking.compare import Comparison
from meristem.select.ranking.filters import Funnel


@dataclass(frozen=True)
class Selection:
    """Everything a plan decided."""

    plan: SelectionConfig
    lines: Lines
    index: Index
    funnel: Funnel
    chosen: IntArray  # (n_chosen,) rows of the selected lines, best first
    diversity: Diversity
    matings: Matings | None
    comparisons: tuple[tuple[str, Comparison], ...]
    further: Further
    notes: tuple[str, ...]
