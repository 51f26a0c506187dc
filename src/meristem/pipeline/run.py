"""The arrows of the architecture, in order; each continues where it was."""

from __future__ import annotations

from collections.abc import Callable

from meristem.knowledge.quality import measure_quality
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.candidates import predict_candidates
from meristem.pipeline.evaluation import evaluate_models, outer_splits
from meristem.pipeline.explanation import explain_model
from meristem.pipeline.fitting import fit_models
from meristem.pipeline.preparation import write_prepared
from meristem.pipeline.requirements import graph_faults
from meristem.plan.summary import network_json
from meristem.report.build import build_report


def prepare(analysis: Analysis) -> None:
    """Write the aligned data set, what was dropped, and the population structure."""
    if analysis.prepared is None:
        return
    with analysis.timed("prepare"):
        write_prepared(
            analysis.config, analysis.folder, analysis.data_key, analysis.prepared
        )


def read_everything(analysis: Analysis) -> None:
    """Raise what is wrong with any input before anything is written."""
    if analysis.knowledge is not None:
        analysis.compiled  # noqa: B018 - compiled here for its faults
    for fault in graph_faults(analysis.config, analysis.dataset, analysis.knowledge):
        raise fault
    outer_splits(analysis)


def describe_knowledge(analysis: Analysis) -> None:
    """Write the quality of the knowledge graph and the compiled plan."""
    if analysis.knowledge is None or analysis.compiled is None:
        return
    with analysis.timed("knowledge"):
        quality = measure_quality(analysis.knowledge, analysis.compiled.claims)
        analysis.folder.write_json("knowledge.json", quality.to_json())
        # a network with a learned graph is drawn as it was learned, once explained
        if not analysis.explains_learned:
            network = network_json(analysis.compiled.plan)
            analysis.folder.write_json("network.json", network)


def write_report(analysis: Analysis) -> None:
    """Write `report.html` from the artefacts of the folder."""
    with analysis.timed("report"):
        build_report(analysis.folder.path)


STAGES: dict[str, Callable[[Analysis], None]] = {
    "prepare": prepare,
    "knowledge": describe_knowledge,
    "evaluate": evaluate_models,
    "fit": fit_models,
    "explain": explain_model,
    "candidates": predict_candidates,
}
"""Every stage that writes artefacts, in the order in which data flow."""


def run_stages(analysis: Analysis, stages: tuple[str, ...] = tuple(STAGES)) -> None:
    """Run the stages asked for, then write the record and the report.

    Parameters
    ----------
    analysis
        Configuration and run folder.
    stages
        Names from `STAGES`; they run in the order of `STAGES`.

    Raises
    ------
    MeristemError
        If an input, the knowledge or the configuration cannot be used.
    """
    read_everything(analysis)
    analysis.write_record(finished=False)
    chosen = [name for name in STAGES if name in stages]
    for done, name in enumerate(chosen):
        analysis.notify("stages", done, len(chosen) + 1)
        STAGES[name](analysis)
        analysis.write_record(finished=False)
    analysis.write_record(finished=True)
    write_report(analysis)
    analysis.notify("stages", len(chosen) + 1, len(chosen) + 1)
