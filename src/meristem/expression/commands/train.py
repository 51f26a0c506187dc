"""The command `train`: models of expression compared on lines and genes held out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from meristem.config.expression.heads import HeadOptions
from meristem.config.expression.training import ExpressionModel, ExpressionRun
from meristem.expression.cis.catalog import CATALOG
from meristem.expression.commands.lines import (
    TrainingInputs,
    genotype_config,
    positions_path,
    read_training,
    take_measured,
    training_files,
)
from meristem.expression.commands.report import build_training_report
from meristem.expression.heads.catalog import HEADS
from meristem.expression.questions.fit import run_holdout, train
from meristem.expression.questions.head_fit import run_head_holdout
from meristem.expression.questions.holdouts import (
    Holdout,
    family_holdouts,
    fold_count,
    gene_holdouts,
    line_holdouts,
    permuted_gene_holdouts,
    permuted_holdouts,
)
from meristem.expression.questions.scores import compare, gene_scores, summarise
from meristem.records import StrArray
from meristem.runs.destination import Destination, in_locked_folder
from meristem.runs.keys import digest
from meristem.runs.progress import Notify
from meristem.runs.record import Run, configured_run
from meristem.runs.revision import revision_of
from meristem.runs.seeds import derived_rng
from meristem.runs.tasks import Arrays, Task, run_tasks

Call = Callable[..., Arrays]
Result = tuple[Holdout, str, Arrays]
FILES = (
    "scores.csv",
    "summary.csv",
    "comparison.csv",
    "predictions.csv",
    "weights.csv",
    "training.json",
    "report.html",
)

CARRIERS: tuple[ExpressionModel, ...] = (
    "cis_polygenic",
    "cis_polygenic_published",
    "cis_elastic_net",
    "cis_ridge",
    "cis_top",
)
"""Models whose cis weights are written; the published ones add to their weights."""


@in_locked_folder
def train_run(config: ExpressionRun, to: Destination) -> Path:
    """Compare the models of a configuration and write a run folder."""
    inputs = take_measured(read_training(config, to.folder))
    run = _plan(config, to)
    run.folder.refuse_foreign(FILES)
    held = holdouts_of(config, inputs)
    run.write(finished=False)
    with run.timed("folds"):
        results = evaluate(config, inputs, held, to.folder / "work", to.notify)
    scores = score_all(results, inputs.lines.gene)
    contig = pd.Series(inputs.lines.contig, index=inputs.lines.gene)
    run.table("scores", scores)
    run.table("summary", summarise(scores))
    rng = derived_rng(config.run.seed, "genes drawn")
    run.table("comparison", compare(scores, contig, rng))
    best = best_model(scores)
    run.table("predictions", _predictions(results, inputs, best))
    with run.timed("weights"):
        run.table("weights", _weights(config, inputs))
    run.note("training", _about(config, inputs, best))
    return run.finish(build_training_report)


def holdouts_of(config: ExpressionRun, inputs: TrainingInputs) -> list[Holdout]:
    """Return everything that is held out in turn.

    Raises
    ------
    DataError
        If there are too few families.
    """
    asked, seed = config.train, config.run.seed
    n_line, n_gene = inputs.lines.value.shape
    found = line_holdouts(
        n_line, n_gene, folds=asked.folds, repeats=asked.repeats, seed=seed
    )
    if asked.families is not None:
        found += family_holdouts(inputs.family, n_gene, folds=asked.folds, seed=seed)
    if asked.zero_shot or any(HEADS[head.kind].new_genes for head in asked.heads):
        group = inputs.gene_group
        found += gene_holdouts(group, n_line, folds=asked.folds, seed=seed)
        found += permuted_gene_holdouts(
            group, n_line, folds=asked.folds, runs=asked.permutations, seed=seed
        )
    if asked.permutations:
        found += permuted_holdouts(
            n_line, n_gene, folds=asked.folds, runs=asked.permutations, seed=seed
        )
    return found


def evaluate(
    config: ExpressionRun,
    inputs: TrainingInputs,
    held: Sequence[Holdout],
    work: Path | None,
    notify: Notify,
) -> list[Result]:
    """Fit every model on every holdout; what is done is kept in `work`."""
    asked, seed = config.train, config.run.seed
    lines, panel = inputs.lines, inputs.panel
    base = digest(lines, asked.preprocess, asked.inner_folds, seed)
    named: list[tuple[Holdout, str]] = []
    tasks: list[Task] = []

    def add(holdout: Holdout, name: str, code: str, call: Call, *rest: object) -> None:
        label = f"{holdout.question}-{holdout.repeat}-{holdout.fold}-{name}"
        named.append((holdout, name))
        tasks.append(Task(label, digest(base, holdout, rest, code), call, rest))

    heads: dict[str, HeadOptions | None] = {
        f"head_{head.kind}": head for head in asked.heads
    }
    if asked.zero_shot:
        heads["zero_shot"] = None
    for holdout in held:
        new_genes = holdout.question.endswith(("new_genes", "both_new"))
        for name in () if new_genes else asked.models:
            code = revision_of(run_holdout, CATALOG[name].model)
            rest = (lines, holdout, name, asked.preprocess, asked.inner_folds, seed)
            add(holdout, name, code, run_holdout, *rest)
        for label, head in heads.items():
            if new_genes and head is not None and not HEADS[head.kind].new_genes:
                continue
            code = revision_of(run_head_holdout)
            told = (lines, panel, holdout, head, asked.preprocess, seed)
            add(holdout, label, code, run_head_holdout, *told)

    def progress(done: int, total: int) -> None:
        notify("folds", done, total)

    found = dict(run_tasks(tasks, jobs=config.run.jobs, folder=work, progress=progress))
    return [(*named[k], found[k]) for k in range(len(named))]


def score_all(results: list[Result], gene: StrArray) -> pd.DataFrame:
    """Return `gene_scores` of every question and model, one table."""
    groups: dict[tuple[str, str], list[tuple[Holdout, Arrays]]] = {}
    for holdout, name, arrays in results:
        groups.setdefault((holdout.question, name), []).append((holdout, arrays))
    frames = []
    for (question, name), own in groups.items():
        frame = gene_scores(own, gene)
        frame.insert(0, "question", question)
        frame.insert(1, "model", name)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def best_model(scores: pd.DataFrame) -> str:
    """Return the model with the largest mean r on new lines."""
    own = scores[scores["question"] == "new_lines"]
    r = own["r"].fillna(0.0)  # of a gene that nothing was said of
    mean = r.groupby(own["model"], sort=False).mean()
    return str(mean.idxmax())


def _predictions(
    results: list[Result], inputs: TrainingInputs, best: str
) -> pd.DataFrame:
    """Return lines held out in the first repeat, by the best model, one per row."""
    frames = []
    for holdout, name, arrays in results:
        if name != best or holdout.repeat > 0 or holdout.order is not None:
            continue
        lines = inputs.lines.genotypes.sample_id[holdout.test_lines]
        genes = inputs.lines.gene[holdout.test_genes]
        frames.append(
            pd.DataFrame(
                {
                    "question": holdout.question,
                    "model": name,
                    "fold": holdout.fold,
                    "line": np.repeat(lines, genes.size),
                    "gene": np.tile(genes, lines.size),
                    "observed": np.round(arrays["observed"].ravel(), 5),
                    "predicted": np.round(arrays["predicted"].ravel(), 5),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _weights(config: ExpressionRun, inputs: TrainingInputs) -> pd.DataFrame:
    """Return which variants near a gene carry its expression, of all lines.

    Weights are per copy of the counted allele, of the first model of `CARRIERS` that
    was asked for; the table can be `train.weights` of another panel.
    """
    lines = inputs.lines
    cis_models = [name for name in CARRIERS if name in config.train.models]
    columns = ["gene", "variant", "contig", "position", "ref", "alt", "weight"]
    if not cis_models:
        return pd.DataFrame(columns=columns)
    trained = train(
        lines,
        cis_models[0],
        config.train.preprocess,
        inner_folds=config.train.inner_folds,
        seed=config.run.seed,
    )
    member, start = lines.cis.member, lines.cis.start
    weight = trained.model.cis_weight / trained.scale.sd[member]
    gene = np.repeat(lines.gene, np.diff(start))
    kept = np.abs(weight) > 1e-9
    variants, at = lines.genotypes.variants, member[kept]
    arrays = (
        gene[kept],
        variants.variant_id[at],
        variants.variant_contig[at],
        variants.variant_position[at],
        variants.variant_ref[at],
        variants.variant_alt[at],
        np.round(weight[kept], 8),
    )
    return pd.DataFrame(dict(zip(columns, arrays, strict=True)))


def _about(
    config: ExpressionRun, inputs: TrainingInputs, best: str
) -> dict[str, object]:
    lines = inputs.lines
    return {
        "lines": lines.genotypes.n_sample,
        "genes": int(lines.gene.size),
        "variants": lines.genotypes.n_variant,
        "window": config.train.window,
        "no_genotypes": inputs.n_unknown,
        "silent": inputs.n_silent,
        "no_position": int(inputs.unplaced.size),
        "no_cis": int((np.diff(lines.cis.start) == 0).sum()),
        "no_haplotypes": inputs.n_bare,
        "no_covariates": inputs.n_uncovered,
        "weights": "" if inputs.found is None else inputs.found.line,
        "best": best,
        "models": labels(config),
        "folds": fold_count(config.train.folds, lines.genotypes.n_sample),
        "repeats": config.train.repeats,
        "settings": train_settings(config),
    }


def train_settings(config: ExpressionRun) -> str:
    """Return a digest of what the scores of a model depend on, files by content."""
    asked = config.train
    return digest(
        config.expression,
        genotype_config(config),
        positions_path(config),
        config.covariates,
        asked.window,
        asked.weights,
        asked.preprocess,
        asked.inner_folds,
        asked.heads,
    )


def labels(config: ExpressionRun) -> dict[str, str]:
    """Return the readable names of all models that are compared."""
    found = {str(name): CATALOG[name].label for name in config.train.models}
    for head in config.train.heads:
        found[f"head_{head.kind}"] = HEADS[head.kind].label
    if config.train.zero_shot:
        found["zero_shot"] = "sequence model alone"
    return found


def _plan(config: ExpressionRun, to: Destination) -> Run:
    question = "Which genes can be told from the genome, and how?"
    return configured_run(config, to, question, training_files(config), "expression")
