from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from meristem.pages.page import Figure, Section, Tabs
from meristem.report.sections.network import (
    controls_section,
    genome_section,
    network_section,
    node_table,
    nodes_section,
)
from meristem.report.view import View

ALL = (
    network_section,
    nodes_section,
    genome_section,
    controls_section,
)


def words(section: Section) -> str:
    texts = [section.html, section.intro]
    for block in section.blocks:
        if isinstance(block, str):
            texts.append(block)
        elif isinstance(block, Figure):
            texts.append(block.caption)
    return " ".join(texts)


@pytest.mark.parametrize("make", ALL)
def test_every_section_explains_itself(small_view: View, make) -> None:
    section = make(small_view)
    assert section is not None
    assert len(section.intro) > 60
    assert section.anchor.isalpha()


@pytest.mark.parametrize("make", ALL)
def test_every_section_can_be_left_out(small_view: View, make) -> None:
    empty = {
        name: getattr(small_view.artefacts, name).head(0)
        for name in (
            "nodes",
            "latents",
            "variants",
            "genes",
            "scores",
            "predictions",
            "controls",
            "parts",
        )
    }
    bare = replace(small_view.artefacts, network=None, knowledge=None, **empty)
    assert make(replace(small_view, artefacts=bare, verdicts=())) is None


def test_knowledge_is_summed_up(small_view: View) -> None:
    section = network_section(small_view)
    assert section is not None
    assert "Quality of the knowledge" in words(section)
    assert "S&lt;y" in words(section)


def test_node_table_names_terms(large_view: View) -> None:
    html = node_table(large_view, large_view.targets[0])
    assert "carbohydrate metabolic process" in html
    assert "GO:" in html


def test_targets_share_one_set_of_tabs(large_view: View) -> None:
    section = genome_section(large_view)
    assert section is not None
    tabs = [block for block in section.blocks if isinstance(block, Tabs)]
    assert len(tabs) == 1
    assert all(len(panel) == 3 for panel in tabs[0].panel)


def test_traits_the_network_has_no_part_in_are_named(small_view: View) -> None:
    nodes = small_view.artefacts.nodes.assign(sensitivity=0.0)
    view = replace(small_view, artefacts=replace(small_view.artefacts, nodes=nodes))
    section = nodes_section(view)
    assert section is not None
    assert section.blocks == ()
    assert "contributes nothing to the predictions of days to bud" in section.html
    used = nodes_section(small_view)
    assert used is not None
    assert used.html == ""


def test_shares_of_the_prediction_are_shown(small_view: View) -> None:
    text = words(network_section(small_view))
    assert "What the prediction is made of" in text
    assert "80" in text
    assert "beside the graph" not in text
    parts = small_view.artefacts.parts.assign(off_graph=True, products_share=np.nan)
    changed = replace(small_view.artefacts, parts=parts)
    text = words(network_section(replace(small_view, artefacts=changed)))
    assert "beside the graph" in text
    assert "products of terms</th>" not in text
