"""`meristem.cli.knowledge`: the graph and the plan on the terminal."""

import json
from pathlib import Path
from xml.etree import ElementTree

from tests.cli.conftest import Call


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
