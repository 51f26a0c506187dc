"""How an omics table is turned into factors: shared by analyses and `represent`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meristem.config.strict import Strict
from meristem.config.tune import RepresentTune

RepresentKind = Literal[
    "none", "pca", "linear", "sparse", "denoising", "contractive", "vae", "sets"
]
DeconfoundMethod = Literal[
    "none", "regression", "combat", "alignment", "components", "adversarial"
]
NETWORKS: tuple[RepresentKind, ...] = ("vae", "denoising", "sparse", "contractive")
"""Auto-encoders with hidden units; they take counts."""
Factors = Annotated[int, Field(ge=1, le=1000)]


class RepresentOptions(Strict):
    """From a table to its factors, learned on training rows alone."""

    represent: RepresentKind = Field(
        default="none",
        description="factors in place of the features: principal components, an "
        "auto-encoder, or one latent per gene set (`sets`)",
    )
    k: tuple[Factors, ...] = Field(
        default=(5, 10, 20),
        min_length=1,
        description="candidate numbers of factors, chosen on values (in an analysis: "
        "traits) held out inside the training rows; `sets` has one per set",
    )
    gives: Literal["factors", "cleaned", "both"] = Field(
        default="factors",
        description="what models are handed: factors; every feature anew, without "
        "confounders and gaps, as the factors tell it; or both side by side",
    )
    likelihood: Literal["gaussian", "nb", "zinb"] = Field(
        default="gaussian",
        description="of the values: of raw counts nb (negative binomial) or zinb",
    )
    hidden: int = Field(default=64, ge=1, le=10_000, description="units of a layer")
    seeds: int = Field(default=3, ge=1, le=100, description="networks in one batch")
    epochs: int = Field(default=300, ge=1, le=100_000)
    learning_rate: float = Field(default=1e-3, gt=0, le=1)
    strength: float = Field(
        default=1.0,
        ge=0,
        description="weight of the penalty of a sparse, contractive or variational "
        "code, of edges outside the sets, or of the adversary",
    )
    confounders: tuple[str, ...] = Field(
        default=(), description="columns of the groups table whose traces are removed"
    )
    deconfound: DeconfoundMethod = Field(
        default="combat",
        description="how: location and scale per label (combat), their covariance too "
        "(alignment), regression, removal of confounded components, adversarial "
        "auto-encoder",
    )

    samples_from: Literal["normal", "gan"] = Field(
        default="normal",
        description="of `meristem represent` with `samples`: factors of new rows from "
        "a normal distribution, or from a small adversarial network",
    )

    tune: RepresentTune | None = Field(
        default=None,
        description="search kind, number of factors, width and penalty",
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        asked = () if self.tune is None else self.tune.kinds
        wrong = [k for k in (self.represent, *asked) if k not in ("none", *NETWORKS)]
        if self.likelihood != "gaussian" and wrong:
            raise ValueError(
                f"likelihood = {self.likelihood!r} needs represent = one of "
                f"{', '.join(NETWORKS)}; give other kinds log values (transform)"
            )
        if self.represent in ("none", "sets") and asked:
            raise ValueError(
                f"represent = {self.represent!r} has no kinds to choose from; set "
                "represent to one of them"
            )
        if self.represent == "none" and self.tune is not None:
            raise ValueError('tune needs represent, for example "pca"')
        return self

    @property
    def removes(self) -> bool:
        """Whether confounders are removed."""
        return bool(self.confounders) and self.deconfound != "none"
