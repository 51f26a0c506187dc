"""Commands that look at prior knowledge and at the network compiled from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meristem.cli.console import say, say_json
from meristem.cli.options import AnalysisPath, Json

if TYPE_CHECKING:
    from meristem.knowledge.build import Knowledge
    from meristem.knowledge.quality import Quality
    from meristem.plan.compile import Compilation
    from meristem.plan.summary import PlanSummary


def _compiled(path: Path) -> tuple[Knowledge, Compilation]:
    """Return the knowledge and the compiled graph of a configuration."""
    from meristem.config import read_config
    from meristem.errors import ConfigError
    from meristem.knowledge.build import build_graph
    from meristem.pipeline.inputs import read_population
    from meristem.plan.compile import compile_plan

    config = read_config(path)
    if config.knowledge is None:
        raise ConfigError(
            "has no [knowledge] section",
            where=path,
            remedy="name a graph, genes, an ontology, gene sets or edges there",
        )
    genotypes, _ = read_population(config)
    graph = build_graph(config.knowledge)
    return graph, compile_plan(graph, genotypes.variants, config.knowledge)


def _some(names: tuple[str, ...], count: int) -> str:
    shown = ", ".join(names[:5])
    return f" (such as {shown})" if count and shown else ""


def _quality_lines(quality: Quality) -> list[str]:
    kinds = ", ".join(f"{n} {kind}" for kind, n in quality.nodes_by_kind.items())
    genes, terms = quality.genes, quality.terms
    lines = [
        f"graph      {quality.n_node} nodes ({kinds}), {quality.n_edge} edges, "
        f"{quality.depth} levels",
        f"genes      {genes.n_gene}, {genes.n_with_position} with a position, "
        f"{genes.n_in_term} in a term",
        f"orphans    {genes.n_orphan} genes without any edge"
        + _some(genes.orphans, genes.n_orphan),
        f"unknown    {genes.n_unknown} annotated genes are not in the gene file"
        + _some(genes.unknown, genes.n_unknown),
    ]
    if terms.n_term:
        size = terms.size
        lines += [
            f"terms      {terms.n_term}, size {size.minimum} to {size.maximum} genes, "
            f"median {size.median:g}",
            f"redundancy {terms.redundancy:.0%} of the terms overlap another by more "
            "than half (Jaccard)",
        ]
    if quality.variants is not None:
        variants = quality.variants
        lines.append(
            f"variants   {variants.n_claimed} of {variants.n_variant} "
            f"({variants.share_claimed:.0%}) are read by a node; the polygenic path "
            "reads them all"
        )
        lines += [f"           {note}" for note in variants.notes]
    for what, count in quality.left_out.items():
        if count and what != "terms_before_pruning":
            lines.append(f"left out   {count} {what.replace('_', ' ')}")
    return lines


def _plan_lines(summary: PlanSummary) -> list[str]:
    lines = [
        f"nodes      {summary.n_node} on {summary.depth} levels, {summary.n_edge} "
        f"edges; the trait reads {summary.n_head}",
        f"variants   {summary.n_claimed} of {summary.n_variant} are read by a node",
    ]
    lines += [
        f"level {level.level:<4} {level.n_node} nodes, {level.n_variant_edge} variant "
        f"edges, {level.n_node_edge} node edges, at most {level.max_parents} parents"
        for level in summary.levels
    ]
    lines += [
        f"parameters {summary.n_parameter} (one network, default widths), "
        f"{summary.weight_bytes / 2**20:.1f} MiB with gradient and optimiser state",
        f"one step   {summary.step_flop / 1e6:.1f} MFLOP per 100 lines",
        f"hash       {summary.hash}",
    ]
    return lines


def _dropped_lines(compiled: Compilation) -> list[str]:
    """Return what of the graph is not in the plan."""
    lines = []
    if compiled.n_dropped:
        lines.append(
            f"dropped    {compiled.n_dropped} nodes that no variant reaches"
            + _some(compiled.dropped, compiled.n_dropped)
        )
    if compiled.lost_trait_parents:
        names = ", ".join(compiled.lost_trait_parents)
        lines.append(f"           the trait names {names} among them")
    return lines


def knowledge(config: AnalysisPath, as_json: Json = False) -> None:
    """Print the quality of the knowledge graph: coverage, orphans, depth, overlap."""
    from meristem.knowledge.quality import measure_quality

    graph, compiled = _compiled(config)
    quality = measure_quality(graph, compiled.claims)
    if as_json:
        say_json(quality.to_json())
        return
    for line in _quality_lines(quality):
        say(line)


def plan(
    config: AnalysisPath,
    svg: Annotated[Path | None, typer.Option("--svg", help="Drawing to write.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a file that is there.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Compile the graph for the variants, print its size and draw it."""
    from meristem.plan.summary import plan_summary
    from meristem.report.figures.network.plan import draw_plan
    from meristem.runs.outputs import refuse_overwriting
    from meristem.text.files import write_text

    target = svg or config.with_suffix(".plan.svg")
    refuse_overwriting(target, inputs=[config], like=b"<svg xmlns", force=force)
    _, compiled = _compiled(config)
    summary = plan_summary(compiled.plan, n_sample=100)
    write_text(target, draw_plan(compiled.plan))
    if as_json:
        say_json({**summary.to_json(), "drawing": str(target)})
        return
    for line in (*_plan_lines(summary), *_dropped_lines(compiled)):
        say(line)
    say(f"drawing    {target}")


def attach(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    for command in (knowledge, plan):
        app.command()(command)
