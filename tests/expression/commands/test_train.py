import pandas as pd
import pytest
from tests.expression.simulated import write_simulated
from typer.testing import CliRunner

from meristem.cli.main import app
from meristem.config.read import read_config, read_expression_run
from meristem.errors import MeristemError
from meristem.io.tables.omics import read_omics

TRAIN = """
[train]
window = 2000
models = ["cis_top", "cis_ridge", "cis_polygenic"]
folds = 3
inner_folds = 3
"""


def _run(*words):
    return CliRunner().invoke(app, ["expression", *map(str, words)])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("expression")
    panel, path = write_simulated(
        folder, n_gene=10, n_train=60, n_test=8, n_variant=400, measured_share=0.7
    )
    path.write_text(path.read_text() + TRAIN + "[predict]\nfill = true\n")
    result = _run("train", path, "-q")
    assert result.exit_code == 0, result.output
    return panel, path


def test_the_folder_holds_scores_weights_and_a_page(trained) -> None:
    _, path = trained
    out = path.parent / "run"
    scores = pd.read_csv(out / "scores.csv")
    assert set(scores["question"]) == {"new_lines", "permuted"}
    assert set(scores["model"]) == {"cis_top", "cis_ridge", "cis_polygenic"}
    summary = pd.read_csv(out / "summary.csv")
    whole = summary[summary["strength"] == "all"].set_index(["question", "model"])
    assert whole.loc[("new_lines", "cis_polygenic"), "mean_r"] > 0.3
    assert abs(whole.loc[("permuted", "cis_polygenic"), "mean_r"]) < 0.2
    predictions = pd.read_csv(out / "predictions.csv")
    assert len(predictions) == 42 * 10
    page = (out / "report.html").read_text()
    assert "Which variants carry it" in page
    assert "What can be told at all" in page


def test_weights_of_one_panel_are_the_published_ones_of_another(trained) -> None:
    _, path = trained
    other = path.with_name("published.toml")
    text = path.read_text().replace('out = "run"', 'out = "again"')
    text = text.replace(
        'models = ["cis_top", "cis_ridge", "cis_polygenic"]',
        'models = ["published"]\nweights = ["run/weights.csv"]\npermutations = 0',
    )
    other.write_text(text)
    assert _run("train", other, "-q").exit_code == 0
    scores = pd.read_csv(path.parent / "again" / "scores.csv")
    assert scores["r"].mean() > 0.3  # the weights saw these lines
    assert "of the weights found" in (path.parent / "again" / "report.html").read_text()


def test_a_second_run_fits_nothing_again(trained, monkeypatch) -> None:
    _, path = trained

    def never(*_):
        raise AssertionError("fitted again")

    monkeypatch.setattr("meristem.runs.tasks._call", never)
    assert _run("train", path, "-q").exit_code == 0


def test_lines_without_expression_are_predicted_for_an_analysis(trained) -> None:
    panel, path = trained
    result = _run("predict", path)
    assert result.exit_code == 0, result.output
    out = path.parent / "run"
    table = pd.read_csv(out / "predicted.csv", index_col=0)
    assert len(table) == 18
    analysis = path.with_name("analysis.toml")
    section = result.output[result.output.index("[[omics]]") :]
    analysis.write_text(
        '[genotypes]\npath = "sim/genotypes.vcf.gz"\n[phenotypes]\n'
        f'path = "sim/phenotypes.csv"\n[[models]]\nkind = "gblup"\n{section}'
    )
    read = read_omics(read_config(analysis).omics[0])
    assert read.reliability is not None
    truth = panel.truth.expression[:60][
        :, [panel.gene_id.tolist().index(g) for g in table]
    ]
    names = panel.train.sample_id.tolist()
    own = truth[[names.index(n) for n in table.index]]
    r = [
        table.iloc[:, k].corr(pd.Series(own[:, k], table.index))
        for k in range(own.shape[1])
    ]
    assert pd.Series(r).mean() > 0.4
    filled = pd.read_csv(out / "filled.csv", index_col=0)
    assert len(filled) == 60


def test_further_lines_are_predicted_from_their_genotypes(trained) -> None:
    _, path = trained
    other = path.with_name("further.toml")
    other.write_text(
        path.read_text().replace("fill = true", 'genotypes = "sim/candidates.vcf.gz"')
    )
    result = _run("predict", other)
    assert result.exit_code == 0, result.output
    assert "8 lines" in result.output
    assert "variants matched" in result.output


