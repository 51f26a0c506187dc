"""Read what models of expression learn from: genotypes, expression, genes, weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from meristem.config.expression.panel import ExpressionConfig
from meristem.config.expression.training import ExpressionRun
from meristem.config.stages import GenotypeConfig, GroupConfig
from meristem.errors import ConfigError, DataError
from meristem.expression.cis.catalog import CATALOG
from meristem.expression.cis.published import (
    FoundWeights,
    PublishedWeights,
    published_scores,
    read_published,
)
from meristem.expression.commands.embed import SUMMARY, embed_settings
from meristem.expression.features import gene_features
from meristem.expression.heads.training import FEWEST
from meristem.expression.lines import ExpressionLines, cis_variants
from meristem.expression.panel import EmbeddedPanel
from meristem.expression.panel_file import REST, read_panel
from meristem.io.genotypes.read import read_genotypes
from meristem.io.tables.covariates import read_covariate_table
from meristem.io.tables.groups import read_groups
from meristem.io.tables.omics import read_omics
from meristem.knowledge.files.genes import read_genes
from meristem.records import Covariates, FloatArray, Genotypes, OmicsTable, StrArray
from meristem.records.covariates import no_columns
from meristem.runs.folder import RunFolder
from meristem.runs.record import InputFile, input_file


@dataclass(frozen=True)
class TrainingInputs:
    """Everything read, over the genotyped lines."""

    lines: ExpressionLines
    found: FoundWeights | None
    weights: PublishedWeights | None
    panel: EmbeddedPanel | None
    n_unknown: int  # lines with expression and no genotypes
    n_silent: int  # genes left out: too few lines with values, or all alike
    unplaced: StrArray  # genes that the positions do not know
    n_bare: int  # lines with expression whose haplotypes are not embedded
    n_uncovered: int  # lines with expression and no covariates, though some have
    family: StrArray  # (n_line,) "" not known
    gene_group: StrArray  # (n_gene,) family, or contig


def read_training(config: ExpressionRun, folder: Path) -> TrainingInputs:
    """Read and align the files of a configuration; features lie in the run folder.

    Raises
    ------
    MeristemError
        If an input cannot be used.
    """
    assert config.expression is not None
    genotypes = read_genotypes(genotype_config(config))
    table = read_omics(config.expression, genotypes.sample_id)
    value, n_unknown = _over(table, genotypes.sample_id)
    told = _tells(value, table)
    table, value = table.take_features(told), value[:, told]
    path = positions_path(config)
    genes = read_genes(path).genes
    names = np.where(table.node_name == "", table.feature_id, table.node_name)
    cis, contig = cis_variants(
        genotypes.variants, genes, names.tolist(), config.train.window
    )
    weights, found, score = None, None, None
    if config.train.weights:
        weights = read_published(config.train.weights)
        score, found = published_scores(weights, genotypes, names)
    features: tuple[FloatArray, ...] = ()
    asked = config.train
    reads = [CATALOG[name].features for name in asked.models]
    panel = None
    if any(reads) or asked.heads or asked.zero_shot:
        panel = _embedded(config, folder)
        if asked.heads or asked.zero_shot:
            _refuse_twice(names, table)
    if panel is not None and any(reads):
        features = gene_features(panel, genotypes.sample_id, names)
    rows, bare, uncovered = ~np.isnan(value).all(axis=1), 0, 0
    if panel is not None:
        bare = int((~np.isin(genotypes.sample_id[rows], panel.lines)).sum())
    covariates = read_line_covariates(config, genotypes.sample_id)
    if covariates is not None and covariates.column_name.size:
        uncovered = int((covariates.missing.all(axis=1) & rows).sum())
    lines = ExpressionLines(
        genotypes,
        table.feature_id,
        value,
        cis,
        contig,
        covariates,
        features,
        score,
        names,
    )
    return TrainingInputs(
        lines,
        found,
        weights,
        panel,
        n_unknown,
        int((~told).sum()),
        table.feature_id[contig == ""],
        bare,
        uncovered,
        _labels(config.train.families, genotypes.sample_id),
        _gene_groups(config.train.gene_families, names, contig),
    )


def _tells(value: FloatArray, table: OmicsTable) -> NDArray[np.bool_]:  # (n_gene,)
    """Return which genes have enough values that differ to learn from.

    Raises
    ------
    DataError
        If none has.
    """
    n = (~np.isnan(value)).sum(axis=0)
    low = np.where(np.isnan(value), np.inf, value).min(axis=0)
    high = np.where(np.isnan(value), -np.inf, value).max(axis=0)
    told = (n >= FEWEST) & (high > low)
    if not told.any():
        n_line = int((~np.isnan(value)).any(axis=1).sum())
        raise DataError(
            f"{n_line} genotyped lines have expression, and no gene has {FEWEST} "
            "values that differ",
            where=table.source,
            remedy="check that both files name lines alike, and that values are there",
        )
    return np.asarray(told)


def _embedded(config: ExpressionRun, folder: Path) -> EmbeddedPanel:
    if not (folder / REST).is_file():
        raise ConfigError(
            "holds no embedded haplotypes, which models or heads of [train] read",
            where=folder,
            remedy="run `meristem expression embed` with the same configuration first",
        )
    opened = RunFolder.open(folder)
    known = opened.read_json(SUMMARY).get("settings", "")
    if isinstance(config, ExpressionConfig) and known != embed_settings(config):
        raise ConfigError(
            "holds haplotypes that were embedded with other settings or files: "
            "[genome], [genes], [variants] or [embed] has changed since",
            where=folder,
            remedy="run `meristem expression embed` again; what is known already is "
            "not embedded anew",
        )
    return read_panel(opened)


def _refuse_twice(names: StrArray, table: OmicsTable) -> None:
    """Refuse two features of one gene: a head knows genes by their sequence."""
    found, count = np.unique(names, return_counts=True)
    if (count > 1).any():
        raise DataError(
            f"{count.max()} features measure the gene {found[count.argmax()]}; heads "
            "predict one value per gene",
            where=table.source,
            remedy="keep one feature per gene, or leave train.heads and zero_shot out",
        )


def genotype_config(config: ExpressionRun) -> GenotypeConfig:
    """Return where markers are: genotypes, else the calls that haplotypes are of."""
    if config.genotypes is not None:
        return config.genotypes
    assert isinstance(config, ExpressionConfig)
    return GenotypeConfig(path=config.variants.path)


def positions_path(config: ExpressionRun) -> Path:
    """Return the file that says where genes are."""
    if config.train.positions is not None:
        return config.train.positions
    assert isinstance(config, ExpressionConfig)
    return config.genome.annotation


def training_files(config: ExpressionRun) -> list[InputFile]:
    """Return the entries of `run.json` of all files that are read."""
    assert config.expression is not None
    named: list[tuple[str, Path | None]] = [
        ("genotypes", genotype_config(config).path),
        ("expression", config.expression.path),
        ("node map", config.expression.node_map),
        ("positions", positions_path(config)),
        ("covariates", None if config.covariates is None else config.covariates.path),
        ("families", config.train.families),
        ("gene families", config.train.gene_families),
        ("lines to predict", config.predict.genotypes),
    ]
    named += [("weights", path) for path in config.train.weights]
    return [input_file(r, p) for r, p in named if p is not None and p.exists()]


def _over(table: OmicsTable, sample_id: StrArray) -> tuple[FloatArray, int]:
    """Return values over the genotyped lines, and how many lines have no genotypes."""
    place = {name: row for row, name in enumerate(table.sample_id.tolist())}
    row = np.array([place.get(name, -1) for name in sample_id.tolist()])
    if (row < 0).all():
        raise DataError(
            f"none of its {table.sample_id.size} lines is genotyped",
            where=table.source,
            remedy="use the same line names in both files",
        )
    value = np.where((row >= 0)[:, None], table.value[row], np.nan)
    return value, int(table.sample_id.size - (row >= 0).sum())


def read_line_covariates(
    config: ExpressionRun, sample_id: StrArray
) -> Covariates | None:
    """Return the covariates over the lines; None where none are asked for."""
    asked = config.covariates
    if asked is None:
        return None
    if asked.path is None:
        if asked.names:
            raise ConfigError(
                f"covariates.columns names {asked.names[0]!r}, but there is no table",
                where="[covariates]",
                remedy="give covariates.path, a table with one row per line",
            )
        return no_columns(sample_id.size, asked.pcs)
    names, found = read_covariate_table(asked)
    place = {name: row for row, name in enumerate(names.tolist())}
    row = np.array([place.get(name, -1) for name in sample_id.tolist()])
    if (row < 0).all():
        raise DataError(
            "names none of the genotyped lines",
            where=asked.path,
            remedy="use the same line names in both files",
        )
    return found.spread_over(row)


def _labels(path: Path | None, names: StrArray, column: str = "") -> StrArray:
    """Return the first label of every name, "" not known; `column` holds the names."""
    label = np.full(names.size, "", dtype=object)
    if path is None:
        return label.astype(np.str_)
    groups = read_groups(GroupConfig(path=path, line=column))
    known = dict(zip(groups.sample_id.tolist(), groups.label[:, 0], strict=True))
    label = np.array([known.get(name, "") for name in names.tolist()], dtype=np.str_)
    if (label == "").all():
        raise DataError(
            f"has a label for none of the {names.size} names",
            where=path,
            remedy="use the names of the other files in the first column",
        )
    return label


def _gene_groups(path: Path | None, names: StrArray, contig: StrArray) -> StrArray:
    if path is None:
        return contig
    label = _labels(path, names, "gene")
    # a gene of no family is a family of its own
    return np.where(label == "", np.char.add("gene ", names), label)


def take_measured(inputs: TrainingInputs) -> TrainingInputs:
    """Return the lines with expression alone.

    Raises
    ------
    DataError
        If they are fewer than ten.
    """
    rows = np.flatnonzero(inputs.lines.measured)
    if rows.size < 10:
        raise DataError(
            f"{rows.size} genotyped lines have expression, at least 10 are needed",
            where="[expression]",
            remedy="check that both files name lines alike",
        )
    return replace(inputs, lines=inputs.lines.take(rows), family=inputs.family[rows])


def lines_to_predict(
    genotypes: Genotypes, inputs: TrainingInputs, panel: EmbeddedPanel | None
) -> ExpressionLines:
    """Return lines without expression, with everything that models read of them.

    `genotypes` has the variants of the training lines, in their order; `panel` has
    the haplotypes of the lines, None where the model reads none.
    """
    lines = inputs.lines
    score = None
    names = genotypes.sample_id
    if inputs.weights is not None:
        score, _ = published_scores(inputs.weights, genotypes, lines.known_as)
    features: tuple[FloatArray, ...] = ()
    if inputs.panel is not None and panel is not None and lines.features:
        features = gene_features(inputs.panel, names, lines.known_as, panel)
    return ExpressionLines(
        genotypes,
        lines.gene,
        np.full((names.size, lines.gene.size), np.nan),
        lines.cis,
        lines.contig,
        None,
        features,
        score,
        lines.node,
    )
