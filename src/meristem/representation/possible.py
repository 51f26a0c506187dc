"""Whether a table can be represented as asked, before anything is learned."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from meristem.config.represent import RepresentOptions
from meristem.records import OmicsTable, SampleGroups
from meristem.representation.confound.confounders import (
    confounders_of,
    refuse_constant,
    refuse_single,
    refuse_unlabelled,
)
from meristem.representation.represented import refuse_unlearnable
from meristem.representation.sets.membership import needed_sets


def refuse_impossible(
    table: OmicsTable,
    options: RepresentOptions,
    groups: SampleGroups | None,  # of the same samples
    sets: Mapping[str, Collection[str]],
) -> None:
    """Refuse what would stop a representation, or leave in it what it is to remove.

    Raises
    ------
    DataError
        If a confounder is not there, the same everywhere, or not known of a measured
        sample, or has a label of one alone; if the table has too little to learn from,
        or values that are no counts.
    ConfigError
        If there are no sets where they are asked for, or too many factors are.
    """
    if options.represent == "none":
        return
    known = confounders_of(groups, options.confounders)
    if options.removes:
        refuse_constant(known)
        measured = np.asarray(np.isfinite(table.direct().value).any(axis=1))
        refuse_unlabelled(known, table.sample_id, measured)
        refuse_single(known, table.sample_id, measured)
    if options.represent == "sets":
        needed_sets(table, sets)
    refuse_unlearnable(table, options)
