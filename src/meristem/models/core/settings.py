"""What decides the predictions of a core; a fitted core keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field

from meristem.mixed.spike_slab import ColumnPrior, SpikeSlab


@dataclass(frozen=True)
class CoreSettings:
    """Constants of a core, in plain fields."""

    penalty: float = 20.0
    """Ridge penalty of a gene's cis variants: half of the variance from about 20."""
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
    scan_priors: tuple[float, ...] = (1.0, 0.01, 0.0001)
    """Shares of variants with an effect in the paths beside the core; 1 is GBLUP."""
    scan_window: int = 10
    """Neighbouring variants over which the scan is smoothed."""
    product_weight: float = 0.3
    """Weight of the core with its products beside that without, beforehand."""
    within_sd: float = 0.5
    """How far held-out rows may move this, and the paths from GBLUP alone."""
    core_weight: float = 0.8
    """Weight of the core beside the paths, before held-out rows are seen."""
    weight_sd: float = 0.2
    """How far held-out rows may move it."""
    cis_errors: float = 4.0
    """Standard errors by which cis variants have to predict genes better than those
    of others; genes that share regulators are not independent."""
