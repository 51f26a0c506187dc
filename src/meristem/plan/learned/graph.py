"""A graph learned from the training rows: genes of the trait, then their variants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from meristem.config.models import LearnOptions
from meristem.errors import DataError, PlanError
from meristem.knowledge.build import Knowledge
from meristem.knowledge.graph import make_graph
from meristem.plan.assign import read_assignment
from meristem.plan.known_scores import known_sizes
from meristem.plan.learned.cis import Pairs, cis_pairs
from meristem.plan.learned.coexpression import coexpression_modules
from meristem.plan.learned.curated import GENE
from meristem.plan.learned.eqtl import kept_pairs, tested_pairs
from meristem.plan.learned.genes import INNER_FOLDS, choose_features
from meristem.plan.learned.known import (
    Kept,
    chosen_cis_weights,
    nearest,
    pair_weights,
)
from meristem.plan.learned.regulators import find_regulators
from meristem.plan.learned.thin import keep_best
from meristem.records import (
    Dataset,
    FloatArray,
    GeneTable,
    Genotypes,
    IntArray,
    OmicsTable,
    Splits,
    StrArray,
    VariantTable,
)
from meristem.stats.folds import random_splits


@dataclass(frozen=True)
class LearnedGraph:
    """Genes chosen on training rows, their variants, and edges between them.

    A node stands for a measured feature: the node it is mapped to, or the feature
    itself.
    """

    node_name: StrArray  # (n_gene,) unique, strongest first within a table
    omics: StrArray  # (n_gene,) table it was measured in
    score: FloatArray  # (n_gene,) |coefficient| or -log10 p; NaN when all are kept
    gene: IntArray  # (n_pair,) position in node_name
    variant: IntArray  # (n_pair,) position in the variant table
    beta: FloatArray  # (n_pair,) NaN unless scanned
    p: FloatArray  # (n_pair,) NaN unless scanned
    cis: NDArray[np.bool_]  # (n_pair,)
    edge_source: tuple[str, ...] = ()  # node names
    edge_target: tuple[str, ...] = ()  # node names, modules among them


def learn_graph(
    dataset: Dataset,
    options: LearnOptions,
    *,
    rng: np.random.Generator,
    knowledge: Knowledge | None = None,
    genes: GeneTable | None = None,
    inner: Splits = (),
) -> LearnedGraph:
    """Learn genes, their variants and edges between genes from the training rows.

    Parameters
    ----------
    dataset
        The training rows and nothing else. Rows with omics alone serve the scan.
    options
        How genes and variants are chosen.
    rng
        Draws splits where they are needed and `inner` is empty.
    knowledge
        Says what lies in cis (gene positions, claims), and which genes have other
        names.
    genes
        Gene positions; default: those of `knowledge`.
    inner
        Splits that mimic the outer question.

    Raises
    ------
    DataError
        If there are no omics, or fewer than 10 rows with them.
    PlanError
        If cis windows are asked for and no gene has a position or claim.

    References
    ----------
    Kontolati et al. 2025, arXiv 2510.14970: genes by elastic net on expression, then
    the first 20 variants of an eQTL scan per gene.
    """
    tables = _tables(dataset, options.omics)
    known = knowledge if knowledge is not None else Knowledge(make_graph({}))
    if genes is not None:
        known = replace(known, genes=genes)
    parts: list[LearnedGraph] = []
    taken: set[str] = set()
    for table in tables:
        part = _learn_table(dataset, table, options, rng, known, inner, taken)
        taken.update(part.node_name.tolist())
        parts.append(part)
    return _join(parts)


def _tables(dataset: Dataset, name: str) -> Sequence[OmicsTable]:
    if not dataset.omics:
        raise DataError(
            "there are no omics to learn a graph from",
            remedy='add an [[omics]] section, or set graph = "knowledge"',
        )
    tables = [table for table in dataset.omics if name in ("", table.name)]
    if not tables:
        known = ", ".join(table.name for table in dataset.omics)
        raise DataError(
            f"there is no omics table called {name!r}",
            where="learn.omics",
            remedy=f"use one of the tables read: {known}",
        )
    return tables


def _learn_table(
    dataset: Dataset,
    table: OmicsTable,
    options: LearnOptions,
    rng: np.random.Generator,
    known: Knowledge,
    inner: Splits,
    taken: set[str],
) -> LearnedGraph:
    """Learn genes, variants and edges from one omics table."""
    names = np.where(table.node_name == "", table.feature_id, table.node_name)
    chosen = choose_features(dataset, table.value, options, rng=rng, inner=inner)
    first = _first_of_each(names[chosen.feature], taken)
    feature = chosen.feature[first]
    node_name = names[feature]
    direct = table.direct()
    rows = np.flatnonzero(~np.isnan(direct.value).all(axis=1))
    genotypes = dataset.genotypes.take_samples(rows)
    value = direct.value[rows][:, feature]
    cis, distance = cis_pairs(
        node_name,
        genotypes.variants,
        options.cis_window_bp,
        genes=known.genes,
        graph=known.graph,
    )
    _require_cis(options, cis, known)
    weight = _cis_weights(genotypes, value, (cis, distance), options, rng)
    if options.variants == "eqtl":
        tested = tested_pairs(genotypes, value, options, cis)
        own = None if weight is None else pair_weights(tested, cis, weight)
        found = kept_pairs(tested, genotypes, options, own)
        gene, variant = found.feature, found.variant
        beta, p, inside = found.beta, found.p, found.cis
    else:
        near = cis if weight is None else nearest(cis, distance / weight)
        gene, variant = _without_scan(genotypes, node_name, options, near, known)
        beta, p = np.full((2, gene.size), np.nan)
        size = genotypes.n_variant
        inside = np.isin(gene * size + variant, cis.feature * size + cis.variant)
    source, target = _gene_edges(genotypes, value, node_name, options, cis, table.name)
    return LearnedGraph(
        node_name,
        np.full(node_name.size, table.name),
        chosen.score[first],
        gene,
        variant,
        beta,
        p,
        inside,
        source,
        target,
    )


def _cis_weights(
    genotypes: Genotypes,
    value: FloatArray,  # (n_sample, n_gene)
    near: tuple[Pairs, FloatArray],  # cis pairs and their distance
    options: LearnOptions,
    rng: np.random.Generator,
) -> FloatArray | None:  # (n_pair,)
    """Return what scores say of the cis pairs; None without scores."""
    if options.priors is None:
        return None
    cis, distance = near
    size = known_sizes(options.priors, genotypes, rng)

    def keeper(rows: IntArray) -> Kept:
        part = genotypes.take_samples(rows)
        if options.variants == "cis":

            def keep(weight: FloatArray) -> tuple[IntArray, IntArray]:
                ranked = nearest(cis, distance / weight)
                return _kept_near(part, ranked.feature, ranked.variant, options)

            return keep
        tested = tested_pairs(part, value[rows], options, cis)

        def best(weight: FloatArray) -> tuple[IntArray, IntArray]:
            own = pair_weights(tested, cis, weight)
            found = kept_pairs(tested, part, options, own)
            return found.feature, found.variant

        return best

    splits = random_splits(genotypes.n_sample, INNER_FOLDS, rng)
    return chosen_cis_weights(
        genotypes, value, cis, size, options.priors, splits, keeper
    )


def _first_of_each(names: StrArray, taken: set[str]) -> IntArray:
    """Return the first feature of every node that is not taken yet."""
    seen = set(taken)
    first = []
    for place, name in enumerate(names.tolist()):
        if name not in seen:
            seen.add(name)
            first.append(place)
    return np.array(first, dtype=np.int64)


def _require_cis(options: LearnOptions, cis: Pairs, known: Knowledge) -> None:
    only_cis = options.variants == "eqtl" and not options.trans
    needed = only_cis or options.variants == "cis" or options.gene_edges == "regulators"
    if needed and cis.feature.size == 0:
        detail = (
            "no gene positions were given"
            if known.genes is None
            else f"no gene has a variant within {options.cis_window_bp} bp"
        )
        raise PlanError(
            f"no learned gene has a variant in cis: {detail}",
            where="learn",
            remedy="give gene positions on the genome version of the variants, whose "
            "ids are those of the omics features, or scan all variants",
        )


def _without_scan(
    genotypes: Genotypes,
    node_name: StrArray,
    options: LearnOptions,
    cis: Pairs,
    known: Knowledge,
) -> tuple[IntArray, IntArray]:  # each (n_pair,): gene, variant
    """Return the nearest variants, or the first ones of the eQTL table."""
    gene, variant = cis.feature, cis.variant
    if options.variants == "table":
        gene, variant = _from_table(genotypes.variants, node_name, options, known)
    return _kept_near(genotypes, gene, variant, options)


def _kept_near(
    genotypes: Genotypes, gene: IntArray, variant: IntArray, options: LearnOptions
) -> tuple[IntArray, IntArray]:
    kept = keep_best(
        genotypes.call_dosage,
        gene,
        variant,
        options.variants_per_gene,
        options.max_ld_r2,
    )
    return gene[kept], variant[kept]


def _from_table(
    variants: VariantTable,
    node_name: StrArray,
    options: LearnOptions,
    known: Knowledge,
) -> tuple[IntArray, IntArray]:
    if options.table is None:
        raise PlanError(
            "variants of learned genes come from a table, but none is named",
            where="learn.table",
            remedy="name a table with the columns variant and gene",
        )
    graph = make_graph(dict.fromkeys(node_name.tolist(), GENE))
    claims = read_assignment(options.table, variants, graph, known.alias)
    number = {name: place for place, name in enumerate(node_name.tolist())}
    gene = np.array([number[name] for name in claims.node_name.tolist()])
    # rows of the table are ranked: their order stays within a gene
    order = np.argsort(gene, kind="stable")
    return gene[order], claims.variant[order]


def _gene_edges(
    genotypes: Genotypes,
    value: FloatArray,  # (n_sample, n_gene)
    node_name: StrArray,  # (n_gene,)
    options: LearnOptions,
    cis: Pairs,
    table_name: str,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if options.gene_edges == "modules":
        module = coexpression_modules(value)
        member = np.flatnonzero(module >= 0)
        targets = [f"{table_name}:module_{k + 1}" for k in module[member].tolist()]
        return tuple(node_name[member].tolist()), tuple(targets)
    if options.gene_edges == "regulators":
        source, target = find_regulators(genotypes, value, cis)
        return tuple(node_name[source].tolist()), tuple(node_name[target].tolist())
    return (), ()


def _join(parts: list[LearnedGraph]) -> LearnedGraph:
    first = np.cumsum([0, *(part.node_name.size for part in parts)])[:-1]
    gene = [part.gene + low for part, low in zip(parts, first, strict=True)]
    return LearnedGraph(
        np.concatenate([part.node_name for part in parts]),
        np.concatenate([part.omics for part in parts]),
        np.concatenate([part.score for part in parts]),
        np.concatenate(gene),
        np.concatenate([part.variant for part in parts]),
        np.concatenate([part.beta for part in parts]),
        np.concatenate([part.p for part in parts]),
        np.concatenate([part.cis for part in parts]),
        tuple(name for part in parts for name in part.edge_source),
        tuple(name for part in parts for name in part.edge_target),
    )
