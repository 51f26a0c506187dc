"""The command `predict`: expression of lines from their genotypes, as omics."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np

from meristem.config.expression.panel import ExpressionConfig
from meristem.config.expression.training import ExpressionModel, ExpressionRun
from meristem.errors import ConfigError, DataError
from meristem.expression.cis.catalog import CATALOG
from meristem.expression.commands.embed import embed_lines
from meristem.expression.commands.lines import (
    TrainingInputs,
    genotype_config,
    lines_to_predict,
    read_training,
    take_measured,
)
from meristem.expression.commands.train import best_model, train_settings
from meristem.expression.panel import EmbeddedPanel
from meristem.expression.preprocess.adjust import fit_adjustment
from meristem.expression.questions.fit import train
from meristem.expression.questions.head_fit import predict_head, train_head
from meristem.expression.use.predicted import (
    filled_table,
    gene_frame,
    predicted_table,
    table_frame,
)
from meristem.io.genotypes.read import read_genotypes
from meristem.io.tables.omics import read_omics
from meristem.prepare.match import match_variants
from meristem.records import FloatArray, Genotypes, OmicsTable
from meristem.runs.destination import Destination, in_locked_folder
from meristem.runs.folder import RunFolder

PREDICTED, GENES, FILLED = "predicted.csv", "predicted_genes.csv", "filled.csv"


@dataclass(frozen=True)
class PredictReport:
    """What was predicted."""

    model: str
    n_line: int
    n_gene: int
    n_left_out: int  # genes whose r is too small
    median_r: float
    matched: str
    folder: Path

    def __str__(self) -> str:
        """Return the summary, and how an analysis reads the tables."""
        folder = self.folder.resolve()
        return (
            f"{self.n_line:,} lines, {self.n_gene:,} genes by {self.model} (median r "
            f"on lines held out {self.median_r:.2f}; {self.n_left_out:,} genes left "
            f"out); {self.matched}\nIn an analysis:\n\n[[omics]]\nname = "
            f'"expression"\npath = "{folder / PREDICTED}"\nnode_map = '
            f'"{folder / GENES}"'
        )


@in_locked_folder
def predict_run(config: ExpressionRun, to: Destination) -> PredictReport:
    """Predict the expression of lines without any, with the reliability of every gene.

    The model is fitted on all lines with expression; the reliability comes from the
    lines that `train` held out.

    Raises
    ------
    MeristemError
        If `train` has not run, or an input cannot be used.
    """
    opened = RunFolder.open(to.folder, force=to.force)
    opened.refuse_lost(["scores.csv", "training.json"])
    opened.refuse_damaged(["scores.csv", "training.json"])
    opened.refuse_foreign((PREDICTED, GENES, FILLED))
    scores = opened.read_table("scores.csv")
    own = scores[scores["question"] == "new_lines"]
    name = config.predict.model or best_model(scores)
    if name not in set(own["model"]):
        raise ConfigError(
            f"the model {name!r} was not trained",
            where="predict.model",
            remedy=f"use one of {', '.join(own['model'].unique())}, or add it to train",
        )
    if opened.read_json("training.json").get("settings") != train_settings(config):
        raise ConfigError(
            "holds the scores of other settings or files: they say nothing of the "
            "reliability of these predictions",
            where=to.folder,
            remedy="run `meristem expression train` again",
        )
    inputs = read_training(config, to.folder)
    target, matched = _lines(config, inputs)
    panel = _panel(config, inputs, target, name, to)
    about = own[own["model"] == name].rename(columns={"r": "r_held_out"})
    about = about[["gene", "r_held_out", "cis", "polygenic"]]
    r = about.set_index("gene")["r_held_out"].reindex(inputs.lines.gene)
    value = _predict(config, inputs, target, name, panel)
    assert config.expression is not None
    measured = read_omics(config.expression, inputs.lines.genotypes.sample_id)
    told = np.isin(measured.feature_id, inputs.lines.gene)
    measured = measured.take_features(told)
    table = predicted_table(
        config.expression.name,
        target.sample_id,
        inputs.lines.gene,
        measured.node_name,
        value,
        r.to_numpy(float),
        config.predict.min_r,
    )
    opened.write_table(PREDICTED, table_frame(table))
    opened.write_table(GENES, gene_frame(table, about))
    if config.predict.fill:
        filled = filled_table(_over(measured, config, inputs, target), table)
        opened.write_table(FILLED, table_frame(filled))
    kept = np.isin(inputs.lines.gene, table.feature_id)
    return PredictReport(
        name,
        target.n_sample,
        int(kept.sum()),
        int((~kept).sum()),
        float(r[kept].median()),
        matched,
        opened.path,
    )


def _lines(config: ExpressionRun, inputs: TrainingInputs) -> tuple[Genotypes, str]:
    """Return the lines to predict, with the variants of training, and what was found.

    Raises
    ------
    DataError
        If there are none.
    """
    known = inputs.lines.genotypes
    path = config.predict.genotypes
    if path is not None:
        given = genotype_config(config).model_copy(update={"path": path})
        found, report = match_variants(
            read_genotypes(given), known.variants, config.predict.min_overlap
        )
        return found, report.line
    rows = np.flatnonzero(~inputs.lines.measured)
    if rows.size == 0:
        raise DataError(
            "every genotyped line has expression, so that there is none to predict",
            where="predict.genotypes",
            remedy="give the genotypes of further lines",
        )
    return known.take_samples(rows), f"{rows.size:,} genotyped lines without expression"


def _panel(
    config: ExpressionRun,
    inputs: TrainingInputs,
    target: Genotypes,
    name: str,
    to: Destination,
) -> EmbeddedPanel | None:
    """Return the embedded haplotypes of the lines to predict; None: not read.

    Raises
    ------
    ConfigError
        If no genome is named to build them from.
    DataError
        If a line has none.
    """
    entry = CATALOG.get(cast(ExpressionModel, name))
    if inputs.panel is None or (entry is not None and not entry.features):
        return None
    panel, path = inputs.panel, config.predict.genotypes
    if path is not None:
        if not isinstance(config, ExpressionConfig):
            raise ConfigError(
                f"{name} reads sequences, and there is no [genome] to build them from",
                where="predict.genotypes",
                remedy="add the sections that `embed` read, or choose another "
                "predict.model",
            )
        variants = config.variants.model_copy(update={"path": path})
        theirs = config.model_copy(update={"variants": variants})
        panel = embed_lines(theirs, to.folder, to.notify)
    absent = target.sample_id[~np.isin(target.sample_id, panel.lines)]
    if absent.size:
        raise DataError(
            f"{absent.size} of {target.n_sample} lines to predict have no haplotypes "
            f"({', '.join(absent[:3])}, ...), which {name} reads",
            where="variants.path",
            remedy="give calls of all lines, or choose another predict.model",
        )
    return panel


def _predict(
    config: ExpressionRun,
    inputs: TrainingInputs,
    target: Genotypes,
    name: str,
    panel: EmbeddedPanel | None,
) -> FloatArray:  # (n_line, n_gene)
    lines = take_measured(inputs).lines
    asked, seed = config.train, config.run.seed
    models = {str(one): one for one in asked.models}
    if name in models:
        fitted = train(
            lines,
            models[name],
            asked.preprocess,
            inner_folds=asked.inner_folds,
            seed=seed,
        )
        return fitted.predict(lines_to_predict(target, inputs, panel))
    heads = {f"head_{head.kind}": head for head in asked.heads}
    assert inputs.panel is not None
    assert panel is not None
    genes = np.arange(lines.gene.size)
    head = train_head(
        lines, genes, inputs.panel, heads.get(name), asked.preprocess, seed
    )
    return predict_head(head, panel, target.sample_id, lines.known_as)


def _over(
    measured: OmicsTable,
    config: ExpressionRun,
    inputs: TrainingInputs,
    target: Genotypes,
) -> OmicsTable:
    """Return measured values over the genotyped lines and those predicted.

    They are on the scale of the models, and without the effects of covariates, as
    predictions are.
    """
    lines, names = take_measured(inputs).lines, inputs.lines.genotypes.sample_id
    plain = config.train.preprocess.model_copy(update={"factors": 0})
    adjustment, _ = fit_adjustment(
        lines.value, lines.covariates, lines.genotypes, plain
    )
    whole = inputs.lines
    known = adjustment.scored(whole.value, whole.covariates, whole.genotypes)
    extra = target.sample_id[~np.isin(target.sample_id, names)]
    value = np.concatenate(
        [known, np.full((extra.size, inputs.lines.gene.size), np.nan)]
    )
    return replace(measured, sample_id=np.concatenate([names, extra]), value=value)
