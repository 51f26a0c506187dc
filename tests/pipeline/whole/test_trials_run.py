"""Models of lines in environments through the whole chain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.pipeline.whole.test_environments_run import CONFIG, write_trials

from meristem.config import read_config
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.checking.check import check_analysis
from meristem.pipeline.predicting.trials import OVERALL, TRIALS
from meristem.pipeline.run import run_stages
from meristem.runs.folder import RunFolder

MODELS = """
[environments]
path = "weather.csv"

[[models]]
kind = "gblup"

[[models]]
kind = "gxe"

[[models]]
kind = "gxe"
structure = "reaction_norm"

[[models]]
kind = "gxe"
structure = "unstructured"
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    folder = tmp_path_factory.mktemp("gxe")
    path: Path = write_trials(folder)
    head = CONFIG[: CONFIG.index("[[models]]")].replace('"cv0"', '"cv2"\nfolds = 2')
    path.write_text(head + MODELS, encoding="utf-8")
    weather = "environment,rain,heat\nnorth,1,3\nsouth,7,4\nwest,2,9\n"
    (folder / "weather.csv").write_text(weather)
    config = read_config(path)
    assert check_analysis(config).problems == ()
    analysis = Analysis(config, RunFolder(folder / "run"))
    run_stages(analysis)
    return analysis


def test_predictions_differ_between_environments(finished: Analysis) -> None:
    table = finished.folder.read_table("predictions.csv")
    assert set(table["model"]) == {
        "gblup",
        "gxe_main",
        "gxe_reaction_norm",
        "gxe_unstructured",
    }
    scores = finished.folder.read_table("scores.csv")
    pooled = scores[(scores["metric"] == "pearson") & (scores["environment"] == "all")]
    assert (pooled[pooled["fold"] == "all"]["value"] > 0.3).all()


def test_every_cell_is_predicted_with_its_error(finished: Analysis) -> None:
    table = finished.folder.read_table(TRIALS)
    assert set(table["environment"]) == {"north", "south", "west", OVERALL}
    own = table[table["model"] == "gxe_main"]
    assert len(own) == 26 * 4
    tested = own["sample_id"].isin(["line24", "line25"])
    assert set(own[~tested]["environments_seen"]) == {3}
    assert set(own[tested]["environments_seen"]) == {0}
    assert own[tested]["reliability"].mean() < own[~tested]["reliability"].mean()
    level = own["predicted"] - own["deviation"]
    assert level.groupby(own["environment"]).std().max() < 1e-9
    assert own[own["environment"] == OVERALL]["instability"].notna().all()


def test_candidates_rank_by_environment(finished: Analysis) -> None:
    table = finished.folder.read_table("candidates.csv")
    own = table[table["model"] == "gxe_unstructured"]
    assert set(own["environment"]) == {"north", "south", "west"}
    assert set(own["sample_id"]) == {"line24", "line25"}
    assert own.groupby("sample_id")["deviation"].nunique().min() == 3


def test_components_are_written_and_shown(finished: Analysis) -> None:
    table = finished.folder.read_table("variance_components.csv")
    names = set(table[table["model"] == "gxe_reaction_norm"]["component"])
    assert names == {"main", "covariates", "gxe", "error"}
    main = table[(table["component"] == "main") & (table["model"] == "gxe_main")]
    assert np.isfinite(main["se"]).all()
    html = finished.folder.file("report.html").read_text(encoding="utf-8")
    assert "genetic correlation north, south" in html


@pytest.mark.parametrize(
    ("weather", "message"),
    [
        ("", "needs covariates of the environments"),
        ("environment,rain\nnorth,1\nsouth,2\n", "without covariates: west"),
    ],
)
def test_missing_covariates_are_found_before_anything_is_fitted(
    tmp_path: Path, weather: str, message: str
) -> None:
    path = write_trials(tmp_path)
    head = CONFIG[: CONFIG.index("[[models]]")]
    section = '[environments]\npath = "weather.csv"\n' if weather else ""
    (tmp_path / "weather.csv").write_text(weather)
    model = '[[models]]\nkind = "gxe"\nname = "gblup"\nstructure = "reaction_norm"\n'
    path.write_text(head + section + model, encoding="utf-8")
    found = check_analysis(read_config(path)).problems
    assert len(found) == 1
    assert message in str(found[0])
