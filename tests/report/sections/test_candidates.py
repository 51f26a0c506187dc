from __future__ import annotations

import re
from dataclasses import replace

from meristem.report.sections.candidates import candidates_section
from meristem.report.view import View


def html_of(view: View) -> str:
    section = candidates_section(view)
    assert section is not None
    return "".join(str(block) for block in section.blocks)


def test_only_additive_models_have_gebv(small_view: View) -> None:
    html = html_of(small_view)
    assert "gblup (GEBV)" in html
    assert "ridge (GEBV)" in html
    assert "binn+metabolites (predicted value)" in html
    assert "dense (predicted value)" in html
    assert not re.search(r"binn[^<]*\(GEBV\)", html)


def test_lines_are_ranked_by_the_model_that_beat_the_reference(
    small_view: View,
) -> None:
    html = html_of(small_view)
    rows = small_view.artefacts.candidates
    best = rows[rows["model"] == "binn+metabolites"].nlargest(2, "predicted")
    assert "chance to be among the best" in html
    assert "90 % interval" in html
    names = re.findall(r"<td>(N\w+)</td>", html)
    assert names[:2] == best["sample_id"].tolist()
    assert "ranked by binn+metabolites" in html


def test_levels_have_a_unit_and_a_deviation(small_view: View) -> None:
    html = html_of(small_view)
    assert ">deviation</a>" in html
    run = small_view.artefacts.run
    trait = str(small_view.artefacts.candidates["trait"].iloc[0])
    config = {**run["config"], "phenotypes": {"units": {trait: "kg"}, "by": "record"}}
    measured = replace(small_view.artefacts, run={**run, "config": config})
    section = candidates_section(replace(small_view, artefacts=measured))
    assert section is not None
    assert "Lines rank alike in every environment" in section.intro
    reacting = (replace(small_view.models[0], label="gxe_fa", kind="gxe"),)
    models = reacting + small_view.models
    section = candidates_section(replace(small_view, artefacts=measured, models=models))
    assert section is not None
    assert "By all models but gxe_fa lines rank alike" in section.intro
    assert "gblup (GEBV, kg)" in str(section.blocks[0])


def test_without_a_better_model_the_reference_ranks(small_view: View) -> None:
    same = tuple(
        replace(verdict, verdict="not distinguishable")
        for verdict in small_view.verdicts
    )
    assert "ranked by gblup" in html_of(replace(small_view, verdicts=same))


def test_without_candidates(small_view: View) -> None:
    empty = replace(
        small_view.artefacts, candidates=small_view.artefacts.candidates.head(0)
    )
    assert candidates_section(replace(small_view, artefacts=empty)) is None
