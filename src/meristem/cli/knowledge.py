"""Commands that look at prior knowledge and at the network compiled from it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meristem.cli.console import say, say_json

Config = Annotated[Path, typer.Argument(help="Analysis configuration (TOML).")]
Json = Annotated[bool, typer.Option("--json", help="Result as JSON.")]


def _compiled(path: Path) -> tuple:
    """Return knowledge, plan and variants of a configuration."""
    from meristem.config import read_config
    from meristem.errors import ConfigError
    from meristem.io.genotypes import read_genotypes
    from meristem.knowledge.build import build_graph
    from meristem.plan.compile import make_plan

    config = read_config(path)
    if config.knowledge is None:
        raise ConfigError(
            "has no [knowledge] section",
            where=path,
            remedy="name a graph, genes, an ontology, gene sets or edges there",
        )
    variants = read_genotypes(config.genotypes).variants
    knowledge = build_graph(config.knowledge)
    return knowledge, make_plan(knowledge, variants, config.knowledge), variants


def knowledge(config: Config, as_json: Json = False) -> None:
    """Print the quality of the knowledge graph: coverage, orphans, depth, overlap."""
    from meristem.knowledge.quality import knowledge_quality

    graph, plan, variants = _compiled(config)
    quality = knowledge_quality(graph, variants, plan)
    if as_json:
        say_json(quality.to_json())
        return
    for line in quality.lines():
        say(line)


def plan(
    config: Config,
    svg: Annotated[Path | None, typer.Option("--svg", help="Drawing to write.")] = None,
    as_json: Json = False,
) -> None:
    """Compile the graph for the variants, print its size and draw it."""
    from meristem.io.files import write_text
    from meristem.plan.draw import draw_plan
    from meristem.plan.summary import plan_summary

    _, compiled, _ = _compiled(config)
    summary = plan_summary(compiled)
    if as_json:
        say_json(summary.to_json())
    else:
        for line in summary.lines():
            say(line)
    target = svg or config.with_suffix(".plan.svg")
    write_text(target, draw_plan(compiled))
    if not as_json:
        say(f"drawing: {target}")


def attach(app: typer.Typer) -> None:
    """Add the commands of this module to the application."""
    for command in (knowledge, plan):
        app.command()(command)
