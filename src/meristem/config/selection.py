"""The plan of a selection: one frozen class per section of `plan.toml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from meristem.config.decisions import CyclesConfig, DesignConfig, EditConfig, Name
from meristem.config.strict import Strict

_LIMITS = (
    "n",
    "max_uses",
    "min_uses",
    "max_parents",
    "max_kinship",
    "bound",
    "max_coancestry",
    "max_as_seed",
    "forced",
    "forbidden",
)
"""Limits on crosses that are chosen freely; a design has none."""
_OF_INBRED = (
    *("progeny", "generation", "simulate", "most_simulated"),
    *("draws", "combine", "segments", "wanted"),
)
"""What is asked of progeny of inbred parents alone."""

Share = Annotated[float, Field(ge=0, le=1)]


def _no_truth(value: Any) -> Any:
    """Refuse true and false where a number is meant."""
    if isinstance(value, bool):
        raise ValueError(f"give a number, not {str(value).lower()}")
    return value


Number = Annotated[float, BeforeValidator(_no_truth), Field(ge=-1e12, le=1e12)]


class CandidateConfig(Strict):
    """Which lines may be selected."""

    lines: Literal["auto", "new", "phenotyped", "all"] = Field(
        default="auto",
        description="auto: lines without phenotype where there are any, else all",
    )
    groups: Path | None = Field(
        default=None,
        description="table of labels (pool, sex, family); default: those of the run",
    )
    checks: tuple[Name, ...] = Field(
        default=(), description="lines shown beside the candidates, never counted"
    )
    keep: tuple[Name, ...] = Field(
        default=(), description="lines that pass every filter and are selected"
    )
    exclude: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _apart(self) -> Self:
        fields = {"checks": self.checks, "keep": self.keep, "exclude": self.exclude}
        for one, two in (
            ("checks", "keep"),
            ("checks", "exclude"),
            ("keep", "exclude"),
        ):
            both = sorted(set(fields[one]) & set(fields[two]))
            if both:
                raise ValueError(f"{both[0]} is in `{one}` and in `{two}`")
        return self


class MeritConfig(Strict):
    """What the value of one trait adds to a merit that is not linear."""

    trait: Name
    form: Literal["linear", "optimum", "threshold", "capped"] = "linear"
    weight: Number = 1.0
    at: Number = Field(default=0.0, description="optimum, threshold or cap")


class IndexConfig(Strict):
    """How several traits become one number."""

    method: Literal["base", "smith_hazel", "desired", "restricted", "proportional"] = (
        Field(
            default="base",
            description="coefficients of the predictions: the weights; weights "
            "corrected for what each prediction is worth; for desired gains; with "
            "traits held; with gains in proportion",
        )
    )
    weights: dict[str, Number] = Field(
        default={},
        description="trait (or trait@environment) = value of one more unit; default: "
        "one per SD of the predictions, negative where the run minimises",
    )
    per: Literal["unit", "sd"] = Field(
        default="unit", description="whether weights are per unit or per SD"
    )
    desired: dict[str, Number] = Field(
        default={}, description="desired gains, or proportions, trait units"
    )
    hold: tuple[Name, ...] = Field(default=(), description="traits that must not move")
    genetic: dict[str, dict[str, Number]] = Field(
        default={}, description="genetic covariances; default: estimated by REML"
    )
    bend: bool = Field(
        default=False, description="bend covariances that are none, instead of refusing"
    )
    merit: tuple[MeritConfig, ...] = Field(
        default=(), description="merit by draws instead of a linear index"
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.method in ("desired", "proportional") and not self.desired:
            raise ValueError(f"the method {self.method} needs `desired`")
        if self.method == "restricted" and not self.hold:
            raise ValueError("the method restricted needs `hold`")
        if self.merit and (self.weights or self.method != "base"):
            raise ValueError("give merit terms, or a linear index, not both")
        return self


class GenotypeFilter(Strict):
    """Lines with some dosages of one variant."""

    variant: Name
    dosage: tuple[Annotated[int, Field(ge=0, le=8)], ...] = Field(min_length=1)


class LabelFilter(Strict):
    """Lines with some labels of one grouping."""

    group: Name
    any_of: tuple[Name, ...] = Field(min_length=1)


class CullingConfig(Strict):
    """Lines that keep to bounds on all traits together with some probability."""

    above: dict[str, Number] = {}
    below: dict[str, Number] = {}
    probability: Share = Field(default=0.5, description="least joint chance")


class FilterConfig(Strict):
    """What a candidate must be; applied in this order."""

    max_missing: Share = Field(default=1.0, description="share of missing calls")
    min_reliability: Share = 0.0
    genotype: tuple[GenotypeFilter, ...] = ()
    label: tuple[LabelFilter, ...] = ()
    culling: CullingConfig | None = None


class RankingConfig(Strict):
    """How many lines are selected, and what is promised of them."""

    n: int | None = Field(
        default=None,
        ge=1,
        description="lines selected; default: 20, or a fifth of fewer candidates",
    )
    draws: int = Field(default=2000, ge=100, le=100_000)
    level: float = Field(default=0.9, gt=0, lt=1, description="of the intervals")
    compare: tuple[Name, ...] = Field(
        default=(), description="other models whose selections are compared"
    )

    def selected(self, candidates: int) -> int:
        """Return how many of so many candidates are selected."""
        return self.n or max(1, min(20, round(candidates / 5)))


class CapConfig(Strict):
    """The most that the lines of one label may contribute together."""

    group: Name
    label: str = Field(default="", description="empty: every label of the grouping")
    most: Share


class DiversityConfig(Strict):
    """Contributions to the next generation under a bound on coancestry."""

    coancestry: Literal["ibs", "vanraden", "pedigree"] = "ibs"
    pedigree: Path | None = Field(
        default=None,
        description="table sample,parent_1,parent_2[,selfing] for `pedigree`; "
        "a parent that is empty or 0 is unknown",
    )
    max_coancestry: Share | None = None
    min_ne: float | None = Field(default=None, gt=0.5, description="effective size")
    degree: float = Field(
        default=45.0,
        ge=0,
        le=90,
        description="0 gain alone, 90 diversity alone; used without a bound",
    )
    points: int = Field(default=15, ge=2, le=200, description="of the frontier")
    max_contribution: float = Field(default=1.0, gt=0, le=1)
    fixed: dict[str, Share] = Field(default={}, description="line = contribution")
    group: str = Field(default="", description="grouping of `shares`: sex, pool")
    shares: dict[str, Share] = Field(
        default={}, description="label = share of all gametes"
    )
    caps: tuple[CapConfig, ...] = ()
    within: dict[str, Share] = Field(
        default={},
        description="label of `group` = most coancestry of its contributors alone",
    )
    kappa: float = Field(
        default=0.0, ge=0, description="caution: SDs of the gain that are subtracted"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.max_coancestry is not None and self.min_ne is not None:
            raise ValueError("give max_coancestry or min_ne, not both")
        if (self.coancestry == "pedigree") != (self.pedigree is not None):
            raise ValueError('coancestry = "pedigree" and a pedigree file go together')
        if bool(self.group) != bool(self.shares):
            raise ValueError("`group` and `shares` go together")
        if set(self.within) - set(self.shares):
            raise ValueError("`within` bounds labels of `shares`")
        if self.within and self.kappa:
            raise ValueError("give `within` or `kappa`, not both")
        return self


class MatingConfig(Strict):
    """Which crosses are made."""

    n: int | None = Field(
        default=None, ge=1, description="crosses; default: 10, or all of fewer"
    )
    criterion: Literal["auto", "mean", "usefulness"] = Field(
        default="auto",
        description="mid-parent, or mean + i r sd of the progeny; auto: usefulness "
        "where a map or rate is given",
    )
    map: Path | None = Field(default=None, description="genetic map, a table with cM")
    cm_per_mb: float | None = Field(default=None, gt=0, description="rate, not a map")
    map_function: Literal["haldane", "kosambi"] = "haldane"
    phased: Path | None = Field(
        default=None,
        description="phased VCF of outbred parents: progeny are full sibs, and spread",
    )
    progeny: Literal["dh", "selfed", "ril"] = "dh"
    generation: int = Field(default=1, ge=1, le=50)
    selected: float = Field(
        default=0.05, gt=0, lt=1, description="share selected within a family"
    )
    accuracy: float = Field(default=1.0, gt=0, le=1, description="within families")
    simulate: int = Field(
        default=0,
        ge=0,
        le=100_000,
        description="progeny of each cross that the linear formula cannot decide; "
        "0: none",
    )
    most_simulated: int = Field(default=200, ge=1, le=100_000, description="crosses")
    draws: int = Field(
        default=0,
        ge=0,
        le=1000,
        description="draws of the effects: usefulness by the posterior mean variance; "
        "0: effects taken as known",
    )
    combine: int = Field(
        default=0,
        ge=0,
        le=500,
        description="best planned crosses that are crossed with each other and back: "
        "three- and four-way crosses, backcrosses",
    )
    segments: int = Field(
        default=3,
        ge=0,
        le=1000,
        description="per chromosome, for optimal haplotype values; 0: none",
    )
    wanted: dict[Name, Name] = Field(
        default={}, description="variant = allele, to be stacked in one progeny"
    )
    design: Literal["free", "half_diallel", "factorial", "chain"] = Field(
        default="free", description="free: any pair; others: of the best parents"
    )
    parents: int = Field(default=5, ge=2, description="of a design, in each pool")
    max_uses: int | None = Field(default=4, ge=1)
    min_uses: int = Field(default=0, ge=0)
    max_parents: int | None = Field(default=None, ge=2)
    max_kinship: Share | None = None
    bound: bool = Field(
        default=False, description="hold the group coancestry to that of [diversity]"
    )
    max_coancestry: Share | None = None
    pool: str = Field(default="", description="grouping; crosses between its labels")
    seed_pool: str = Field(default="", description="label of the seed parents")
    max_as_seed: int | None = Field(default=None, ge=1, description="crosses a line")
    forced: tuple[tuple[Name, Name], ...] = ()
    forbidden: tuple[tuple[Name, Name], ...] = ()
    total_progeny: int = Field(default=0, ge=0, description="0: not shared out")
    min_progeny: int = Field(default=1, ge=1)
    max_gap: float = Field(default=1e-3, ge=0, lt=1)
    seconds: float = Field(default=10.0, gt=0, le=3600)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.map is not None and self.cm_per_mb is not None:
            raise ValueError("give a map or a rate, not both")
        if self.criterion == "usefulness" and not self.mapped:
            raise ValueError("usefulness needs `map` or `cm_per_mb`")
        if self.wanted and (not self.mapped or self.criterion == "mean"):
            raise ValueError("`wanted` needs `map` or `cm_per_mb`, and usefulness")
        if bool(self.pool) != bool(self.seed_pool):
            raise ValueError("`pool` and `seed_pool` go together")
        asked = {frozenset(pair) for pair in self.forced}
        forbidden = {frozenset(pair) for pair in self.forbidden}
        both = [pair for pair in self.forced if frozenset(pair) in forbidden]
        if both:
            raise ValueError(f"{both[0]} is in `forced` and in `forbidden`")
        if self.n is not None and len(asked) > self.n:
            raise ValueError(f"{len(asked)} crosses are forced, and n = {self.n}")
        if self.max_uses is not None and self.min_uses > self.max_uses:
            raise ValueError("`min_uses` is above `max_uses`")
        return self

    @model_validator(mode="after")
    def _designed(self) -> Self:
        if self.design == "factorial" and not self.pool:
            raise ValueError("a factorial needs `pool` and `seed_pool`")
        if self.design != "free":
            pools = () if self.design == "factorial" else ("pool", "seed_pool")
            beside = sorted(self.model_fields_set & {*_LIMITS, *pools})
            if beside:
                raise ValueError(
                    f"a {self.design} makes all crosses of its parents: leave out "
                    f"{', '.join(beside)}, or take the design 'free'"
                )
        return self

    @model_validator(mode="after")
    def _outbred(self) -> Self:
        if self.phased is None:
            return self
        if not self.mapped or self.criterion == "mean":
            raise ValueError("`phased` needs `map` or `cm_per_mb`, and usefulness")
        beside = sorted(self.model_fields_set & {*_OF_INBRED})
        if beside:
            raise ValueError(
                f"progeny of phased parents are full sibs: leave out "
                f"{', '.join(beside)}, which are of inbred parents"
            )
        return self

    @property
    def mapped(self) -> bool:
        """Whether the variants can be placed on a map."""
        return self.map is not None or self.cm_per_mb is not None


class SelectionConfig(Strict):
    """A whole plan: every section may be left out."""

    model: str = Field(default="", description="label; default: the reference")
    seed: int = Field(default=1, ge=0)
    candidates: CandidateConfig = CandidateConfig()
    index: IndexConfig = IndexConfig()
    filters: FilterConfig = FilterConfig()
    ranking: RankingConfig = RankingConfig()
    diversity: DiversityConfig = DiversityConfig()
    crosses: MatingConfig = MatingConfig()
    edits: EditConfig | None = None
    design: DesignConfig | None = None
    cycles: CyclesConfig | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.cycles is not None and not self.crosses.mapped:
            raise ValueError("`cycles` needs crosses.map or crosses.cm_per_mb")
        if self.index.merit and (self.edits is not None or self.cycles is not None):
            raise ValueError(
                "a merit that is not linear has no effects of markers: leave `edits` "
                "and `cycles` out, or use a linear index"
            )
        return self
