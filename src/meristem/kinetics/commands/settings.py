"""Configuration of the kinetic commands: one TOML file, strict and frozen."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, model_validator

from meristem.config.faults import checked
from meristem.config.strict import Strict
from meristem.config.toml import parse_toml
from meristem.errors import ConfigError
from meristem.kinetics.cas9.encode import N_POSITION
from meristem.kinetics.cas9.pam import CAS9, Pam, Side, read_pam
from meristem.kinetics.network.features import Form, Padding, Window
from meristem.kinetics.network.kinn import Architecture, FitOptions, Loss
from meristem.kinetics.network.simulate import N_SIMULATED
from meristem.kinetics.scheme.catalog import find_scheme
from meristem.kinetics.scheme.sbml import read_model
from meristem.kinetics.scheme.scheme import Observable, Scheme, read_scheme
from meristem.kinetics.transfer.train import TransferOptions
from meristem.kinetics.transfer.trunk import Block, Reads, Trunk
from meristem.text.files import read_text

Count = Annotated[int, Field(ge=1, le=1_000_000)]
Few = Annotated[int, Field(ge=1, le=10_000)]
"""Members, generations, copies: each costs a fit."""

MODEL_FILES = (".xml", ".sbml", ".ant", ".txt")
"""Endings of SBML and Antimony files."""

Rate = Annotated[float, Field(gt=0, le=10)]
Penalty = Annotated[float, Field(ge=0, le=1e6)]


_READ = {
    "mpkp": ("path", "train_guide", "enzyme", "channels"),
    "table": ("path", "test_path", "channels", "limit", "pam", "pam_side"),
    "simulated": ("rows", "changes", "noise", "scale"),
    "assay": ("path", "test_path", "rate"),
}
"""Fields that data of each kind are read by."""


class DataSettings(Strict):
    """Where rates come from.

    ``mpkp``: the kinetic tables (`path`, `train_guide`, `enzyme`); ``table``: a table
    with guide, target, log10_rate and optionally censored (0/1) and binding (0 as the
    matched target, 1 none), its guides with the PAM ``pam`` (IUPAC letters; NRG is NGG
    or NAG) at the end ``pam_side``; ``simulated``: the
    planted benchmark (`rows`, `changes`, `noise`, `scale`); ``assay``: rates measured
    under conditions, no sequences: a table with the column `rate` (not its log), one
    per ligand of the scheme, and those of the section `shifts`; `test_path` has other
    conditions, to be predicted.
    """

    kind: Literal["mpkp", "table", "simulated", "assay"] = "mpkp"
    path: Path | None = None
    rate: str = "rate"
    test_path: Path | None = None
    train_guide: Literal[1, 2] = 1
    enzyme: str = "wt"
    channels: str = "chemistry"
    pam: str = CAS9.pattern
    pam_side: Side = "3"
    limit: float = -5.0
    rows: int = Field(default=2000, ge=50, le=10_000_000)
    changes: tuple[Annotated[int, Field(ge=0, le=N_SIMULATED)], ...] = Field(
        default=(4,), min_length=1
    )
    noise: Penalty = 0.1
    scale: float = Field(default=1.0, gt=0)

    @model_validator(mode="after")
    def _needs_path(self) -> DataSettings:
        if self.kind != "simulated" and self.path is None:
            raise ValueError(f"data of kind {self.kind!r} need a path")
        unread = sorted(self.model_fields_set - {"kind", *_READ[self.kind]})
        if unread:
            raise ValueError(
                f"{unread[0]}: nothing reads it with data of kind {self.kind!r}; "
                f"it reads {', '.join(_READ[self.kind])}"
            )
        return self

    @property
    def enzyme_pam(self) -> Pam:
        """The PAM of the guides of a table."""
        return read_pam(self.pam, self.pam_side)

    @property
    def n_position(self) -> int:
        """Positions that a window can read."""
        return N_SIMULATED if self.kind == "simulated" else N_POSITION


class WindowSettings(Strict):
    """Window of one reaction."""

    reaction: str
    start: int
    stop: int
    kernel: int = Field(default=1, le=N_SIMULATED)
    filters: int = Field(default=1, le=1000)
    padding: Padding = "same"
    form: Form = "conv"
    rank: int = Field(default=0, le=1000)
    hidden: int = Field(default=0, le=1000)

    def window(self) -> Window:
        """Return the window."""
        return Window(**self.model_dump(exclude={"reaction"}))


class TrainSettings(Strict):
    """How kinetic networks are trained (see `kinn.FitOptions`)."""

    loss: Loss = "reading"
    learning_rate: Rate = 0.01
    decay: float = Field(default=0.9, gt=0, le=1)
    decay_steps: Count = 130
    batch: Count = 512
    epochs: Count = 300
    patience: Count = 15
    l2: Penalty = 0.0
    smooth: Penalty = 0.0
    binding: Penalty = 1.0

    def options(self, limit: float) -> FitOptions:
        """Return the options; `limit` is the detection limit."""
        return FitOptions(**self.model_dump(), limits=(limit, math.inf))


class SearchSettings(Strict):
    """How architectures are searched: always within the training rows."""

    space: str = "finkelstein"
    method: Literal["distribution", "evolution", "random", "optuna"] = "evolution"
    generations: Few = 30
    size: Few = 20
    folds: int = Field(default=5, ge=2)
    kind_folds: int = Field(default=4, ge=0, le=1000)
    epochs: Count = 120
    shortlist: Few = 16
    apart: Few = 8
    posterior: Few = 100


class EnsembleSettings(Strict):
    """Members of the final model.

    ``smooth``: orders of members without windows, whose rates vary smoothly along the
    sequence (see `space.Space.smooth`), beside the searched ones. ``distil``: write
    one network that says what the ensemble says too (see `distil.distil`).
    """

    architectures: Few = 10
    smooth: tuple[Annotated[int, Field(ge=1, le=N_POSITION)], ...] = ()
    distil: bool = False
    copies: Few = 3
    bootstrap: bool = True
    held_out: float = Field(default=0.1, ge=0, le=0.5)


class AssaySettings(Strict):
    """How the constants of an assay are sought, and the level of their intervals."""

    starts: Few = 8
    level: float = Field(default=0.9, gt=0, lt=1)
    folds: int = Field(default=5, ge=2, le=1000)


class KineticsSettings(Strict):
    """One run of ``meristem kinetics fit`` or ``search``.

    ``scheme``: a ready-made one, or a TOML, SBML (``.xml``, ``.sbml``) or Antimony
    (``.ant``, ``.txt``) file; of the latter two ``observed`` names the observed
    reactions and ``ligands`` what an assay varies. ``observable`` replaces that of the
    scheme. ``shifts``: column of an assay -> reactions whose log rate it shifts.
    """

    title: str = "Kinetic network"
    seed: int = Field(default=1, ge=0)
    scheme: str = "cas9-4"
    observed: tuple[str, ...] = ()
    ligands: tuple[str, ...] = ()
    observable: Observable | None = None
    shifts: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    assay: AssaySettings = AssaySettings()
    data: DataSettings
    windows: tuple[WindowSettings, ...] = ()
    train: TrainSettings = TrainSettings()
    search: SearchSettings = SearchSettings()
    ensemble: EnsembleSettings = EnsembleSettings()

    @model_validator(mode="after")
    def _read_by_something(self) -> KineticsSettings:
        for name in ("observed", "ligands"):
            if getattr(self, name) and not self.scheme.endswith(MODEL_FILES):
                raise ValueError(
                    f"{name}: read with an SBML or Antimony file alone; the scheme "
                    f"{self.scheme!r} says itself what it is"
                )
        given = self.model_fields_set
        if self.data.kind == "assay":
            unread = sorted(given & {"windows", "train", "search", "ensemble"})
            reason = "an assay holds no sequences"
        else:
            unread = sorted(given & {"shifts", "assay", "ligands"})
            reason = "data.kind is not 'assay'"
        if unread:
            raise ValueError(f"{unread[0]}: nothing reads it, {reason}; leave it out")
        self._searched_by_something()
        return self

    def _searched_by_something(self) -> None:
        given = self.search.model_fields_set
        planted = self.data.kind == "simulated"
        if planted and "space" in given:
            raise ValueError(
                "search.space: nothing reads it, simulated sequences come with theirs"
            )
        kinds = "kind_folds" in given and self.search.kind_folds > 0
        if kinds and (planted or self.data.channels != "chemistry"):
            raise ValueError(
                "search.kind_folds: kinds of mismatch are those of the channels "
                "'chemistry', and nothing reads it with others; leave it out"
            )

    @model_validator(mode="after")
    def _windows_fit(self) -> KineticsSettings:
        last, seen = self.data.n_position, set()
        for number, window in enumerate(self.windows):
            place = f"windows.{number} (reaction {window.reaction!r})"
            if window.stop > last:
                raise ValueError(
                    f"{place}: stop = {window.stop} lies beyond the sequence; "
                    f"positions are 0 to {last - 1}, so that stop is at most {last}"
                )
            try:
                window.window()
            except ConfigError as error:
                remedy = f"; {error.remedy}" if error.remedy else ""
                raise ValueError(f"{place}: {error.what}{remedy}") from error
            if window.reaction in seen:
                raise ValueError(f"{place}: the reaction has a window already")
            seen.add(window.reaction)
        if self.data.kind == "simulated" and self.ensemble.distil:
            raise ValueError(
                "ensemble.distil: simulated sequences have no guide that could be "
                "another; leave it out"
            )
        return self

    def architecture(self, scheme: Scheme) -> Architecture:
        """Return the windows of the file in reaction order."""
        given = {window.reaction: window.window() for window in self.windows}
        unknown = sorted(set(given) - set(scheme.reaction_names))
        missing = [name for name in scheme.reaction_names if name not in given]
        if unknown or missing:
            problem = (
                f"window for the unknown reaction {unknown[0]!r}"
                if unknown
                else f"no window for reaction {missing[0]!r}"
            )
            raise ConfigError(
                problem,
                where="[[windows]]",
                remedy=f"give one for each of {', '.join(scheme.reaction_names)}",
            )
        return Architecture(tuple(given[name] for name in scheme.reaction_names))


class TrunkSettings(Strict):
    """The trunk (see `trunk.Trunk`)."""

    first: Block = "k3"
    first_width: int = Field(default=16, ge=4, le=10_000)
    dropout: float = Field(default=0.2, ge=0, lt=1)
    second: Block = "none"
    second_width: int = Field(default=32, ge=4, le=10_000)
    lstm: int = Field(default=0, ge=0, le=10_000)
    attention: bool = False
    dense: int = Field(default=32, ge=0, le=10_000)
    reads: Reads = "edits"
    last_dropout: float = Field(default=0.2, ge=0, lt=1)

    def trunk(self) -> Trunk:
        """Return the trunk."""
        return Trunk(**self.model_dump())


class TransferTrain(Strict):
    """How the correction is trained (see `transfer_train.TransferOptions`).

    ``rate_l2`` and ``shared_l2`` are 1e-3 and 1e-5 where guides are held out, and
    1e-2 and 1e-3 where whole assays are: less of what is learned holds there.
    """

    steps: int = Field(default=80, ge=0, le=1_000_000)
    rate_l2: Penalty | None = None
    shared_l2: Penalty | None = None
    guide_l2: Penalty = 1e-2
    learn_weights: bool = False
    weight_l2: Penalty = 0.1
    slopes: bool = False
    slope_l2: Penalty = 0.1
    graded: Penalty = 0.0
    monotone: Penalty = 0.0
    epochs: int = Field(default=3, ge=0, le=1_000_000)
    learning_rate: Rate = 0.002
    decay: float = Field(default=0.7, gt=0, le=1)
    batch: Count = 512
    weight_decay: Penalty = 0.01
    negatives: Few = 8

    def options(self, *, other_assay: bool) -> TransferOptions:
        """Return the options, for guides or for whole assays that are left out."""
        ridge = OTHER_ASSAY if other_assay else OTHER_GUIDE
        given = {k: v for k, v in self.model_dump().items() if v is not None}
        return TransferOptions(**(ridge | given))


OTHER_GUIDE = {"rate_l2": 1e-3, "shared_l2": 1e-5}
OTHER_ASSAY = {"rate_l2": 1e-2, "shared_l2": 1e-3}
"""Ridge by what is left out, where the file does not say."""


def _as_list(value: object) -> object:
    """Return a single path as a list of one."""
    return [value] if isinstance(value, str | Path) else value


class TransferSettings(Strict):
    """One run of ``meristem kinetics transfer``.

    ``model``: one file of kinetic networks or several, all corrected together.
    ``test_tables``: assays to be tested on and never trained on; their guides are left
    out of ``tables``. Without them the share ``test_share`` of the guides is held out.
    """

    title: str = "Transfer to cells"
    seed: int = Field(default=1, ge=0)
    model: Annotated[tuple[Path, ...], BeforeValidator(_as_list), Field(min_length=1)]
    test_tables: tuple[Path, ...] = ()
    tables: tuple[Path, ...] = Field(min_length=1)
    most_mismatches: int = Field(default=6, ge=0)
    test_share: float = Field(default=0.2, gt=0, lt=1)
    members: int = Field(default=6, ge=2, le=1000)
    trunk: TrunkSettings = TrunkSettings()
    search_trials: int = Field(default=0, ge=0, le=10_000)
    train: TransferTrain = TransferTrain()
    bootstraps: int = Field(default=200, ge=10, le=100_000)

    @model_validator(mode="after")
    def _one_test(self) -> TransferSettings:
        if self.test_tables and "test_share" in self.model_fields_set:
            raise ValueError("test_share: nothing reads it beside test_tables")
        for name in ("tables", "test_tables"):
            paths = [path.resolve() for path in getattr(self, name)]
            if len(set(paths)) < len(paths):
                raise ValueError(f"{name}: one is named twice; each is one assay")
        return self

    @property
    def options(self) -> TransferOptions:
        """How the correction is trained."""
        return self.train.options(other_assay=bool(self.test_tables))


Settings = TypeVar("Settings", KineticsSettings, TransferSettings)

_PATHS = (
    ("data", "path"),
    ("data", "test_path"),
    ("model",),
    ("tables",),
    ("test_tables",),
)


def _anchor(content: dict[str, Any], folder: Path) -> None:
    """Take relative paths from the folder of the configuration file."""
    for keys in _PATHS:
        place: Any = content
        for key in keys[:-1]:
            place = place.get(key) if isinstance(place, dict) else None
        if not isinstance(place, dict) or keys[-1] not in place:
            continue
        value = place[keys[-1]]
        if isinstance(value, str):
            place[keys[-1]] = str(folder / value)
        elif isinstance(value, list):
            place[keys[-1]] = [str(folder / str(item)) for item in value]


def read_settings(path: str | Path, kind: type[Settings]) -> Settings:
    """Read and check a configuration; relative paths start at its folder."""
    path = Path(path)
    text = read_text(path)
    content = parse_toml(text, path)
    _anchor(content, path.resolve().parent)
    scheme = content.get("scheme")
    if isinstance(scheme, str) and scheme.endswith((".toml", *MODEL_FILES)):
        content["scheme"] = str(path.resolve().parent / scheme)
    remedy = "compare with the examples in examples/kinetics"
    return checked(kind, content, text, path, remedy)


def load_scheme(settings: KineticsSettings) -> Scheme:
    """Return the ready-made scheme of a configuration, or the one of its file."""
    name = settings.scheme
    if name.endswith(MODEL_FILES):
        # a chain with a sink has a decay or a passage, and no flux
        return read_model(
            name,
            observed=settings.observed,
            observable=settings.observable or "flux",
            ligands=settings.ligands,
        )
    scheme = read_scheme(name) if name.endswith(".toml") else find_scheme(name)
    if settings.observable is None:
        return scheme
    return replace(scheme, observable=settings.observable)
