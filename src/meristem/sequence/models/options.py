"""Options of every kind of model: frozen, saved with the model."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from meristem.config.strict import Strict

Width = Annotated[int, Field(ge=1, le=4096)]
Kernel = Annotated[int, Field(ge=1, le=101)]
Share = Annotated[float, Field(ge=0, lt=1)]
Activation = Literal["relu", "gelu", "elu", "silu", "exp"]


class ModelOptions(Strict):
    """What the options of every kind tell of it."""

    @property
    def reads_motifs(self) -> bool:
        """Whether it cannot be fitted without a set of motifs."""
        return False

    @property
    def averaged(self) -> tuple[StackMember, ...]:
        """Models it averages."""
        return ()


class KmerOptions(ModelOptions):
    """Counts of k-mers, both strands as one, with ridge weights.

    ``k``: lengths in bp; ``bins``: equal parts of the sequence counted apart.
    """

    k: tuple[Annotated[int, Field(ge=1, le=8)], ...] = Field(
        default=(4, 5), min_length=1
    )
    bins: int = Field(default=1, ge=1, le=32)

    @property
    def site_threshold(self) -> float:
        """No sites are scanned."""
        return 0.0

    @property
    def word_bins(self) -> int:
        """Parts of the sequence in which k-mers are counted."""
        return self.bins


class MotifOptions(ModelOptions):
    """Occupancies of known motifs beside k-mers, with ridge weights.

    ``threshold``: log-odds in nats at which a site begins to count; ``bins``: equal
    parts of the sequence in which motifs are pooled; ``k``: lengths of the k-mers,
    empty for none.
    """

    threshold: float = Field(default=5.0, ge=-30, le=30)
    bins: int = Field(default=1, ge=1, le=32)
    k: tuple[Annotated[int, Field(ge=1, le=8)], ...] = (4, 5)

    @property
    def reads_motifs(self) -> bool:
        """Always."""
        return True

    @property
    def site_threshold(self) -> float:
        """Log-odds at which a site begins to count."""
        return self.threshold

    @property
    def word_bins(self) -> int:
        """K-mers are counted over the whole sequence."""
        return 1


class CurvedOptions(MotifOptions):
    """Occupancies and k-mers whose effects bend and meet (Gaussian-kernel ridge).

    ``rows``: most training rows that are kept; of more, a random part is.
    """

    rows: int = Field(default=10_000, ge=100, le=30_000)


class NetworkOptions(ModelOptions):
    """Shape of a network.

    ``channels`` and ``first_kernel`` (bp): the first layer; ``depth``: convolutions,
    residual blocks or encoder layers after it, of ``kernel`` bp; ``pool``: positions
    joined after the first layer; ``read``: whether positions are kept (``flat``),
    averaged (``mean``), or their maximum and mean taken (``both``); ``hidden``: units
    before the output; ``heads``: of attention; ``first``: non-linearity of the first
    layer, ``activation``: of all others; ``motifs``: begin the first layer with known
    motifs; ``offset``: add to the predictions of the motif model instead of starting
    from nothing.
    """

    channels: Width = 64
    first_kernel: Kernel = 15
    depth: int = Field(default=2, ge=0, le=12)
    kernel: Kernel = 5
    pool: int = Field(default=4, ge=1, le=64)
    read: Literal["flat", "mean", "both"] = "flat"
    hidden: Width = 64
    heads: int = Field(default=4, ge=1, le=32)
    dropout: Share = 0.3
    first: Activation = "relu"
    activation: Activation = "relu"
    motifs: bool = False
    offset: bool = False

    @property
    def reads_motifs(self) -> bool:
        """Whether it begins with motifs, or adds to their model."""
        return self.motifs or self.offset


class StackMember(Strict):
    """One model of a stack: its kind, its options, and its weight."""

    kind: Literal[
        "kmer",
        "motif",
        "curved",
        "cnn",
        "dilated",
        "recurrent",
        "attention",
        "residual",
    ]
    weight: float = Field(default=1.0, gt=0, le=1000)
    options: dict[str, Any] = {}


class StackOptions(ModelOptions):
    """Models whose predictions are averaged by their weights.

    The default leans on what is known of motifs, and lets a network add what the set
    of motifs lacks.
    """

    members: tuple[StackMember, ...] = Field(
        default=(
            StackMember(kind="curved", weight=3),
            StackMember(kind="cnn", weight=1),
        ),
        min_length=2,
        max_length=20,
    )

    @property
    def averaged(self) -> tuple[StackMember, ...]:
        """Its members."""
        return self.members
