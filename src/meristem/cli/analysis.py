"""Commands that run an analysis or a part of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meristem.cli.console import progress, say, say_json
from meristem.cli.options import AnalysisPath, Force, Json, Quiet
from meristem.runs.progress import Notify

if TYPE_CHECKING:
    from meristem.pipeline.analysis import Analysis

Run = Annotated[Path, typer.Argument(help="Run folder.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", help="Run folder, instead of the configured one."),
]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, max=2**53, help="Other seed.")
]
Jobs = Annotated[int | None, typer.Option("--jobs", min=1, max=1024, help="Processes.")]
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="ADDRESS",
        help="Dask scheduler for the fits, tcp://host:8786; 'local' starts one.",
    ),
]
Memory = Annotated[
    str | None,
    typer.Option("--max-memory", metavar="SIZE", help="Memory of the run, as 4GB."),
]


@dataclass(frozen=True)
class _Asked:
    """What a command line changes of a configuration."""

    out: Path | None
    seed: int | None
    jobs: int | None
    max_memory: str | None
    force: bool
    controls: bool = False


def _carry_out(
    path: Path,
    asked: _Asked,
    stages: tuple[str, ...] = (),
    *,
    cluster: str | None = None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run stages of an analysis, all if none is named, and say what was found."""
    from meristem.pipeline.run import STAGES, run_stages
    from meristem.runs.cluster import on_cluster

    with (
        progress(quiet=quiet or as_json) as notify,
        on_cluster(cluster, asked.jobs) as at_once,
    ):
        analysis = _start(path, replace(asked, jobs=at_once), notify)
        run_stages(analysis, stages or tuple(STAGES))
    _finish(analysis, as_json=as_json)


def _start(path: Path, asked: _Asked, notify: Notify) -> Analysis:
    from meristem.config import read_config
    from meristem.config.run import parse_memory
    from meristem.pipeline.analysis import Analysis
    from meristem.runs.folder import RunFolder
    from meristem.runs.record import command_line

    config = read_config(path)
    size = asked.max_memory
    memory = None if size is None else parse_memory(size)
    changes = {
        "out": asked.out and asked.out.resolve(),
        "seed": asked.seed,
        "jobs": asked.jobs,
        "max_memory": memory,
    }
    given = {name: value for name, value in changes.items() if value is not None}
    config = config.model_copy(update={"run": config.run.model_copy(update=given)})
    if asked.controls:
        wider = config.evaluate.model_copy(update={"controls": True})
        config = config.model_copy(update={"evaluate": wider})
    folder = RunFolder(config.run.out, force=asked.force)
    return Analysis(config, folder, command=command_line(), notify=notify)


def _finish(analysis: Analysis, *, as_json: bool) -> None:
    folder = analysis.folder
    verdicts = folder.file("verdicts.json")
    lines: list[dict] = []
    if verdicts.is_file():
        lines = list(folder.read_json("verdicts.json"))
    if as_json:
        content = {"run": str(folder.path), "report": str(folder.file("report.html"))}
        say_json({**content, "verdicts": lines})
        return
    for verdict in _shown(lines):
        say(str(verdict["line"]))
    say(f"report: {folder.file('report.html')}")


def _shown(verdicts: list[dict]) -> list[dict]:
    """Return the verdicts over all traits where there are several, else all."""
    over_all = [verdict for verdict in verdicts if verdict["trait"] == "all"]
    return over_all or verdicts


