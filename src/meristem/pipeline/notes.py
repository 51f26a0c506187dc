"""What `check` says of phenotypes, environments and knowledge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from meristem.config.stages import AnalysisConfig
from meristem.genetics.contigs import match_contigs
from meristem.io.tables.plausible import code_hints
from meristem.io.tables.seasons.environments import read_environments
from meristem.io.tables.survey import survey_phenotypes
from meristem.knowledge.build import Knowledge
from meristem.plan.assign import contig_remedy
from meristem.prepare.training import constant_targets
from meristem.records import Dataset, Splits, VariantTable

Notes = tuple[Sequence[str], Sequence[str]]
"""Facts, and what is worth a look."""

FEW_IN_FOLD = 5
"""Test rows of a fold below which its correlation is mostly chance."""

WORTH_A_LOOK = 0.05
"""Share of genes or sets that may be lost without a word of warning."""


def phenotype_notes(config: AnalysisConfig) -> Notes:
    """Return traits, units, lines with a value, columns left out; suspect values.

    Raises
    ------
    MeristemError
        If the phenotypes cannot be read.
    """
    survey = survey_phenotypes(config.phenotypes, config.covariates)
    facts = [f"phenotypes: {line}" for line in survey.lines()]
    hints = list(survey.hints)
    if config.evaluate.scheme == "kfold":
        n_fold = config.evaluate.folds
        few = {
            trait: n
            for trait, n in survey.n_line_of.items()
            if n // n_fold < FEW_IN_FOLD
        }
        hints += [
            f"{trait}: {n} lines in {n_fold} folds leave {n // n_fold} or "
            f"{n // n_fold + 1} to test in each: their correlation is mostly chance, "
            "no verdict on the models can rest on it"
            for trait, n in few.items()
        ]
    return facts, hints


def environment_notes(config: AnalysisConfig, dataset: Dataset | None) -> Notes:
    """Return what the table of environments holds, and what uses it.

    Raises
    ------
    MeristemError
        If the table cannot be read.
    """
    if config.environments is None:
        return (), ()
    table = read_environments(config.environments)
    readers = [
        options.label
        for options in config.models
        if any(member.reads_covariates for member in options.members)
    ]
    read = f"read by {', '.join(readers)}" if readers else "no model listed reads them"
    facts = [
        f"environments: {table.environment_name.size} with "
        f"{table.covariate_name.size} covariates; {read}"
    ]
    codes = [
        hint
        for name, value in zip(table.covariate_name, table.value.T, strict=True)
        for hint in code_hints(f"environments, {name}", value)
    ]
    if dataset is None:
        return facts, codes
    named = np.unique(dataset.phenotypes.environment_name)
    named = named[named != ""]
    lost = np.setdiff1d(named, table.environment_name)
    if not lost.size:
        return facts, codes
    hint = (
        f"{lost.size} of {named.size} environments of the phenotypes are not in "
        f"{table.source}: {', '.join(map(str, lost[:5]))}"
    )
    return facts, [hint, *codes]


def constant_hints(dataset: Dataset, splits: Splits) -> list[str]:
    """Return which targets have one value in the training rows of which folds."""
    found: dict[str, list[str]] = {}
    for split in splits:
        one = constant_targets(dataset.phenotypes.take_samples(split.train))
        for target in np.flatnonzero(one):
            name = dataset.phenotypes.target_name[target]
            where = f"{split.scheme} {split.replicate}.{split.fold}"
            found.setdefault(name, []).append(where)
    return [
        f"{name}: the values of the training rows are all equal in {len(folds)} of "
        f"{len(splits)} folds ({', '.join(folds[:3])}); no model learns it there, and "
        "that value is predicted"
        for name, folds in found.items()
    ]


def error_notes(config: AnalysisConfig, dataset: Dataset) -> Notes:
    """Return what covariances of errors were read, and which models do not read them.

    These have 1 / variance as weights.
    """
    phenotypes = dataset.phenotypes
    given = [
        (name, one)
        for name, one in zip(phenotypes.target_name, phenotypes.errors, strict=False)
        if one is not None
    ]
    if not given:
        return (), ()
    readers, others = [], []
    for options in config.models:
        lacking = [one.label for one in options.members if not one.reads_errors]
        if len(lacking) < len(options.members):
            readers.append(options.label)
        if lacking:
            part = f" ({', '.join(lacking)})" if lacking != [options.label] else ""
            others.append(options.label + part)
    facts = [
        f"errors of {name}: covariance of {one.matrix.shape[0]} lines, scale "
        f"{config.phenotypes.error_scale}; read by {', '.join(readers) or 'no model'}"
        for name, one in given
    ]
    if not others:
        return facts, ()
    hint = (
        f"{', '.join(others)}: of the covariance of errors the diagonal alone is read, "
        'as weights; kind = "gblup" (variance = "reml") and "kernels" read all of it'
    )
    return facts, [hint]


def knowledge_notes(knowledge: Knowledge) -> Notes:
    """Return how the names of every file met the genes, and what was dropped."""
    facts = [match.line() for match in knowledge.matches]
    facts += knowledge.notes
    counts = knowledge.counts
    read = counts.get("terms_before_pruning", 0)
    if read:
        why = {"small": "terms_too_small", "large": "terms_too_large"}
        dropped = [f"{counts.get(name, 0)} too {size}" for size, name in why.items()]
        dropped.append(f"{counts.get('terms_redundant', 0)} redundant")
        facts.append(f"terms and sets: {read} with genes, {', '.join(dropped)}")
    hints = [
        match.hint() for match in knowledge.matches if match.share_lost > WORTH_A_LOOK
    ]
    return facts, hints


def contig_hints(knowledge: Knowledge, variants: VariantTable) -> list[str]:
    """Return what is lost where contigs of genes and variants are called otherwise."""
    genes = knowledge.genes
    if genes is None:
        return []
    ours, theirs = variants.variant_contig, genes.gene_contig
    partner = match_contigs(
        [name for name in dict.fromkeys(ours.tolist()) if name],
        list(dict.fromkeys(theirs.tolist())),
    ).partner
    lost = (
        (ours, list(partner), "variants", "that hold no gene"),
        (theirs, list(partner.values()), "genes", "that hold no variant"),
    )
    hints = []
    for contigs, known, what, why in lost:
        alone = ~np.isin(contigs, known) & (contigs != "")
        if alone.sum() > WORTH_A_LOOK * contigs.size:
            names = ", ".join(map(str, dict.fromkeys(contigs[alone].tolist()[:500])))
            shown = names if len(names) < 60 else f"{names[:60]}..."
            hints.append(
                f"{alone.sum():,} of {contigs.size:,} {what} "
                f"({alone.mean():.0%}) lie on contigs {why}: {shown}"
            )
    remedy = contig_remedy(knowledge, variants) if hints else ""
    return [*hints, remedy.removesuffix(", or ")] if remedy else hints
