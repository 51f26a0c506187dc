"""What `check` says of omics that are represented."""

from __future__ import annotations

from meristem.config.stages import AnalysisConfig
from meristem.knowledge.build import Knowledge
from meristem.models.catalog import reads_omics
from meristem.pipeline.notes import Notes
from meristem.records import Dataset, NetworkPlan
from meristem.representation.represented import most_factors
from meristem.representation.sets.membership import measured_sets, needed_sets


def represented_notes(
    config: AnalysisConfig,
    dataset: Dataset,
    plan: NetworkPlan | None,
    knowledge: Knowledge | None,
) -> Notes:
    """Return what models are handed of omics that are represented, and which models.

    Raises
    ------
    MeristemError
        If sets are asked for and the table measures none.
    """
    readers = [one.label for one in config.models if reads_omics(one)]
    who = ", ".join(readers) or "no model listed"
    tables = {table.name: table for table in dataset.omics}
    facts, hints = [], []
    for one in config.omics:
        if one.represent == "none":
            continue
        table = tables[one.name]
        most = most_factors(table.direct())
        several = sorted({min(k, most) for k in one.k})
        n = " or ".join(str(k) for k in several)
        if one.represent == "sets":
            sets = measured_sets(plan, None if knowledge is None else knowledge.graph)
            n = str(needed_sets(table, sets).name.size)
        given = {
            "factors": f"{n} factors in place of {table.feature_id.size} features",
            "cleaned": f"{table.feature_id.size} features anew, from {n} factors",
            "both": f"{table.feature_id.size} features anew and {n} factors",
        }[one.gives]
        facts.append(f"{one.name} ({one.represent}): {who} will read {given}")
        if not readers:
            hints.append(f"no model listed reads omics: {one.name} serves nothing")
        taught = [
            model.label
            for model in config.models
            for member in model.members
            if getattr(member, "supervision", "none") != "none"
            and getattr(member, "graph", "") == "knowledge"
        ]
        if taught and one.gives == "factors" and one.represent != "sets":
            hints.append(
                f"factors of {one.name} are no nodes of the graph, so that they teach "
                f'{", ".join(taught)} nothing: set gives = "cleaned", or represent = '
                '"sets", or let the graph be learned'
            )
    return facts, hints
