"""Genotypes that stay on disk give the numbers of those in memory."""

import numpy as np
import pandas as pd
import pytest
from tests import toys

from meristem.config import read_config
from meristem.errors import ConfigError
from meristem.io.genotypes.plink import write_bed
from meristem.pipeline import inputs, preparation
from meristem.pipeline.analysis import Analysis, open_run
from meristem.pipeline.predicting.candidates import predict_new
from meristem.pipeline.run import run_stages
from meristem.records import is_streamed
from meristem.runs.folder import RunFolder

N, NEW, P = 61, 9, 4300

CONFIG = """
[genotypes]
path = "lines.bed"
{filter}
[phenotypes]
path = "y.csv"
[predict]
genotypes = "new.bed"
[evaluate]
folds = 3
replicates = 1
[[models]]
kind = "gblup"
[[models]]
kind = "{kind}"
name = "other"
"""


def files(folder, *, missing=False, kind="ridge", filters=""):
    rng = np.random.default_rng(8)
    calls = rng.binomial(2, rng.uniform(0.1, 0.9, P), (N + NEW, P)).astype(np.int8)
    y = calls[:N, ::40] @ rng.normal(size=calls[:, ::40].shape[1])
    y = y / y.std() + rng.normal(size=N)
    if missing:
        calls[rng.random(calls.shape) < 0.02] = -1
    genotypes = toys.dataset(calls, np.zeros(N + NEW)).genotypes
    write_bed(genotypes.take_samples(np.arange(N)), folder / "lines.bed")
    write_bed(genotypes.take_samples(np.arange(N, N + NEW)), folder / "new.bed")
    ids = genotypes.sample_id[:N]
    pd.DataFrame({"line": ids, "y": y}).to_csv(folder / "y.csv", index=False)
    path = folder / "a.toml"
    path.write_text(CONFIG.format(kind=kind, filter=filters))
    return path


def run(path, name):
    config = read_config(path)
    out = path.parent / name
    config = config.model_copy(
        update={"run": config.run.model_copy(update={"out": out})}
    )
    analysis = Analysis(config, RunFolder(out))
    run_stages(analysis)
    return analysis, {
        table: pd.read_csv(out / table)
        for table in ("predictions.csv", "candidates.csv", "structure.csv")
    }


def stream_all(monkeypatch):
    for module in (inputs, preparation):
        monkeypatch.setattr(module, "stays_on_disk", lambda *_: True)


@pytest.mark.parametrize("missing", [False, True])
def test_same_numbers_from_disk(tmp_path, monkeypatch, missing):
    path = files(tmp_path, missing=missing, filters="filter = {min_maf = 0.1}")
    _, expected = run(path, "memory")
    stream_all(monkeypatch)
    analysis, found = run(path, "disk")
    assert is_streamed(analysis.dataset.genotypes.call_dosage)
    for name, table in expected.items():
        pd.testing.assert_frame_equal(found[name], table, rtol=1e-5, atol=1e-6)
    again, _ = predict_new(open_run(tmp_path / "disk"), tmp_path / "new.bed")
    both = again.merge(found["candidates.csv"], on=["sample_id", "model"])
    assert both["predicted_x"].to_numpy() == pytest.approx(both["predicted_y"])


def test_models_that_need_the_matrix_read_it(tmp_path, monkeypatch):
    path = files(tmp_path, kind="rkhs")
    _, expected = run(path, "memory")
    stream_all(monkeypatch)
    _, found = run(path, "disk")
    one, other = found["predictions.csv"], expected["predictions.csv"]
    pd.testing.assert_frame_equal(one, other, rtol=1e-5, atol=1e-6)


def test_states_hold_no_copy_of_the_genotypes(tmp_path):
    analysis, _ = run(files(tmp_path), "run")
    state = tmp_path / "run" / "models" / "gblup.safetensors"
    kernel = 8 * N * N
    assert state.stat().st_size < kernel + 120 * P  # tables of variants are there
    assert analysis.shared.genotypes.products is not None


def test_shared_products_give_the_fits_of_each_fold(tmp_path, monkeypatch):
    path = files(tmp_path)
    _, expected = run(path, "shared")
    monkeypatch.setattr(Analysis, "survey", None)
    _, found = run(path, "each")
    one, other = found["predictions.csv"], expected["predictions.csv"]
    pd.testing.assert_frame_equal(one, other, rtol=2e-4, atol=2e-4)


def test_what_needs_too_much_is_refused_before_it_starts(tmp_path):
    path = files(tmp_path)
    config = read_config(path)
    allowed = config.run.model_copy(update={"max_memory": 2**28})
    config = config.model_copy(update={"run": allowed})
    folder = RunFolder(tmp_path / "small")
    with pytest.raises(ConfigError, match="run.max_memory"):
        run_stages(Analysis(config, folder))
    assert not folder.file("predictions.csv").exists()