def test_a_report_is_written_anew(trained) -> None:
    _, path = trained
    page = path.parent / "run" / "report.html"
    before = page.read_text()
    page.unlink()
    assert _run("report", path).exit_code == 0
    assert page.read_text() == before


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[expression]\npath", "[embed]\ncache", "[expression] is not there"),
        ('models = ["cis_top"', 'models = ["cis_best"', "cis_best"),
        ('models = ["cis_top"', 'models = ["published"', "needs train.weights"),
        ("[train]", "[train]\nzero_shot = true", "holds no embedded haplotypes"),
        ("window = 2000", "window = 1", "no variant lies within 1 bp"),
        ("fill = true", 'model = "gblup"', "was not trained"),
    ],
)
def test_what_cannot_be_done_is_refused(trained, old, new, words) -> None:
    _, path = trained
    text = path.read_text()
    if "cache" in new:  # the section of embeddings once
        text = text.replace("[embed]\n", "")
    wrong = path.with_name("wrong.toml")
    wrong.write_text(text.replace(old, new))
    command = "predict" if "model = " in new else "train"
    result = _run(command, wrong)
    assert isinstance(result.exception, MeristemError)
    assert words in str(result.exception)


def test_genes_without_values_are_left_out_and_others_are_as_before(
    trained, recwarn
) -> None:
    _, path = trained
    table = pd.read_parquet(path.parent / "sim" / "expression.parquet").set_index(
        "line"
    )
    silent = table.assign(**{table.columns[0]: 3.0, table.columns[1]: float("nan")})
    silent.to_csv(path.with_name("silent.csv"))
    other = path.with_name("silent.toml")
    text = path.read_text().replace('out = "run"', 'out = "silent"')
    text = text.replace("sim/expression.parquet", "silent.csv")
    other.write_text(
        text.replace(
            'models = ["cis_top", "cis_ridge", "cis_polygenic"]',
            'models = ["cis_ridge"]\npermutations = 0',
        )
    )
    result = _run("train", other, "-q")
    assert result.exit_code == 0, result.output
    assert not recwarn.list
    gone = set(table.columns[:2])
    scores = pd.read_csv(path.parent / "silent" / "scores.csv").set_index("gene")
    assert set(table.columns) - set(scores.index) == gone
    page = (path.parent / "silent" / "report.html").read_text()
    assert "2 genes have too few values" in page
    assert _run("predict", other).exit_code == 0
    filled = pd.read_csv(path.parent / "silent" / "filled.csv", index_col=0)
    assert set(filled.columns) == set(table.columns) - gone


def test_a_run_needs_no_genome_where_markers_and_places_are_given(tmp_path) -> None:
    path = tmp_path / "plain.toml"
    path.write_text(
        '[genotypes]\npath = "g.vcf"\n[expression]\npath = "e.csv"\n'
        '[train]\npositions = "genes.csv"\n'
    )
    config = read_expression_run(path)
    assert config.train.positions == tmp_path / "genes.csv"


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("[genotypes]\npath = 'g.vcf'\nfilter = { min_maf = 0.1 }", "genotypes.filter"),
        ("[genotypes]\npath = 'g.vcf'\nhybrids = 'h.csv'", "genotypes.hybrids"),
        ("[covariates]\npath = 'c.csv'\nrandom = 'cage'", "covariates.random"),
        ("[embed]\nkmers = [12]", "embed.kmers"),
        ("[embed]\nlayer = 3", "does not read embed.layer"),
        (
            "[genes]\nupstream = 20\ndownstream = 0\n[embed]\nbins = 30",
            "above the 20 bp",
        ),
        ("[[train.heads]]\nkind = 'transformer'\nwidth = 65", "no multiple of heads"),
    ],
)
def test_options_that_nothing_reads_are_refused(tmp_path, section, words) -> None:
    path = tmp_path / "wrong.toml"
    whole = (
        '[genome]\nfasta = "g.fa"\nannotation = "g.gff3"\n[variants]\npath = "g.vcf"\n'
        '[expression]\npath = "e.csv"\n[embed]\nmotifs = "m.meme"\n'
    )
    if "[embed]" in section:
        whole = whole.replace("[embed]\n", "").replace('motifs = "m.meme"\n', "")
    path.write_text(whole + section)
    with pytest.raises(MeristemError, match=words):
        read_expression_run(path)
