import pandas as pd
import pytest
from tests.expression.simulated import simulated_config, write_simulated
from tests.expression.toys import toy_panel
from typer.testing import CliRunner

from meristem.cli.main import app
from meristem.config.expression.heads import RidgeHeadOptions
from meristem.errors import ConfigError, DataError
from meristem.expression.commands.explain import explain_expression, panel_expression
from meristem.expression.commands.inputs import read_panel_inputs
from meristem.runs.destination import Destination


def test_the_command_writes_every_variant_and_draws_promoters(tmp_path) -> None:
    truth, path = write_simulated(tmp_path, n_gene=8, n_train=40)
    out = tmp_path / "why"
    result = CliRunner().invoke(
        app, ["expression", "explain", str(path), "-o", str(out), "-q"]
    )
    assert result.exit_code == 0, result.output
    table = pd.read_csv(out / "attributions.csv")
    assert set(table["gene"]) <= set(truth.gene_id)
    known = dict(
        zip(
            truth.train.variants.variant_id,
            truth.train.call_dosage.mean(axis=0) / 2,
            strict=True,
        )
    )
    for row in table.itertuples():
        assert row.frequency == pytest.approx(known[row.variant])
        assert -400 <= row.distance < 100
    figures = list((out / "figures").glob("promoter-*.svg"))
    assert 3 <= len(figures) <= 12
    first = pd.read_csv(out / "figures" / figures[0].with_suffix(".csv").name)
    assert first["share"].sum() == pytest.approx(1)


def test_only_genes_asked_for_are_explained(tmp_path) -> None:
    _, config = simulated_config(tmp_path, n_gene=8, n_train=40)
    options = RidgeHeadOptions()
    explain_expression(config, Destination(tmp_path / "one"), options, ["gene_0003"])
    table = pd.read_csv(tmp_path / "one" / "attributions.csv")
    assert set(table["gene"]) == {"gene_0003"}
    with pytest.raises(ConfigError, match="no gene 'gene_9'"):
        explain_expression(config, Destination(tmp_path / "two"), options, ["gene_9"])
    none = config.model_copy(update={"expression": None})
    with pytest.raises(ConfigError, match=r"no \[expression\]"):
        explain_expression(none, Destination(tmp_path / "three"), options)


def test_lines_and_genes_are_matched_by_name(tmp_path) -> None:
    truth, config = simulated_config(tmp_path, n_gene=8, n_train=40)
    inputs = read_panel_inputs(config)
    panel = toy_panel(n_line=3, n_gene=2)
    with pytest.raises(DataError, match="measures none of the 3 lines"):
        panel_expression(panel, inputs)
    panel.lines[:] = "?"
    names = panel.lines.astype("U20"), panel.genes.astype("U20")
    names[0][1] = truth.train.sample_id[7]
    names[1][0] = truth.gene_id[4]
    own = type(panel)(**{**vars(panel), "lines": names[0], "genes": names[1]})
    found = panel_expression(own, inputs)
    assert found[1, 0] == pytest.approx(truth.measured[7, 4], rel=1e-4)
    assert pd.isna(found).sum() == 5
