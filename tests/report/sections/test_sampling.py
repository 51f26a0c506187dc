from __future__ import annotations

from dataclasses import replace

from meristem.report.sections.sampling import SHOWN, sampling_section
from meristem.report.view import View


def test_chains_that_agree_are_said_to(small_view: View) -> None:
    section = sampling_section(small_view)
    assert section is not None
    # the share of markers mixes slowly, and does not count
    assert section.html == "<p>All chains agree on variances and predictions.</p>"
    html = "".join(str(block) for block in section.blocks)
    assert "worst of 1 predictions" in html
    assert f"The {SHOWN} of 20 most probable" in html


def test_chains_that_do_not_agree_are_named(small_view: View) -> None:
    table = small_view.artefacts.convergence.copy()
    table.loc[table["quantity"] == "residual", "rhat"] = 1.2
    artefacts = replace(small_view.artefacts, convergence=table)
    section = sampling_section(replace(small_view, artefacts=artefacts))
    assert section is not None
    assert "do not agree yet: bayes_c" in section.html


def test_classes_that_act_more_often_are_named(small_view: View) -> None:
    section = sampling_section(small_view)
    assert section is not None
    html = "".join(str(block) for block in section.blocks)
    assert "They act more often than others: in a gene (bayes_c)." in html
    assert "2.00 (1.60 to 2.40)" in html
    table = small_view.artefacts.variant_classes.assign(enrichment_low=0.9)
    artefacts = replace(small_view.artefacts, variant_classes=table)
    section = sampling_section(replace(small_view, artefacts=artefacts))
    assert section is not None
    assert "No class acts more often" in "".join(str(b) for b in section.blocks)


def test_no_section_without_models_by_sampling(small_view: View) -> None:
    none = small_view.artefacts.convergence.head(0)
    artefacts = replace(small_view.artefacts, convergence=none)
    assert sampling_section(replace(small_view, artefacts=artefacts)) is None
