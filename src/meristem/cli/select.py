"""`meristem select RUN --plan plan.toml`, and the commands beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from meristem.cli import select_tools
from meristem.cli.console import say, say_json
from meristem.cli.options import Force, Json


class PlanFirst(TyperGroup):
    """A group whose first word may be a run folder: then the plan is meant."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command `plan` before a word that is no command."""
        if (
            args
            and args[0] not in self.commands
            and args[0] not in ctx.help_option_names
        ):
            args = ["plan", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=PlanFirst,
    help="Select lines and crosses from a run: RUN [--plan plan.toml], or a command.",
    no_args_is_help=True,
)


@app.command()
def plan(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    plan: Annotated[
        Path | None, typer.Option("--plan", help="Plan (TOML); default: all defaults.")
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Decide what to keep and what to cross, with gains, intervals and costs."""
    from meristem.config.read import read_plan
    from meristem.config.selection import SelectionConfig
    from meristem.pipeline.analysis import open_run
    from meristem.pipeline.run import report_again
    from meristem.pipeline.selection.files import FOLDER, SUMMARY
    from meristem.pipeline.selection.select import decide, write_selection
    from meristem.runs.lock import locked

    config = SelectionConfig() if plan is None else read_plan(plan)
    scores = None
    if config.edits is not None and config.edits.kinetics is not None:
        from meristem.pipeline.decisions.off_target import read_site_scores

        scores = read_site_scores(config.edits.kinetics)
    analysis = open_run(run, force=force)
    analysis.keep_to_stored()
    listed = analysis.folder.record().get("artefacts", {})
    analysis.folder.refuse_damaged(
        [name for name in listed if not name.startswith(f"{FOLDER}/")]
    )
    with locked(analysis.folder.path):
        page = write_selection(analysis, decide(analysis, config, scores=scores))
    report_again(analysis.folder)
    summary = analysis.folder.read_json(f"{FOLDER}/{SUMMARY}")
    if as_json:
        say_json({"page": str(page), **summary})
        return
    for line in answer(summary):
        say(line)
    say(f"page: {page}")


def answer(summary: dict) -> list[str]:
    """Return what a selection says of itself in a few lines."""
    gain, level = summary["gain"], summary["level"]
    held, ne = summary["contributions_gain"], summary["ne"]
    lines = [
        f"{summary['selected']} of {summary['candidates']} candidates selected "
        f"({summary['passed']} passed the filters), by {summary['index']}",
        f"expected gain in {summary['gain_in']} {gain['expected']:.4g} ({level:.0%} "
        f"interval {gain['low']:.4g} to {gain['high']:.4g}) above the "
        f"{summary['gain_base']}",
        f"contributions ({summary['bound']}): expected gain {held['expected']:.4g} "
        f"({held['low']:.4g} to {held['high']:.4g}), "
        + ("no inbreeding" if ne is None else f"Ne {ne:.3g}")
        + f" against the {summary['ne_base']}",
    ]
    mating = summary["mating"]
    if mating is not None:
        lines.append(
            f"{mating['n']} crosses of {mating['allowed']} allowed; no plan under "
            f"these limits can be better by more than {mating['gap']:.2%} of its gain"
        )
        lines += [line for line in mating["notes"] if "coancestry" in line]
    further = [line for said in summary["further"].values() for line in said]
    return [*lines, *further, *summary["notes"]]


select_tools.attach(app)
