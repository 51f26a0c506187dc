"""The question a fold asks: what is held out, and which rows that concerns."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from meristem.config.stages import EvaluateConfig
from meristem.errors import ConfigError, DataError
from meristem.evaluate.partition import (
    cluster_labels,
    deal,
    deal_groups,
    deal_parents,
)
from meristem.genetics.copies import copy_labels
from meristem.prepare.by_environment import ENVIRONMENT, LINE
from meristem.records import Dataset, StrArray

UNKNOWN_GROUP = "(unknown)"
"""Name of the group made of all rows without a label."""

Mask = NDArray[np.bool_]

_KNOWN_LINES = ("cv0", "cv2", "year", "forward")
"""Schemes in which every line may train itself, so that its copies may."""


@dataclass(frozen=True)
class Drawn:
    """One random division of the usable rows.

    A row is tested when all of its first `n_test_label` names are held out, and
    withheld from training when any of its names is.
    """

    names: StrArray  # (n_usable, n_name)
    n_test_label: int
    held: tuple[StrArray, ...]  # per fold
    copies: StrArray | None = None  # (n_usable,) rows of one name are copies: where
    # one is tested, none trains


Draw = Callable[[np.random.Generator], Drawn]


def ask(
    usable: Dataset,
    measured: Mask,  # (n_usable,)
    config: EvaluateConfig,
    n_fold: int,
) -> tuple[str, Draw]:
    """Return the scheme's label and how to draw one replicate of it."""
    if config.copies == "together" and config.scheme not in _KNOWN_LINES:
        return _ask_of_copies(usable, measured, config, n_fold)
    if config.scheme == "kfold":
        return "kfold", _by_row(usable, measured, n_fold)
    if config.scheme == "group":
        label = _column(usable, config.group)
        return f"group:{config.group}", _by_group(label, measured, n_fold)
    if config.scheme == "cluster":
        return "cluster", _by_cluster(usable, measured, config.clusters)
    if config.scheme in ("year", "forward"):
        return config.scheme, _by_year(usable, measured, config.scheme == "forward")
    if config.scheme.startswith("cv"):
        return config.scheme, _by_environment(usable, measured, config.scheme, n_fold)
    return "parents", _by_parents(usable, measured, n_fold)


def _ask_of_copies(
    usable: Dataset, measured: Mask, config: EvaluateConfig, n_fold: int
) -> tuple[str, Draw]:
    """Return the same question, with lines of the same genotypes kept together.

    In cv0 and cv2 every line is in training itself, so its copies may be.
    """
    label = copy_labels(usable.genotypes)
    if config.scheme == "kfold":
        tested = np.unique(label[measured])
        _refuse_few(tested.size, "different lines", n_fold)
        return "kfold", lambda rng: Drawn(label[:, None], 1, deal(tested, n_fold, rng))
    plain = config.model_copy(update={"copies": "anywhere"})
    scheme, draw = ask(usable, measured, plain, n_fold)
    return scheme, lambda rng: replace(draw(rng), copies=label)


def _refuse_few(n_row: int, what: str, n_fold: int) -> None:
    if n_row < n_fold:
        raise DataError(
            f"{n_row} phenotyped {what} cannot make {n_fold} folds",
            remedy="use fewer folds, or check the match between the tables",
        )


def _by_row(usable: Dataset, measured: Mask, n_fold: int) -> Draw:
    name = usable.sample_id
    _refuse_few(int(measured.sum()), "rows", n_fold)
    return lambda rng: Drawn(name[:, None], 1, deal(name[measured], n_fold, rng))


def _by_group(label: StrArray, measured: Mask, n_fold: int) -> Draw:
    # what is not tested needs no fold of its own, but is withheld with its group
    tested = label[measured]
    return lambda rng: Drawn(label[:, None], 1, deal_groups(tested, n_fold, rng))


def _by_cluster(usable: Dataset, measured: Mask, n_cluster: int) -> Draw:
    if n_cluster > measured.sum():
        raise DataError(
            f"{measured.sum()} lines cannot make {n_cluster} clusters",
            where="evaluate.clusters",
            remedy="ask for fewer clusters",
        )

    def draw(rng: np.random.Generator) -> Drawn:
        label = cluster_labels(usable.genotypes, n_cluster, rng, among=measured)
        return Drawn(label[:, None], 1, deal_groups(label, n_cluster, rng))

    return draw


