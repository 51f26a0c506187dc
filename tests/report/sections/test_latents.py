from __future__ import annotations

from dataclasses import replace

from meristem.pages.page import Figure, Section, Tabs
from meristem.report.sections.latents import latents_section, represented_section
from meristem.report.view import View


def words(section: Section) -> str:
    tabs = [block for block in section.blocks if isinstance(block, Tabs)]
    items = [item for tab in tabs for panel in tab.panel for item in panel]
    items += [block for block in section.blocks if isinstance(block, str)]
    return " ".join(item for item in items if isinstance(item, str))


def test_every_model_has_a_tab_that_says_what_it_saw(small_view: View) -> None:
    section = latents_section(small_view)
    assert section is not None
    tabs = section.blocks[0]
    assert isinstance(tabs, Tabs)
    assert tabs.label == ("binn+metabolites", "binn")
    names = [
        item.name for panel in tabs.panel for item in panel if isinstance(item, Figure)
    ]
    assert names == ["latents", "latents_binn_2"]
    assert "Nodes of binn were trained without omics" in words(section)
    assert "never for the lines shown here" in words(section)


def test_a_learned_graph_has_seen_the_omics(small_view: View) -> None:
    models = tuple(replace(one, learns_graph=True) for one in small_view.models)
    section = latents_section(replace(small_view, models=models))
    assert section is not None
    assert "chose which genes they are" in words(section)


def test_what_stood_for_the_omics_is_told(small_view: View) -> None:
    section = represented_section(small_view)
    assert section is not None
    html = words(section)
    for said in ("5 to 10", "159 to 160", "leaf.1, leaf.2", "combat", "batch"):
        assert said in html
    assert "Without omics: ridge, gblup" in str(section.html)
    none = small_view.artefacts.representation.head(0)
    artefacts = replace(small_view.artefacts, representation=none)
    assert represented_section(replace(small_view, artefacts=artefacts)) is None


def test_interval_and_permutation_p_belong_to_the_explained_model(
    small_view: View,
) -> None:
    section = latents_section(small_view)
    assert section is not None
    html = words(section)
    assert html.count("p (permutation)") == 1
    assert html.count(">0.005<") == 5


def test_one_model_needs_no_tabs_and_many_nodes_a_histogram(large_view: View) -> None:
    section = latents_section(large_view)
    assert section is not None
    figures = [block.name for block in section.blocks if isinstance(block, Figure)]
    assert figures == ["latents", "agreement"]
    assert "carbohydrate metabolic process" in words(section)


def test_without_latents(small_view: View) -> None:
    empty = replace(small_view.artefacts, latents=small_view.artefacts.latents.head(0))
    assert latents_section(replace(small_view, artefacts=empty)) is None