def run(
    config: AnalysisPath,
    out: Out = None,
    seed: Seed = None,
    jobs: Jobs = None,
    cluster: Cluster = None,
    max_memory: Memory = None,
    force: Force = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Run a whole analysis: prepare, evaluate, fit, explain, predict, report."""
    asked = _Asked(out, seed, jobs, max_memory, force)
    _carry_out(config, asked, cluster=cluster, quiet=quiet, as_json=as_json)


def train(
    config: AnalysisPath,
    out: Out = None,
    seed: Seed = None,
    jobs: Jobs = None,
    max_memory: Memory = None,
    force: Force = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Fit every model on all lines and keep it, without evaluation."""
    asked = _Asked(out, seed, jobs, max_memory, force)
    stages = ("prepare", "knowledge", "fit", "candidates")
    _carry_out(config, asked, stages, quiet=quiet, as_json=as_json)


def evaluate(
    config: AnalysisPath,
    out: Out = None,
    seed: Seed = None,
    jobs: Jobs = None,
    controls: Annotated[
        bool, typer.Option("--controls", help="Run the network's controls too.")
    ] = False,
    cluster: Cluster = None,
    max_memory: Memory = None,
    force: Force = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Compare the models on shared folds and give one verdict each."""
    asked = _Asked(out, seed, jobs, max_memory, force, controls)
    stages = ("prepare", "knowledge", "evaluate")
    _carry_out(config, asked, stages, cluster=cluster, quiet=quiet, as_json=as_json)


def explain(
    run: Run, force: Force = False, quiet: Quiet = False, as_json: Json = False
) -> None:
    """Explain the network of a run: nodes, genes and variants that matter."""
    from meristem.pipeline.analysis import open_run
    from meristem.pipeline.run import run_stages

    with progress(quiet=quiet or as_json) as notify:
        analysis = open_run(run, force=force, notify=notify)
        run_stages(analysis, ("prepare", "knowledge", "fit", "explain"))
    folder = analysis.folder
    if not folder.file("nodes.csv").is_file():
        say("this run has no network with a knowledge graph: nothing to explain")
        return
    nodes = folder.read_table("nodes.csv").sort_values("rank")
    columns = ["node", "kind", "trait", "environment", "sensitivity", "agreement"]
    top = nodes[columns].head(analysis.config.explain.top)
    if as_json:
        say(top.to_json(orient="records", indent=1))
        return
    say(top.to_string(index=False, float_format=lambda value: f"{value:.4g}"))
    say(f"all of it: {folder.file('nodes.csv')}, {folder.file('variants.csv')}")


def report(run: Run, force: Force = False) -> None:
    """Write the report of a run folder again, from its artefacts alone."""
    from meristem.pipeline.run import report_again
    from meristem.runs.folder import RunFolder

    say(f"report: {report_again(RunFolder.open(run, force=force))}")


def predict(
    run: Run,
    genotypes: Annotated[Path, typer.Option("--genotypes", help="New lines.")],
    out: Annotated[Path | None, typer.Option("--out", help="CSV to write.")] = None,
    model: Annotated[
        list[str] | None, typer.Option("--model", help="Model label; repeatable.")
    ] = None,
    hybrids: Annotated[
        Path | None,
        typer.Option("--hybrids", help="Crosses of these lines to predict instead."),
    ] = None,
    genotype_format: Annotated[str, typer.Option("--format", help="File format.")] = (
        "auto"
    ),
    min_overlap: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="Share of training variants required."),
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Predict new lines from genotypes alone with the models of a run."""
    from meristem.pipeline.analysis import open_run
    from meristem.pipeline.predicting.candidates import predict_new
    from meristem.runs.lock import locked
    from meristem.runs.outputs import list_output, refuse_overwriting
    from meristem.text.files import replacing

    analysis = open_run(run)
    target = out or run / f"predictions-{genotypes.name.split('.')[0]}.csv"
    inputs = [genotypes, hybrids, *(item.path for item in analysis.inputs)]
    refuse_overwriting(target, inputs=inputs, written_by=analysis.folder, force=force)
    table, matched = predict_new(
        analysis,
        genotypes,
        labels=tuple(model or ()),
        hybrids=hybrids,
        genotype_format=genotype_format,
        min_overlap=min_overlap,
    )
    with replacing(target) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")
    with locked(run):
        list_output(analysis.folder, target)
    if as_json:
        say_json({"out": str(target), "variants": matched.to_json()})
        return
    say(matched.line)
    say(f"{table['sample_id'].nunique()} lines predicted: {target}")


def check(config: AnalysisPath, as_json: Json = False) -> None:
    """Read everything, estimate memory and time, list all problems; run nothing."""
    from meristem.config import read_config
    from meristem.pipeline.checking.check import check_analysis

    result = check_analysis(read_config(config))
    if as_json:
        say_json(result.to_json())
    else:
        for line in result.lines():
            say(line)
    if result.problems:
        raise typer.Exit(2)


def schema(
    out: Annotated[Path | None, typer.Option("--out", help="File to write.")] = None,
    force: Force = False,
) -> None:
    """Print the JSON schema of the configuration, with the meaning of each field."""
    import json

    from meristem.config import AnalysisConfig
    from meristem.runs.outputs import refuse_overwriting
    from meristem.text.files import write_text

    text = json.dumps(AnalysisConfig.model_json_schema(), indent=1)
    if out is None:
        say(text)
        return
    refuse_overwriting(out, force=force)
    write_text(out, text + "\n")
    say(f"schema: {out}")


def attach(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    for command in (run, check, train, evaluate, predict, explain, report, schema):
        app.command()(command)
