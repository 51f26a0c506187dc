"""What else a run tells of its network: evidence, stability, terms, pairs, lines."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from meristem.interpret.attribution.shares import attribution_table
from meristem.interpret.biology.gene_evidence import gene_evidence
from meristem.interpret.biology.latent_validation import agreement_by_sensitivity
from meristem.interpret.biology.scans import MIN_ROWS, twas
from meristem.interpret.biology.terms import enrichment_table, plan_terms
from meristem.interpret.importance.gain import parent_gain
from meristem.interpret.importance.held_out import HeldOut
from meristem.interpret.importance.interactions import interaction_table
from meristem.interpret.importance.lines import line_table
from meristem.interpret.importance.sensitivity import Sensitivity
from meristem.interpret.importance.stability import stability_table
from meristem.models.protocol import FittedNetwork
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.predicting.candidates import match_asked
from meristem.pipeline.preparation import unseen_lines
from meristem.prepare.match import align_variants
from meristem.records import Dataset, FloatArray, Genotypes
from meristem.stats.discoveries import benjamini_hochberg

MOST_LINES = 10
"""Lines explained per target."""

MOST_PAIRED = 10
"""Nodes of which all pairs are clamped, per target."""

MOST_PARENTS = 200
"""Nodes compared with those they read: the most sensitive per target."""


TABLES = (
    "twas.csv",
    "evidence.csv",
    "enrichment.csv",
    "stability.csv",
    "agreement_by_sensitivity.csv",
    "gain.csv",
    "attribution.csv",
    "interactions.csv",
    "line_explanations.csv",
)
"""What `write_evidence` writes, or leaves out."""

LINE_COLUMNS = (
    "sample_id",
    "trait",
    "environment",
    "line_rank",
    "predicted",
    "role",
    "node",
    "latent_sd",
    "contribution",
    "rank",
)


@dataclass(frozen=True)
class Explained:
    """A network with its first tables and its controls."""

    label: str
    fitted: FittedNetwork
    train: Dataset
    sensitivity: Sensitivity
    nodes: pd.DataFrame
    genes: pd.DataFrame
    variants: pd.DataFrame
    null: FloatArray | None  # (n_null, n_node, n_target) without the linear path
    held_out: HeldOut | None


def write_evidence(analysis: Analysis, explained: Explained) -> None:
    """Write every table that follows from those of `explained`."""
    folder, train = analysis.folder, explained.train
    expression = _twas(train)
    evidence = gene_evidence(explained.nodes, explained.variants, expression)
    tables: dict[str, pd.DataFrame | None] = {
        "twas.csv": expression,
        "evidence.csv": evidence,
        "enrichment.csv": _with_labels(
            analysis,
            enrichment_table(
                plan_terms(explained.fitted.plan),
                explained.genes,
                evidence,
                train.omics,
            ),
        ),
        "stability.csv": _stability(analysis, explained),
        "agreement_by_sensitivity.csv": _agreement_classes(explained.nodes),
        "gain.csv": _gain(analysis, explained),
        "attribution.csv": attribution_table(
            explained.fitted,
            train.genotypes,
            train.phenotypes,
            top=analysis.config.explain.top,
        ),
        "interactions.csv": interaction_table(
            explained.fitted,
            train.genotypes,
            train.phenotypes,
            explained.sensitivity,
            top=min(MOST_PAIRED, analysis.config.explain.top),
        ),
        "line_explanations.csv": _lines(analysis, explained),
    }
    always = {"evidence.csv", "stability.csv", "interactions.csv"}
    always |= {"line_explanations.csv"}
    for name, table in tables.items():
        if table is not None and (name in always or not table.empty):
            folder.write_table(name, table)
        else:
            folder.drop(name)  # of an earlier configuration


def _with_labels(analysis: Analysis, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the readable names of the knowledge graph."""
    plan = analysis.plan
    if plan is None or plan.node_label is None:
        return table
    label = dict(zip(plan.node_name.tolist(), plan.node_label.tolist(), strict=True))
    named = [label.get(term, "") or term for term in table["term"]]
    return table.assign(label=named)


def _twas(train: Dataset) -> pd.DataFrame | None:
    """Return the scans of all omics tables measured on phenotyped lines."""
    frames = []
    for table in train.omics:
        measured = np.flatnonzero(~np.isnan(table.value).all(axis=1))
        observed = ~np.isnan(train.phenotypes.value[measured])
        if observed.sum(axis=0).max(initial=0) < MIN_ROWS:
            continue
        found = twas(train, table)
        q = found.groupby(["trait", "environment"], sort=False)["p"].transform(
            lambda p: benjamini_hochberg(p.to_numpy(float))
        )
        frames.append(found.assign(q=q, omics=table.name))
    return pd.concat(frames, ignore_index=True) if frames else None


def _stability(analysis: Analysis, explained: Explained) -> pd.DataFrame:
    """Return the rank agreement of networks that differ by one thing each."""
    importance = _member_importance(explained)
    if explained.held_out is not None:
        importance["folds"] = explained.held_out.importance
    if explained.null is not None:
        importance["shuffled labels"] = explained.null
    if analysis.explains_learned:
        # a gene that a fit did not choose has no importance in it, not one of 0
        importance = {
            between: np.where(value == 0, np.nan, value)
            for between, value in importance.items()
        }
    rng = analysis.rng("stability", explained.label)
    return stability_table(importance, explained.train.phenotypes, rng)


