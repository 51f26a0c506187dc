import numpy as np
import pandas as pd
import pytest

from meristem.cli.expression import app
from meristem.errors import ConfigError, DataError
from meristem.expression.commands.figures import (
    draw_gene,
    draw_models,
    draw_shares,
    draw_strength,
)
from meristem.expression.commands.predict import PredictReport
from meristem.expression.commands.report import build_training_report


def test_shares_are_counted_in_bins() -> None:
    shares = pd.DataFrame({"cis": [0.01, 0.02, 0.9], "polygenic": [np.nan] * 3})
    figure = draw_shares(shares)
    assert figure.table["genes"].sum() == 3
    assert set(figure.table["part"]) == {"near the gene (cis)"}


def test_models_are_drawn_with_their_quantiles_and_chance() -> None:
    r = np.linspace(0, 1, 101)
    scores = pd.DataFrame({"model": "gblup", "r": r})
    null = scores.assign(r=r / 10)
    figure = draw_models(scores, null, {"gblup": "GBLUP"}, "new_lines", "Who wins")
    row = figure.table.iloc[0]
    assert row["q50"] == pytest.approx(0.5)
    assert row["q95"] == pytest.approx(0.95)
    assert row["chance_high"] == pytest.approx(0.095)
    assert "GBLUP" in figure.svg
    none = draw_models(scores, null.iloc[:0], {}, "new_genes", "Who wins")
    assert np.isnan(none.table["chance_low"]).all()


def test_strength_and_weights_are_drawn() -> None:
    summary = pd.DataFrame(
        {
            "question": "new_lines",
            "model": ["a", "a", "a"],
            "strength": ["all", "0.00-0.05", "0.05-0.15"],
            "genes": [5, 2, 3],
            "median_r": [0.2, 0.0, 0.4],
        }
    )
    assert len(draw_strength(summary, {"a": "model a"}).table) == 2
    weights = pd.DataFrame(
        {
            "variant": ["v", "w"],
            "contig": "1",
            "position": [1000, 2500],
            "ref": "A",
            "alt": "C",
            "weight": [0.5, -0.1],
        }
    )
    figure = draw_gene(weights, "g.1", 0.61)
    assert figure.name == "gene_g_1"
    assert "r 0.61" in figure.title


def test_a_folder_without_a_run_has_no_page(tmp_path) -> None:
    with pytest.raises((ConfigError, DataError)):
        build_training_report(tmp_path)


def test_the_report_of_a_prediction_names_both_tables(tmp_path) -> None:
    text = str(PredictReport("gblup", 3, 1200, 4, 0.31, "all matched", tmp_path))
    assert "3 lines, 1,200 genes by gblup" in text
    assert f'path = "{tmp_path}/predicted.csv"' in text
    assert f'node_map = "{tmp_path}/predicted_genes.csv"' in text


def test_commands_are_those_of_the_help() -> None:
    names = {c.name or c.callback.__name__ for c in app.registered_commands}
    assert {"haplotypes", "embed", "train", "predict", "report", "explain"} <= names
