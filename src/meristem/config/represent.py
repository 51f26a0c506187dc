"""How an omics table is turned into factors: shared by analyses and `represent`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

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
READS: dict[str, tuple[str, ...]] = {
    "pca": ("k",),
    "linear": ("k",),
    "denoising": ("k", "hidden", "learning_rate"),
    "sparse": ("k", "hidden", "strength", "learning_rate"),
    "contractive": ("k", "hidden", "strength", "learning_rate"),
    "vae": ("k", "hidden", "strength", "learning_rate"),
    "sets": ("strength", "learning_rate"),
}
"""What a search varies of a kind: the rest of a point changes nothing of it."""
MOST_FACTORS = 1000
Factors = Annotated[int, Field(ge=1, le=MOST_FACTORS)]


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
        description="what models of an analysis are handed: factors; every feature "
        "anew, without confounders and gaps, as the factors tell it; or both side by "
        "side",
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

    @field_validator("k", mode="before")
    @classmethod
    def _numbers(cls, value: object) -> object:
        several = value if isinstance(value, list | tuple) else (value,)
        for one in several:
            whole = isinstance(one, int) and not isinstance(one, bool)
            if not whole or not 1 <= one <= MOST_FACTORS:
                raise ValueError(
                    f"{one!r} is no number of factors: give whole numbers from 1 to "
                    f"{MOST_FACTORS}, for example k = [5, 10, 20]"
                )
        return tuple(several)

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

    def unread(self) -> tuple[str, ...]:
        """Return the options that are not as they come, and that nothing reads.

        Examples
        --------
        >>> RepresentOptions(represent="pca", epochs=50, k=(3,)).unread()
        ('epochs',)
        """
        fields = RepresentOptions.model_fields
        changed = [n for n in fields if getattr(self, n) != fields[n].default]
        if self.represent == "none":
            return tuple(changed)
        kinds: tuple[str, ...] = (self.represent,)
        if self.tune is not None:
            kinds += self.tune.kinds or NETWORKS
        read = {name for kind in kinds for name in READS[kind]}
        if {"sets", *NETWORKS} & set(kinds):
            read |= {"seeds", "epochs"}
        if self.removes and self.deconfound in ("alignment", "components"):
            read |= {"k"}
        if self.removes and self.deconfound == "adversarial":
            read |= {"k", "strength"}
        told = {
            "represent",
            "gives",
            "likelihood",
            "confounders",
            "samples_from",
            "tune",
        }
        told |= (
            {"deconfound"} if self.confounders or self.deconfound == "none" else set()
        )
        return tuple(name for name in changed if name not in read | told)


def refuse_unread(options: RepresentOptions) -> None:
    """Raise ValueError where a section sets what nothing reads."""
    names = options.unread()
    if "deconfound" in names and options.represent != "none":
        raise ValueError(
            f"deconfound = {options.deconfound!r} removes nothing: name confounders "
            "(columns of the groups table)"
        )
    if names and options.represent == "none":
        raise ValueError(
            f"{', '.join(names)}: nothing reads this without represent; set it "
            '(represent = "pca"), or leave this out'
        )
    if names:
        raise ValueError(
            f"{', '.join(names)}: nothing reads this with represent = "
            f"{options.represent!r}; leave it out"
        )
