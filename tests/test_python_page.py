"""The Python page is executed, and the generated reference is up to date."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from meristem.cli.main import app
from meristem.config.document import configuration_page

DOCS = Path(__file__).resolve().parents[1] / "docs"

RUN = """
[run]
out = "run"
[genotypes]
path = "genotypes.vcf.gz"
[phenotypes]
path = "phenotypes.csv"
[evaluate]
folds = 2
[predict]
genotypes = "candidates.vcf.gz"
[[models]]
kind = "gblup"
"""


def test_every_block_of_the_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    simulate = "simulate shoot-branching --out demo --n 40 --candidates 5"
    for command in (simulate.split(), ["run", "demo/gblup.toml"]):
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output
        (tmp_path / "demo" / "gblup.toml").write_text(RUN)
    page = (DOCS / "api" / "python.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 5
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)  # the page's own code
    assert names["binn"].fitted_.nodes.tolist() == ["gene_a", "gene_b", "pathway"]  # type: ignore[attr-defined]


def test_the_reference_of_the_configuration_is_up_to_date() -> None:
    written = (DOCS / "configuration.md").read_text(encoding="utf-8")
    assert written == configuration_page(), "build the documentation: make docs"
