import numpy as np
import pandas as pd
import pytest

from meristem.config import read_config
from meristem.errors import ConfigError, DataError
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.predicting.external import EXTERNAL
from meristem.pipeline.run import run_stages
from meristem.runs.folder import RunFolder

N, NEW, P = 50, 12, 40

CONFIG = """
[genotypes]
path = "old.csv"
[phenotypes]
path = "old_y.csv"
[predict]
{predict}
phenotypes = "new_y.csv"
[evaluate]
folds = 2
replicates = 1
[[models]]
kind = "gblup"
"""


def files(folder, trait="y", ids=None, predict='genotypes = "new.csv"'):
    rng = np.random.default_rng(5)
    x = rng.integers(0, 3, (N + NEW, P))
    names = np.array([f"l{k}" for k in range(N + NEW)])
    y = (x - 1.0) @ rng.normal(size=P) + rng.normal(size=N + NEW)
    markers = pd.DataFrame(x, columns=[f"m{j}" for j in range(P)], index=names)
    markers.index.name = "line"
    markers[:N].to_csv(folder / "old.csv")
    markers[N:].to_csv(folder / "new.csv")
    table = pd.DataFrame({"line": names, "y": y})
    table[:N].to_csv(folder / "old_y.csv", index=False)
    new = table[N:].rename(columns={"y": trait})
    if ids is not None:
        new["line"] = ids
    new.to_csv(folder / "new_y.csv", index=False)
    path = folder / "a.toml"
    path.write_text(CONFIG.format(predict=predict))
    return path, y[N:]


def run(path):
    config = read_config(path)
    analysis = Analysis(config, RunFolder(path.parent / "run"))
    run_stages(analysis, ("prepare", "fit", "candidates"))
    return analysis.folder


def test_new_lines_are_scored_as_folds_are(tmp_path):
    path, y = files(tmp_path)
    folder = run(path)
    scores, made = folder.read_table(EXTERNAL), folder.read_table("candidates.csv")
    by_line = made.set_index("sample_id")["predicted"]
    guess = by_line[[f"l{k}" for k in range(N, N + NEW)]]
    r = scores[(scores["metric"] == "pearson") & (scores["model"] == "gblup")]
    assert r["value"].to_numpy(float) == pytest.approx([np.corrcoef(y, guess)[0, 1]])
    assert set(scores["split"]) == {"external"}


def test_values_of_no_new_line_or_trait_are_refused(tmp_path):
    path, _ = files(tmp_path, ids=[f"x{k}" for k in range(NEW)])
    with pytest.raises(DataError, match="none of the new lines"):
        run(path)
    assert not (tmp_path / "run" / "candidates.csv").exists()
    path, _ = files(tmp_path, predict="")
    with pytest.raises(ConfigError, match="no new lines"):
        Analysis(read_config(path), RunFolder(tmp_path / "run"))


def test_traits_that_stay_known_need_a_model_that_reads_them(tmp_path):
    path, _ = files(tmp_path)
    text = path.read_text().replace("folds = 2", 'folds = 2\nassisted_by = ["y"]')
    path.write_text(text)
    with pytest.raises(ConfigError, match="no model reads them(.|\n)*multi_trait"):
        Analysis(read_config(path), RunFolder(tmp_path / "run"))