def _by_environment(usable: Dataset, measured: Mask, scheme: str, n_fold: int) -> Draw:
    """Return how trials in several environments are divided.

    cv0 leaves environments out, cv1 lines with all their rows, cv2 single rows, and
    cv00 tests lines left out in environments left out.
    """
    line, place = (_column(usable, name) for name in (LINE, ENVIRONMENT))
    if scheme == "cv2":
        return _by_row(usable, measured, n_fold)
    tested, places = np.unique(line[measured]), np.unique(place[measured])
    if scheme != "cv0":
        _refuse_few(tested.size, "lines", n_fold)
    if scheme == "cv1":
        return lambda rng: Drawn(line[:, None], 1, deal(tested, n_fold, rng))
    if places.size < 2:
        raise DataError(
            f"there is one environment only, so none can be left out: {places[0]}",
            remedy="use cv1 or kfold",
        )
    if scheme == "cv0":
        here = place[measured]
        return lambda rng: Drawn(place[:, None], 1, deal_groups(here, n_fold, rng))
    # a line and an environment may be called alike
    names = np.stack([np.char.add("l:", line), np.char.add("e:", place)], axis=1)

    def draw(rng: np.random.Generator) -> Drawn:
        lines = deal(np.char.add("l:", tested), n_fold, rng)
        environments = deal_groups(names[measured, 1], n_fold, rng)
        held = (
            np.concatenate([part, environments[k % len(environments)]])
            for k, part in enumerate(lines)
        )
        return Drawn(names, 2, tuple(held))

    return draw


_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


def year_of(environment: str) -> str:
    """Return the year that stands in the name of an environment; "" if none does.

    Examples
    --------
    >>> year_of("IL_2012"), year_of("2013-NE-dry"), year_of("north")
    ('2012', '2013', '')
    """
    found = _YEAR.findall(environment)
    return found[0] if len(set(found)) == 1 else ""


def _by_year(usable: Dataset, measured: Mask, forward: bool) -> Draw:
    """Return folds that leave a year out, or that look from earlier years forward."""
    place = _column(usable, ENVIRONMENT)
    year = np.array([year_of(name) for name in place.tolist()])
    without = sorted(set(place[(year == "") & measured].tolist()))
    if without:
        raise DataError(
            f"no year stands in the environments' names: {', '.join(without[:5])}",
            where="evaluate.scheme",
            remedy="write it into them, IL_2012 say, or use cv0",
        )
    years = np.unique(year[measured])
    if years.size < 2:
        raise DataError(
            f"there is one year only: {', '.join(years)}",
            where="evaluate.scheme",
            remedy="use cv0, cv1 or cv2",
        )
    # the second name withholds what lies ahead of the year tested
    names = np.stack([np.char.add("y:", year), np.char.add("f:", year)], axis=1)
    held = []
    for number, tested in enumerate(years):
        ahead = np.char.add("f:", years[number:]) if forward else np.empty(0, "U1")
        if number or not forward:
            held.append(np.concatenate([np.array([f"y:{tested}"]), ahead]))
    return lambda rng: Drawn(names, 1, tuple(held))


def _by_parents(usable: Dataset, measured: Mask, n_fold: int) -> Draw:
    own = usable.sample_id
    known = usable.groups
    if known is None or not {"parent_1", "parent_2"} <= set(known.group_name.tolist()):
        raise DataError(
            "parents cannot be left out: nothing says which samples are crosses",
            where="evaluate.scheme",
            remedy="name a table of hybrids (genotypes.hybrids), or give the columns "
            "parent_1 and parent_2 under [groups]",
        )
    one, two = (_column(usable, name) for name in ("parent_1", "parent_2"))
    unknown = (one == UNKNOWN_GROUP) | (two == UNKNOWN_GROUP)
    if (unknown & measured).any():
        shown = ", ".join(map(str, own[unknown & measured][:5]))
        raise DataError(
            f"{(unknown & measured).sum()} phenotyped samples lack a parent: {shown}",
            remedy="complete the table of hybrids, or use another scheme",
        )
    # the third name withholds a parent line that was itself measured
    names = np.stack([one, two, own], axis=1)

    def draw(rng: np.random.Generator) -> Drawn:
        held = deal_parents(one[measured], two[measured], n_fold, rng)
        return Drawn(names, 2, held)

    return draw


def _column(dataset: Dataset, name: str) -> StrArray:
    if not name:
        raise ConfigError(
            "evaluate.scheme is 'group' but no grouping is named",
            where="evaluate.group",
            remedy="name a column of the group table",
        )
    known = dataset.groups
    if name in (LINE, ENVIRONMENT) and (
        known is None or name not in known.group_name.tolist()
    ):
        raise DataError(
            "rows are not lines in environments, which cv0, cv1, cv2 and cv00 need",
            where="evaluate.scheme",
            remedy='set phenotypes.by = "record"',
        )
    if dataset.groups is None:
        raise DataError(
            f"there are no sample groups, so none called {name!r}",
            remedy="give a group table under [groups], or a table of hybrids",
        )
    label = dataset.groups.column(name)
    return np.where(label == "", UNKNOWN_GROUP, label)
