"""What decides the predictions of a core; a fitted core keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field

from meristem.mixed.spike_slab import ColumnPrior, SpikeSlab


@dataclass(frozen=True)
class CoreSettings:
    """Constants of a core, in plain fields."""

    penalty: float = 20.0
    """Ridge penalty at which cis variants of genes are compared with those of others;
    what a gene is predicted with has the penalty of its own heritability."""
    max_regulators: int = 100
    """Candidate regulators, the best by their effect on all genes."""
    regulators: ColumnPrior = ColumnPrior()
    sets: SpikeSlab = SpikeSlab()
    product_sets: int = 8
    """Sets whose products are asked, those of the largest contributions."""
    product_size: float = 0.05
    """A contribution smaller than this share of the largest one has no products."""
    products: SpikeSlab = field(
        default_factory=lambda: SpikeSlab(slabs=(0.03,), largest_rate=0.05)
    )
    product_weight: float = 0.3
    """Weight of the core with its products beside that without, beforehand."""
    within_sd: float = 0.5
    """How far held-out rows may move this."""
    core_share: float = 0.5
    """Share of a core on a curated graph beside other models, beforehand: between the
    simulated panels, where it is near 1, and the real ones, where it is near 0."""
    cis_errors: float = 4.0
    """Standard errors by which cis variants have to predict genes better than those
    of others; genes that share regulators are not independent."""
