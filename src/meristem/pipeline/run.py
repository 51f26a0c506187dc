"""The arrows of the architecture, in order; each continues where it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from meristem.knowledge.quality import measure_quality
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.checking.cost import refuse_too_large
from meristem.pipeline.checking.requirements import graph_faults
from meristem.pipeline.evaluation import OUTPUTS as EVALUATED
from meristem.pipeline.evaluation import evaluate_models, outer_splits
from meristem.pipeline.explaining.explanation import OUTPUTS as EXPLAINED
from meristem.pipeline.explaining.explanation import explain_model
from meristem.pipeline.explaining.tables import TABLES
from meristem.pipeline.fitting import TUNED, fit_models
from meristem.pipeline.predicting.candidates import match_asked, predict_candidates
from meristem.pipeline.predicting.external import EXTERNAL, external_values
from meristem.pipeline.predicting.posterior import (
    CONVERGENCE,
    INCLUSION,
    write_posterior_tables,
)
from meristem.pipeline.predicting.trials import TRIALS, write_trial_predictions
from meristem.pipeline.preparation import write_prepared
from meristem.pipeline.selection.files import drop_outdated
from meristem.plan.summary import network_json
from meristem.records import is_streamed
from meristem.report.build import build_report
from meristem.runs.folder import RunFolder
from meristem.runs.lock import locked

REPORT = "report.html"

FILES = (
    *("data.json", "structure.csv", "knowledge.json", "network.json", "candidates.csv"),
    *("variance_components.csv", "shares.csv", "covariate_effects.csv"),
    *(CONVERGENCE, INCLUSION, TRIALS, TUNED, EXTERNAL),
    *EVALUATED,
    *EXPLAINED,
    *TABLES,
    REPORT,
)
"""What the stages write at the top of a run folder."""


def prepare(analysis: Analysis) -> None:
    """Write the aligned data set, what was dropped, and the population structure."""
    if analysis.prepared is None:
        return
    with analysis.timed("prepare"):
        write_prepared(
            analysis.config,
            analysis.folder,
            analysis.data_key,
            analysis.prepared,
            analysis.survey,
        )
    if is_streamed(analysis.dataset.genotypes.call_dosage):
        analysis.dataset = analysis.stored  # the inputs may change while the run lasts


def read_everything(analysis: Analysis) -> None:
    """Raise what is wrong with any input before anything is written."""
    if analysis.knowledge is not None:
        analysis.compiled  # noqa: B018 - compiled here for its faults
    config, dataset = analysis.config, analysis.dataset
    for fault in graph_faults(config, dataset, analysis.knowledge, analysis.plan):
        raise fault
    refuse_too_large(config, dataset, analysis.plan)
    outer_splits(analysis)
    asked = match_asked(config, dataset)
    if asked is not None and config.predict.phenotypes is not None:
        external_values(config, asked[0])


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
    analysis.folder.note(REPORT)


def report_again(folder: RunFolder) -> Path:
    """Write the report of a finished run from its artefacts alone; return its path."""
    with locked(folder.path):
        folder.refuse_lost(name for name in FILES if name != REPORT)
        folder.announce(REPORT)
        report = build_report(folder.path)
        folder.note(REPORT)
    return report


def fit_and_describe(analysis: Analysis) -> None:
    """Fit every model on all rows, and write what the fits say of themselves."""
    fit_models(analysis)
    write_posterior_tables(analysis)
    write_trial_predictions(analysis)


STAGES: dict[str, Callable[[Analysis], None]] = {
    "prepare": prepare,
    "knowledge": describe_knowledge,
    "evaluate": evaluate_models,
    "fit": fit_and_describe,
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
        If an input, the knowledge or the configuration cannot be used, if another
        process works in the folder, or if it holds files that Meristem did not write.
    """
    with locked(analysis.folder.path):
        there = [name for name in FILES if analysis.folder.file(name).exists()]
        analysis.folder.announce(*there)
        read_everything(analysis)
        analysis.record.write(finished=False)
        analysis.folder.announce(REPORT)
        chosen = [name for name in STAGES if name in stages]
        for done, name in enumerate(chosen):
            analysis.notify("stages", done, len(chosen) + 1)
            STAGES[name](analysis)
            analysis.record.write(finished=False)
        drop_outdated(analysis)
        analysis.record.write(finished=True)
        write_report(analysis)
        analysis.notify("stages", len(chosen) + 1, len(chosen) + 1)
