"""The lines among which is selected, and what the model believes of them jointly."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from meristem.config.selection import CandidateConfig, SelectionConfig
from meristem.config.stages import GroupConfig
from meristem.errors import ConfigError, DataError
from meristem.io.tables.groups import read_groups
from meristem.models.protocol import Fitted
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.decisions.beliefs import joint_posterior
from meristem.pipeline.decisions.material import choose_label
from meristem.pipeline.fitting import load_fitted
from meristem.pipeline.predicting.candidates import match_asked
from meristem.pipeline.preparation import distinct_lines
from meristem.prepare.by_environment import LINE, is_stacked
from meristem.records import Genotypes, IntArray, Posterior, SampleGroups, StrArray

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Lines:
    """Candidates and checks of one selection."""

    label: str  # model
    fitted: Fitted
    genotypes: Genotypes  # (n_line, n_variant)
    posterior: Posterior
    groups: SampleGroups | None  # of the lines, "" where unknown
    counted: Mask  # (n_line,) candidates; the others are checks
    kept: Mask  # (n_line,) selected whatever they are
    phenotyped: Mask  # (n_line,) the model has seen a phenotype of it
    calibrated: bool  # whether out-of-fold residuals set the width

    @property
    def n(self) -> int:
        """Candidates and checks."""
        return self.genotypes.n_sample

    @property
    def sample_id(self) -> StrArray:
        """Names of the lines."""
        return self.genotypes.sample_id

    def rows(self, names: tuple[str, ...], field: str) -> IntArray:
        """Return the rows of named lines.

        Raises
        ------
        ConfigError
            If one is not among the lines.
        """
        row = {name: k for k, name in enumerate(self.sample_id.tolist())}
        unknown = [name for name in names if name not in row]
        if unknown:
            raise ConfigError(
                f"{', '.join(unknown[:5])} is no line of this selection",
                where=field,
                remedy="write names as in the genotypes; candidates.lines says which "
                "lines there are",
            )
        return np.array([row[name] for name in names], dtype=np.int64)

    def labels(self, name: str, field: str) -> StrArray:
        """Return the labels of one grouping.

        Raises
        ------
        ConfigError
            If there is no such grouping.
        """
        known = [] if self.groups is None else [str(g) for g in self.groups.group_name]
        if self.groups is None or name not in known:
            raise ConfigError(
                f"there is no grouping called {name!r}",
                where=field,
                remedy="give candidates.groups, a table line,label,...; known here: "
                f"{', '.join(known) or 'none'}",
            )
        return self.groups.column(name)

    def complete_labels(self, name: str, field: str, rows: IntArray) -> StrArray:
        """Return the labels of some lines, each of which has one.

        Raises
        ------
        ConfigError
            If there is no such grouping, or a line has no label.
        """
        label = self.labels(name, field)[rows]
        bare = self.sample_id[rows][label == ""]
        if bare.size:
            raise ConfigError(
                f"{bare.size} of {rows.size} candidates have no label of {name!r}: "
                f"{', '.join(map(str, bare[:5]))}",
                where=field,
                remedy="label them in a table line,label,... that candidates.groups "
                "names",
            )
        return label


def read_lines(analysis: Analysis, plan: SelectionConfig) -> Lines:
    """Return the candidates and checks of a plan, predicted jointly.

    Raises
    ------
    ConfigError
        If a name of the plan is no line or no model of the run.
    DataError
        If there are no candidates, or the model gives no joint error.
    """
    label = choose_label(analysis, plan.model)
    every, seen = _all_lines(analysis)
    chosen = _choose(every, seen, plan.candidates)
    genotypes = every.take_samples(chosen)
    fitted = load_fitted(analysis, label)
    posterior, is_calibrated = joint_posterior(analysis, label, fitted, genotypes)
    names = genotypes.sample_id
    counted = ~np.isin(names, plan.candidates.checks)
    if counted.sum() < 2:
        raise DataError(
            f"nothing can be selected from {int(counted.sum())} candidates",
            where="candidates",
            remedy="choose other candidates.lines, or exclude fewer",
        )
    kept = np.isin(names, plan.candidates.keep)
    groups = _groups(analysis, plan.candidates, names)
    return Lines(
        label,
        fitted,
        genotypes,
        posterior,
        groups,
        counted,
        kept,
        seen[chosen],
        is_calibrated,
    )


def _all_lines(analysis: Analysis) -> tuple[Genotypes, Mask]:
    """Return all lines once, those asked for in the run last, and which were seen."""
    dataset = analysis.dataset
    known = distinct_lines(dataset)
    measured = ~np.isnan(dataset.phenotypes.value).all(axis=1)
    names = dataset.sample_id
    if dataset.groups is not None and is_stacked(dataset):
        names = dataset.groups.column(LINE)
    seen = np.isin(known.sample_id, names[measured])
    asked = match_asked(analysis.config, dataset)
    if asked is None:
        return known, seen
    new = asked[0]
    fresh = np.flatnonzero(~np.isin(new.sample_id, known.sample_id))
    new = new.take_samples(fresh)
    both = (known.first_gamete, new.first_gamete)
    joined = replace(
        known,
        sample_id=np.concatenate([known.sample_id, new.sample_id]),
        call_dosage=np.concatenate([known.call_dosage, new.call_dosage]),
        products=None,
        first_gamete=None
        if both[0] is None or both[1] is None
        else np.concatenate([both[0], both[1]]),
    )
    return joined, np.concatenate([seen, np.zeros(new.n_sample, dtype=bool)])


def _choose(every: Genotypes, seen: Mask, plan: CandidateConfig) -> IntArray:
    """Return the rows of candidates and checks."""
    names = every.sample_id
    wanted = {
        "new": ~seen,
        "phenotyped": seen,
        "all": np.ones(seen.size, dtype=bool),
        "auto": ~seen if (~seen).sum() > 1 else np.ones(seen.size, dtype=bool),
    }[plan.lines]
    for field in ("checks", "keep", "exclude"):
        asked = np.array(getattr(plan, field), dtype=np.str_)
        unknown = asked[~np.isin(asked, names)]
        if unknown.size:
            raise ConfigError(
                f"{', '.join(unknown[:5])} is no line of this run",
                where=f"candidates.{field}",
                remedy="write the name as in the genotypes",
            )
    wanted |= np.isin(names, plan.checks) | np.isin(names, plan.keep)
    wanted &= ~np.isin(names, plan.exclude)
    return np.flatnonzero(wanted)


def _groups(
    analysis: Analysis, plan: CandidateConfig, names: StrArray
) -> SampleGroups | None:
    known = analysis.dataset.groups
    if plan.groups is not None:
        known = read_groups(GroupConfig(path=plan.groups))
    if known is None:
        return None
    ids = known.sample_id
    if plan.groups is None and is_stacked(analysis.dataset):
        ids = known.column(LINE)
    labels = dict(zip(ids.tolist(), known.label.tolist(), strict=True))
    config = analysis.config.groups
    blank = [""] * known.group_name.size
    if plan.groups is None and config is not None and config.path.exists():
        # the data set keeps the labels of its own lines; the file knows others too
        table = read_groups(config)
        columns = [
            table.column(name).tolist()
            if name in table.group_name
            else [""] * table.sample_id.size
            for name in known.group_name.tolist()
        ]
        rows = zip(*columns, strict=True)
        for name, row in zip(table.sample_id.tolist(), rows, strict=True):
            own = labels.get(name, blank)
            labels[name] = [old or new for old, new in zip(own, row, strict=True)]
    label = [labels.get(name, blank) for name in names.tolist()]
    return SampleGroups(names, known.group_name, np.array(label, dtype=np.str_))