def _member_importance(explained: Explained) -> dict[str, FloatArray]:
    """Return the members' sensitivities by what they differ in."""
    trained = explained.fitted.composition().fit
    between = "seeds" if trained == "evidence" else "members"
    return {between: explained.sensitivity.published}  # (n_member, n_node, n_target)


def _agreement_classes(nodes: pd.DataFrame) -> pd.DataFrame:
    """Return agreement in classes of sensitivity, for every target."""
    frames = []
    for (trait, environment), own in nodes.groupby(
        ["trait", "environment"], sort=False
    ):
        found = agreement_by_sensitivity(own)
        # without a part in the prediction, nodes have no order of sensitivity
        if not found.empty and (own["sensitivity"] > 0).any():
            number = np.arange(1, len(found) + 1)
            named = pd.DataFrame(
                {"trait": str(trait), "environment": str(environment), "class": number}
            )
            frames.append(pd.concat([named, found], axis=1))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _gain(analysis: Analysis, explained: Explained) -> pd.DataFrame | None:
    """Return what nodes know beyond the nodes they read, on lines left out."""
    held_out, phenotypes = explained.held_out, explained.train.phenotypes
    if held_out is None:
        return None
    frames = []
    rows = held_out.fold >= 0
    sensitivity = explained.sensitivity.mean()
    for target in range(phenotypes.n_target):
        y = np.where(rows, phenotypes.value[:, target], np.nan)
        if (~np.isnan(y)).sum() < MIN_ROWS:
            continue
        found = parent_gain(
            explained.fitted.plan,
            held_out.latent,
            y,
            analysis.rng("gain", explained.label, str(target)),
            nodes=np.argsort(-sensitivity[:, target], kind="stable")[:MOST_PARENTS],
        )
        found.insert(0, "trait", str(phenotypes.trait_name[target]))
        found.insert(1, "environment", str(phenotypes.environment_name[target]))
        frames.append(found)
    return pd.concat(frames, ignore_index=True) if frames else None


def _lines(analysis: Analysis, explained: Explained) -> pd.DataFrame:
    """Return why the best lines of each target are predicted where they are.

    The best are those without phenotype, of the run or of a file of new lines; of the
    phenotyped ones where there are none.
    """
    train, fitted = explained.train, explained.fitted
    phenotypes = train.phenotypes
    genotypes = _candidates(analysis, train)
    role = "candidate" if genotypes is not None else "phenotyped"
    genotypes = _reference(train) if genotypes is None else genotypes
    predicted = fitted.predict(genotypes).value
    sensitivity = explained.sensitivity.mean()
    frames = []
    for target in range(phenotypes.n_target):
        value = predicted[:, target]
        minimise = phenotypes.trait_name[target] in analysis.config.phenotypes.minimise
        order = np.argsort(value if minimise else -value, kind="stable")[:MOST_LINES]
        important = np.argsort(-sensitivity[:, target], kind="stable")
        important = important[: analysis.config.explain.top]
        table = line_table(
            fitted,
            genotypes.take_samples(order),
            _reference(train),
            phenotypes,
            nodes=tuple(fitted.nodes[important].astype(str)),
        )
        own = table[
            (table["trait"] == str(phenotypes.trait_name[target]))
            & (table["environment"] == str(phenotypes.environment_name[target]))
        ]
        place = {str(genotypes.sample_id[row]): k for k, row in enumerate(order)}
        line = own["sample_id"].astype(str).map(place)
        found = own.assign(
            line_rank=line + 1, predicted=value[order][line.to_numpy()], role=role
        )
        frames.append(found[list(LINE_COLUMNS)])
    table = pd.concat(frames, ignore_index=True)
    # a network without a part in the prediction explains nothing
    return table[table["contribution"] != 0].reset_index(drop=True)


def _candidates(analysis: Analysis, train: Dataset) -> Genotypes | None:
    """Return the lines without phenotype, with those of a file of new lines."""
    found = [train.genotypes.take_samples(unseen_lines(train))]
    asked = match_asked(analysis.config, analysis.dataset)
    if asked is not None:
        found.append(align_variants(asked[0], train.genotypes.variants))
    names = np.concatenate([part.sample_id for part in found])
    if names.size == 0:
        return None
    # a line of the run that stands in the file as well counts once
    _, first = np.unique(names, return_index=True)
    kept = np.sort(first)
    dosage = np.concatenate([part.call_dosage for part in found])
    # networks read dosages alone: what came from which parent is not needed here
    return replace(
        found[0],
        sample_id=names[kept],
        call_dosage=dosage[kept],
        first_gamete=None,
        products=None,
    )


def _reference(train: Dataset) -> Genotypes:
    """Return the lines that say what is average: those with phenotypes."""
    seen = np.flatnonzero(~np.isnan(train.phenotypes.value).all(axis=1))
    return train.genotypes.take_samples(seen)
