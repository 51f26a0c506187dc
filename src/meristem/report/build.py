"""Artefacts of a run folder -> `report.html` and `figures/`; no model is touched."""

from __future__ import annotations

from pathlib import Path

from meristem.pages.page import Page, Section, write_page
from meristem.report.artefacts import read_artefacts
from meristem.report.sections.ability import ability_section, learning_section
from meristem.report.sections.candidates import candidates_section
from meristem.report.sections.data import data_section, structure_section
from meristem.report.sections.gene_evidence import (
    enrichment_section,
    gene_evidence_section,
)
from meristem.report.sections.heritability import heritability_section
from meristem.report.sections.latents import latents_section, represented_section
from meristem.report.sections.mixture import mixture_section
from meristem.report.sections.network import (
    controls_section,
    genome_section,
    network_section,
    nodes_section,
)
from meristem.report.sections.observed import observed_section
from meristem.report.sections.provenance import provenance_section
from meristem.report.sections.sampling import sampling_section
from meristem.report.sections.selection import selection_section
from meristem.report.sections.trust import (
    interactions_section,
    lines_section,
    trust_section,
)
from meristem.report.sections.tuning import tuning_section
from meristem.report.verdicts import cards, verdict_lines
from meristem.report.view import View, make_view

SECTIONS = (
    data_section,
    structure_section,
    represented_section,
    ability_section,
    tuning_section,
    mixture_section,
    heritability_section,
    sampling_section,
    observed_section,
    learning_section,
    controls_section,
    network_section,
    nodes_section,
    trust_section,
    interactions_section,
    latents_section,
    gene_evidence_section,
    enrichment_section,
    genome_section,
    candidates_section,
    selection_section,
    lines_section,
    provenance_section,
)
"""In the order of the page; a section that returns None is left out."""


def build_report(run_folder: Path) -> Path:
    """Write the report of a run from its artefacts, all of it or nothing.

    Parameters
    ----------
    run_folder
        A run folder (see `docs/run_folder.md`). Every artefact but `run.json` may be
        absent: its section is left out.

    Returns
    -------
    Path
        `report.html`; each figure lies in `figures/` as SVG and PNG, its table as CSV.

    Raises
    ------
    ConfigError
        If the folder holds no `run.json`.
    DataError
        If an artefact is damaged, or the folder cannot be written.
    """
    return write_page(run_folder, make_page(make_view(read_artefacts(run_folder))))


def make_page(view: View) -> Page:
    """Return the page of a run."""
    run = view.artefacts.run
    sections: list[Section] = []
    for section in SECTIONS:
        made = section(view)
        if made is not None:
            sections.append(made)
    version = (run.get("versions") or {}).get("meristem", "")
    return Page(
        title=str(run.get("title") or "Meristem analysis"),
        question=str(run.get("question") or ""),
        kicker="Genomic prediction",
        lead=str(verdict_lines(view)),
        cards=cards(view),
        sections=tuple(sections),
        footer=f"Written by meristem {version} from the files of the run folder.",
    )
