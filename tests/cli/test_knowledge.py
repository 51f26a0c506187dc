"""`meristem.cli.knowledge`: the graph and the plan on the terminal."""

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

from tests.calls import Call


def test_quality_of_the_graph(call: Call, demo: Path) -> None:
    code, text, _ = call("knowledge", demo)
    assert code == 0
    assert "9 nodes" in text
    assert "polygenic path" in text
    code, text, _ = call("knowledge", demo, "--json")
    assert json.loads(text)["n_node"] == 9


def test_the_plan_is_counted_and_drawn(call: Call, demo: Path, tmp_path: Path) -> None:
    target = tmp_path / "plan.svg"
    code, text, _ = call("plan", demo, "--svg", target)
    assert code == 0
    assert "4 levels" in text
    assert ElementTree.parse(target).getroot().tag.endswith("svg")
    code, text, _ = call("plan", demo, "--svg", target, "--json")
    assert json.loads(text)["n_node"] == 9


def test_nodes_that_no_variant_reaches_are_said(
    call: Call, demo: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "demo"
    shutil.copytree(demo.parent, folder)
    graph = folder / "graph.toml"
    lost = '[[nodes]]\nname = "{}"\nkind = "hormone"\n'
    text = graph.read_text().replace(
        'trait_parents = ["I"', 'trait_parents = ["I", "X"'
    )
    graph.write_text(text + lost.format("X") + lost.format("Y"))
    code, text, _ = call("plan", folder / demo.name)
    assert code == 0
    assert "dropped    2 nodes that no variant reaches (such as X, Y)" in text
    assert "the trait names X among them" in text


def test_an_analysis_without_knowledge_is_refused(
    call: Call, demo: Path, tmp_path: Path
) -> None:
    plain = tmp_path / "plain.toml"
    text = demo.read_text()
    start, end = text.index("[knowledge]"), text.index("[evaluate]")
    plain.write_text(text[:start] + text[end:])
    code, _, err = call("plan", plain)
    assert code == 2
    assert "[knowledge]" in err
