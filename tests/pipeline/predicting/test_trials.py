import numpy as np
import pandas as pd
import pytest

from meristem.config import read_config
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.predicting.trials import TRIALS
from meristem.pipeline.run import run_stages
from meristem.runs.folder import RunFolder

N, P = 40, 60
RAIN = {"a": 1.0, "b": 3.0, "c": 6.0, "d": 8.0, "coming": 7.0}

CONFIG = """
[genotypes]
path = "lines.csv"
[phenotypes]
path = "trials.csv"
by = "record"
[environments]
path = "rain.csv"
[evaluate]
scheme = "cv2"
folds = 2
[[models]]
kind = "gblup"
[[models]]
kind = "gxe"
[[models]]
kind = "gxe"
structure = "reaction_norm"
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trials")
    rng = np.random.default_rng(8)
    x = rng.integers(0, 3, (N + 5, P))
    names = [f"l{k}" for k in range(N + 5)]
    markers = pd.DataFrame(x, columns=[f"m{j}" for j in range(P)], index=names)
    markers.to_csv(folder / "lines.csv", index_label="line")
    main, slope = ((x - 1.0) @ rng.normal(0, 0.3, (P, 2))).T
    truth = {e: main + slope * (rain - 4.5) / 2.7 for e, rain in RAIN.items()}
    rows = [
        (names[i], e, 10 * k + truth[e][i] + rng.normal(0, 0.5))
        for k, e in enumerate(RAIN)
        for i in range(N)
        if e != "coming" and rng.random() < 0.8
    ]
    table = pd.DataFrame(rows, columns=["line", "environment", "y"])
    table.to_csv(folder / "trials.csv", index=False)
    pd.Series(RAIN, name="rain").to_csv(folder / "rain.csv", index_label="environment")
    (folder / "a.toml").write_text(CONFIG)
    config = read_config(folder / "a.toml")
    analysis = Analysis(config, RunFolder(folder / "run"))
    run_stages(analysis, ("prepare", "fit", "candidates"))
    return analysis.folder, truth


def test_every_line_stands_in_every_environment(made):
    folder, _ = made
    table = folder.read_table(TRIALS)
    count = table.groupby(["model", "environment"]).size()
    assert (count == N + 5).all()
    assert set(table["model"]) == {"gxe_main", "gxe_reaction_norm"}
    own = set(table.loc[table["model"] == "gxe_main", "environment"])
    assert own == {"a", "b", "c", "d", "overall"}


def test_an_environment_to_come_is_predicted_from_its_covariates(made):
    folder, truth = made
    table = folder.read_table(TRIALS)
    coming = table[table["environment"] == "coming"]
    assert set(coming["model"]) == {"gxe_reaction_norm"}
    value = coming.set_index("sample_id")["deviation"]
    names = [f"l{k}" for k in range(N)]
    assert np.corrcoef(value[names], truth["coming"][:N])[0, 1] > 0.8
    wrong = np.corrcoef(value[names], truth["a"][:N])[0, 1]
    assert wrong < np.corrcoef(value[names], truth["coming"][:N])[0, 1]
    # the level is the mean of the others
    levels = table[table["model"] == "gxe_reaction_norm"]
    mean = (levels["predicted"] - levels["deviation"]).groupby(levels["environment"])
    known = mean.mean()
    assert known["coming"] == pytest.approx(known[list("abcd")].mean())


def test_candidates_are_ranked_there_too(made):
    folder, _ = made
    table = folder.read_table("candidates.csv")
    coming = table[table["environment"] == "coming"]
    assert set(coming["model"]) == {"gxe_reaction_norm"}
    assert sorted(coming["rank"]) == [1, 2, 3, 4, 5]
