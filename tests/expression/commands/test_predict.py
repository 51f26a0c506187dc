import gzip
import json

import numpy as np
import pandas as pd
import pytest
from tests.expression.simulated import write_simulated
from typer.testing import CliRunner

from meristem.cli.main import app
from meristem.errors import MeristemError

TRAIN = """
[train]
window = 2000
models = ["features", "cis_ridge"]
folds = 2
inner_folds = 2
permutations = 0
[[train.heads]]
kind = "ridge"
[[train.heads]]
kind = "shared_ridge"
"""


def _run(*words):
    return CliRunner().invoke(app, ["expression", *map(str, words)])


def _done(*words):
    result = _run(*words)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Return the panel and its configuration, under other names than its genes."""
    folder = tmp_path_factory.mktemp("predict")
    panel, path = write_simulated(
        folder, n_gene=10, n_train=60, n_test=30, n_variant=400
    )
    table = pd.read_parquet(folder / "sim" / "expression.parquet").set_index("line")
    names = [f"probe_{k}" for k in range(table.shape[1])]
    pd.DataFrame({"feature": names, "node": table.columns}).to_csv(
        folder / "map.csv", index=False
    )
    table.set_axis(names, axis=1).to_csv(folder / "probes.csv")
    text = path.read_text().replace(
        'path = "sim/expression.parquet"', 'path = "probes.csv"\nnode_map = "map.csv"'
    )
    path.write_text(text + TRAIN)
    _done("embed", path, "-q")
    _done("train", path, "-q")
    return panel, path


def _with(path, name, *changes):
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    other = path.with_name(name)
    other.write_text(text)
    return other


def test_heads_know_genes_by_their_node(trained) -> None:
    _, path = trained
    scores = pd.read_csv(path.parent / "run" / "scores.csv")
    new = scores[scores["question"] == "new_lines"].groupby("model")
    assert (new["n"].min() == 60).all()
    assert new["r"].mean().min() > 0.2


@pytest.mark.parametrize("model", ["features", "head_ridge", "head_shared_ridge"])
def test_models_of_sequences_predict_lines_of_another_file(trained, model) -> None:
    panel, path = trained
    other = _with(
        path,
        f"{model}.toml",
        (
            "[train]",
            f'[predict]\nmodel = "{model}"\ngenotypes = "sim/candidates.vcf.gz"\n'
            "[train]",
        ),
    )
    assert "30 lines" in _done("predict", other)
    table = pd.read_csv(path.parent / "run" / "predicted.csv", index_col=0)
    genes = pd.read_csv(path.parent / "run" / "predicted_genes.csv")
    place = [panel.gene_id.tolist().index(g) for g in genes["node"]]
    truth = panel.truth.expression[60:][:, place]
    varied = truth.std(axis=0) > 0
    assert varied.sum() > 4
    r = table.loc[:, varied].corrwith(pd.DataFrame(truth, table.index, table.columns))
    assert r.median() > 0.5


def test_what_was_embedded_or_scored_otherwise_is_refused(trained) -> None:
    _, path = trained
    for command, old, new, words in [
        ("train", "upstream = 400", "upstream = 200", "embedded with other settings"),
        ("train", "bins = 5", "bins = 4", "embedded with other settings"),
        ("predict", "window = 2000", "window = 3000", "scores of other settings"),
    ]:
        result = _run(command, _with(path, "stale.toml", (old, new)))
        assert isinstance(result.exception, MeristemError)
        assert words in str(result.exception)


def test_two_features_of_one_gene_are_refused_beside_heads(trained) -> None:
    _, path = trained
    text = path.with_name("map.csv").read_text()
    first, second = text.splitlines()[1].split(",")[1], text.splitlines()[2]
    path.with_name("twice.csv").write_text(
        text.replace(second, second.split(",")[0] + f",{first}")
    )
    result = _run("train", _with(path, "twice.toml", ("map.csv", "twice.csv")))
    assert "2 features measure the gene" in str(result.exception)


def test_filled_values_are_on_the_scale_of_the_predicted(tmp_path) -> None:
    _, path = write_simulated(
        tmp_path, n_gene=10, n_train=60, n_test=8, n_variant=400, measured_share=0.7
    )
    table = pd.read_parquet(tmp_path / "sim" / "expression.parquet").set_index("line")
    counts = 2 ** (8 + table) - 1
    batch = pd.Series(np.arange(len(table)) % 2, table.index)
    counts.mul(2.0 ** (3 * batch), axis=0).to_csv(tmp_path / "counts.csv")
    names = pd.Series(["a", "b"])[batch].to_numpy()
    pd.DataFrame({"line": table.index, "batch": names}).to_csv(
        tmp_path / "batch.csv", index=False
    )
    text = path.read_text().replace("sim/expression.parquet", "counts.csv")
    path.write_text(
        text + '[covariates]\npath = "batch.csv"\ncolumns = ["batch"]\n'
        '[train]\nwindow = 2000\nmodels = ["cis_ridge"]\nfolds = 2\npermutations = 0\n'
        '[train.preprocess]\nscale = "log2"\n[predict]\nfill = true\nmin_r = -1\n'
    )
    _done("train", path, "-q")
    _done("predict", path)
    filled = pd.read_csv(tmp_path / "run" / "filled.csv", index_col=0)
    measured = filled.index.isin(table.index)
    level = [filled[part].to_numpy().mean() for part in (measured, ~measured)]
    assert level[0] == pytest.approx(level[1], abs=0.3)
    # the batch is taken off measured values
    own = filled[measured].mean(axis=1)
    gap = (
        own[(batch == 1).reindex(own.index)].mean()
        - own[(batch == 0).reindex(own.index)].mean()
    )
    assert abs(gap) < 0.5


def test_genes_that_the_annotation_lacks_are_told(trained) -> None:
    _, path = trained
    text = path.with_name("map.csv").read_text().splitlines()
    text[1] = text[1].split(",")[0] + ",unheard_of"
    path.with_name("lacking.csv").write_text("\n".join(text))
    other = _with(path, "lacking.toml", ("map.csv", "lacking.csv"))
    told = _done("haplotypes", other, "--out", path.with_name("counted"), "-q")
    assert "1 genes are not in the annotation" in told
    work = json.loads((path.with_name("counted") / "work.json").read_text())
    assert work["genes_absent_from_annotation"] == ["unheard_of"]


def test_every_question_has_its_chance_and_its_best(trained) -> None:
    _, path = trained
    other = _with(path, "chance.toml", ("permutations = 0", "permutations = 1"))
    _done("train", other, "-q")
    questions = {"new_lines", "new_genes", "both_new"}
    chance = {"permuted", "permuted_new_genes", "permuted_both_new"}
    scores = pd.read_csv(path.parent / "run" / "scores.csv")
    assert set(scores["question"]) == questions | chance
    asked = scores[scores["question"] == "permuted_new_genes"]
    assert set(asked["model"]) == {"head_shared_ridge"}
    drawn = pd.read_csv(path.parent / "run" / "figures" / "models_new_genes.csv")
    assert drawn["chance_low"].notna().all()
    predictions = pd.read_csv(path.parent / "run" / "predictions.csv")
    assert not set(predictions["question"]) & chance
    page = (path.parent / "run" / "report.html").read_text()
    assert "The best of every question against the others" in page


def test_a_panel_that_shares_few_variants_is_refused(trained) -> None:
    _, path = trained
    with gzip.open(path.parent / "sim" / "candidates.vcf.gz", "rt") as file:
        text = file.readlines()
    n_head = sum(line.startswith("#") for line in text)
    path.with_name("few.vcf").write_text("".join(text[: n_head + 40]))
    section = '[predict]\nmodel = "cis_ridge"\ngenotypes = "few.vcf"\n'
    other = _with(path, "few.toml", ("[train]", section + "[train]"))
    result = _run("predict", other)
    assert "only 40 of 400 variants are found" in str(result.exception)
    less = _with(other, "less.toml", ("[predict]", "[predict]\nmin_overlap = 0.1"))
    assert "40 of 400 variants matched" in _done("predict", less)


def test_lines_without_covariates_are_told(trained) -> None:
    _, path = trained
    rows = [f"line_{k:05d},{'ab'[k % 2]}\n" for k in range(1, 51)]
    path.with_name("part.csv").write_text("line,batch\n" + "".join(rows))
    section = '[covariates]\npath = "part.csv"\ncolumns = ["batch"]\n'
    other = _with(path, "part.toml", ("[train]", section + "[train]"))
    _done("train", other, "-q")
    page = (path.parent / "run" / "report.html").read_text()
    assert "10 lines have no covariates" in page
