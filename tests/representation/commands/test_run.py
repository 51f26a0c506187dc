"""The run of `represent`: tables that agree with each other, and a page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.representation.toys import low_rank

from meristem.config.read import read_represent_config
from meristem.errors import MeristemError
from meristem.representation.commands.run import represent_run, table_files
from meristem.runs.destination import Destination

N, P = 60, 45
CONFIG = """
[run]
title = "Two tables"
out = "out"

[[omics]]
name = "rna"
path = "rna.csv"
represent = "{kind}"
{how}
confounders = ["batch"]

[[omics]]
name = "metabolites"
path = "metabolites.csv"

[groups]
path = "groups.csv"

[phenotypes]
path = "traits.csv"

[knowledge]
gene_sets = ["sets.gmt"]

[network]
path = "pairs.csv"
"""


DRAWN = """
[[omics]]
name = "other"
path = "rna.csv"
represent = "pca"
samples_from = "gan"
"""


def write_case(folder: Path, kind: str = "pca") -> Path:
    value, z = low_rank(N, P)
    rng = np.random.default_rng(3)
    batch = np.array(["a", "b"])[rng.integers(0, 2, N)]
    value += 3.0 * np.outer(batch == "b", rng.normal(size=P))
    value[rng.random(value.shape) < 0.1] = np.nan
    value[4] = np.nan
    line = [f"l{i}" for i in range(N)]
    gene = [f"g{j}" for j in range(P)]
    pd.DataFrame(value, line, gene).to_csv(folder / "rna.csv", index_label="line")
    other = z @ rng.normal(size=(3, 8)) + 0.2 * rng.normal(size=(N, 8))
    names = [f"m{j}" for j in range(8)]
    other = pd.DataFrame(other, line, names)
    other.to_csv(folder / "metabolites.csv", index_label="line")
    pd.DataFrame({"line": line, "batch": batch}).to_csv(
        folder / "groups.csv", index=False
    )
    trait = z[:, 0] + 0.1 * rng.normal(size=N)
    pd.DataFrame({"line": line, "yield": trait}).to_csv(
        folder / "traits.csv", index=False
    )
    sets = [f"s{k}\tna\t" + "\t".join(gene[15 * k : 15 * k + 15]) for k in range(3)]
    (folder / "sets.gmt").write_text("\n".join(sets) + "\n")
    pairs = [f"g{j},g{j + 1}" for j in range(P - 1)]
    (folder / "pairs.csv").write_text("\n".join(["one,two", *pairs]) + "\n")
    path = folder / "represent.toml"
    short = "seeds = 2\nepochs = 10"
    how = {"pca": "k = [2, 3]", "sets": short}.get(kind, f"k = [2, 3]\n{short}")
    path.write_text("samples = 25\n" + CONFIG.format(kind=kind, how=how))
    return path


def read(folder: Path, part: str) -> pd.DataFrame:
    return pd.read_csv(folder / table_files("rna")[part])


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("represent")
    config = read_represent_config(write_case(folder))
    assert represent_run(config, Destination(config.run.out)).exists()
    return folder / "out"


def test_tables_are_those_of_the_samples(finished: Path) -> None:
    factors, loadings = read(finished, "factors"), read(finished, "loadings")
    assert factors.shape[1] == 1 + loadings.shape[1] - 2
    assert factors["sample_id"].tolist() == [f"l{i}" for i in range(N)]
    assert factors.iloc[4, 1:].isna().all()
    assert loadings["feature"].tolist() == [f"g{j}" for j in range(P)]
    assert read(finished, "cleaned").shape == (N, P + 1)


def test_gaps_are_filled_with_their_uncertainty(finished: Path) -> None:
    raw = pd.read_csv(finished.parent / "rna.csv").iloc[:, 1:].to_numpy()
    filled = read(finished, "imputed").iloc[:, 1:].to_numpy()
    width = read(finished, "half_width").iloc[:, 1:].to_numpy()
    known = ~np.isnan(raw)
    assert np.abs(filled - raw)[known].max() < 1e-5
    assert np.isfinite(filled).all()
    assert np.array_equal(np.isnan(width), known)
    methods = read(finished, "imputation")
    assert {"network", "other_omics", "mixture"} <= set(methods["method"])


def test_rows_are_drawn_and_judged(finished: Path) -> None:
    assert read(finished, "samples").shape == (25, P + 1)
    judged = read(finished, "realism").set_index("check")
    assert judged.loc["classifier", "samples"] < 0.9
    assert judged["real_rows"].notna().all()


def test_factors_are_described(finished: Path) -> None:
    about = read(finished, "about")
    assert about["stability"].between(0, 1).all()
    traits = read(finished, "traits")
    assert traits["q"].min() < 0.01
    told = read(finished, "confounding")
    level = told.set_index("method")
    assert level.loc["none", ["linear", "radial"]].min() > 0.9
    assert level.loc["combat", "linear"] < 0.75
    assert level["chosen"].tolist() == [name == "combat" for name in level.index]
    assert level.loc["combat", "kept"] > 0.8 * level.loc["none", "kept"]
    assert read(finished, "confounders")["r2"].max() < 0.2
    assert set(read(finished, "sets")["set"]) <= {"s0", "s1", "s2"}
    recon = pd.read_csv(finished / "reconstruction.csv")
    assert recon["k"].tolist() == [2, 3]


def test_the_page_says_it_and_the_record_is_whole(finished: Path) -> None:
    page = (finished / "report.html").read_text()
    for words in ("Table rna", "Filled values", "What is left of the confounders"):
        assert words in page
    record = json.loads((finished / "run.json").read_text())
    assert record["kind"] == "representation"
    assert record["finished"]
    assert "rna.factors.csv" in record["artefacts"]


def test_the_same_seed_gives_the_same_tables(finished: Path, tmp_path: Path) -> None:
    config = read_represent_config(write_case(tmp_path))
    represent_run(config, Destination(tmp_path / "again"))
    for part in ("factors", "imputed", "half_width"):
        pd.testing.assert_frame_equal(
            read(finished, part), read(tmp_path / "again", part)
        )


def test_sets_have_names_and_a_rival(tmp_path: Path) -> None:
    path = write_case(tmp_path, "sets")
    text = path.read_text().replace("samples = 25\n", "")
    path.write_text(text.replace('confounders = ["batch"]', ""))
    config = read_represent_config(path)
    page = represent_run(config, Destination(config.run.out)).read_text()
    assert "Sets that vary together" in page
    assert "of what they write is outside their sets" in page
    assert read(tmp_path / "out", "about")["factor"].tolist() == ["s0", "s1", "s2"]
    recon = pd.read_csv(tmp_path / "out" / "reconstruction.csv")
    assert recon[["kind", "k"]].to_numpy().tolist() == [["sets", 3], ["pca", 3]]


def test_counts_and_components_are_judged_on_one_scale(tmp_path: Path) -> None:
    """Of one k too; components of the logarithms of counts, not of counts."""
    path = write_case(tmp_path, "vae")
    table = pd.read_csv(tmp_path / "rna.csv", index_col="line")
    table = np.exp(3 + 0.5 * table / table.std()).round()
    table.to_csv(tmp_path / "rna.csv", index_label="line")
    text = path.read_text().replace("samples = 25\n", "")
    path.write_text(text.replace("k = [2, 3]", 'k = [3]\nlikelihood = "nb"'))
    config = read_represent_config(path)
    page = represent_run(config, Destination(config.run.out)).read_text()
    assert "principal components" in page
    recon = pd.read_csv(tmp_path / "out" / "reconstruction.csv").set_index("kind")
    assert recon["k"].tolist() == [3, 3]
    assert recon["rmse"].between(0.2, 0.7).all()


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ('represent = "pca"', 'represent = "none"', "without represent"),
        ('confounders = ["batch"]', 'confounders = ["plate"]', "no grouping called"),
        ('name = "metabolites"', 'name = "rna"', "two omics tables"),
        ("k = [2, 3]", "k = [0]", "line 11, omics.0.k: 0 is no number of factors"),
        ("k = [2, 3]", 'k = "ten"', "line 11, omics.0.k: 'ten' is no number of fac"),
        ("k = [2, 3]", "k = [2000]", "omics.0.k: 2000 is no number of factors"),
        ("k = [2, 3]", "k = [60]", "60 is no number of factors here: 59 rows of 45"),
        ("k = [2, 3]", "epochs = 5", "line 7, omics.0: epochs: nothing reads this"),
        ("k = [2, 3]", "strength = 2.0", "strength: nothing reads this"),
        ("k = [2, 3]", "hidden = 8\nseeds = 2", "hidden, seeds: nothing reads"),
        ('confounders = ["batch"]', 'deconfound = "adversarial"', "name confounders"),
        ('name = "metabolites"', 'name = "m"\nk = [3]', "k: nothing reads this"),
        ("samples = 25", DRAWN, "set samples at the top"),
        (
            'represent = "pca"',
            'represent = "pca"\nlikelihood = "nb"',
            "needs represent = one of",
        ),
        ('gene_sets = ["sets.gmt"]', 'gene_sets = ["no.gmt"]', "no.gmt"),
        (
            'path = "pairs.csv"',
            'path = "pairs.csv"\n[neighbours]\nsmooth = "metabolites"',
            "0 features of metabolites are in rna",
        ),
    ],
)
def test_wrong_configurations_write_nothing(
    tmp_path: Path, old: str, new: str, match: str
) -> None:
    path = write_case(tmp_path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(MeristemError, match=match):
        represent_run(read_represent_config(path), Destination(tmp_path / "out"))
    assert not (tmp_path / "out" / "run.json").exists()


def test_networks_are_judged_and_tables_smoothed(tmp_path: Path) -> None:
    path = write_case(tmp_path)
    text = path.read_text().replace("samples = 25\n", "")
    path.write_text(
        text + '[neighbours]\nnetworks = ["given", "learned", "sets"]\nfolds = 2\n'
        'traits = true\nsmooth = "rna"\nshare = 0.25\n'
    )
    config = read_represent_config(path)
    page = represent_run(config, Destination(config.run.out)).read_text()
    assert "Genes told from a network" in page
    genes = read(tmp_path / "out", "neighbours")
    assert set(genes["network"]) == {
        *("none", "given", "given, shuffled"),
        *("learned", "learned, shuffled"),
        *("sets", "sets, shuffled"),
    }
    assert set(read(tmp_path / "out", "network_traits")["trait"]) == {"yield"}
    raw = pd.read_csv(tmp_path / "rna.csv").iloc[:, 1:]
    smoothed = read(tmp_path / "out", "smoothed").iloc[:, 1:]
    mean = raw.mean()
    off = (raw - mean).fillna(0.0)
    ends = mean["g0"] + 0.75 * off["g0"] + 0.25 * off["g1"]
    rows = raw.notna().any(axis=1)
    assert np.allclose(smoothed.loc[rows, "g0"], ends[rows], atol=1e-5)
    assert smoothed[~rows].isna().all().all()


def test_a_table_alone_does_not_say_how_far_it_is_to_be_smoothed(
    tmp_path: Path,
) -> None:
    path = write_case(tmp_path)
    asked = '[neighbours]\nnetworks = ["given"]\nsmooth = "rna"\n'
    path.write_text(path.read_text() + asked)
    config = read_represent_config(path)
    with pytest.raises(MeristemError, match="agrees best with itself"):
        represent_run(config, Destination(config.run.out))
    assert not (tmp_path / "out").exists()


STACK = """
[run]
out = "out"
[[omics]]
name = "one"
path = "rna.csv"
[[omics]]
name = "two"
path = "rna.csv"
[stack]
k = [2]
[genotypes]
path = "lines.vcf"
[groups]
path = "groups.csv"
"""


def test_gaps_of_a_stack_are_filled_from_genotypes_of_its_lines(
    tmp_path: Path,
) -> None:
    path = write_case(tmp_path)
    path.write_text(STACK)
    call = np.array(["0/0", "1/1"])[np.random.default_rng(1).integers(0, 2, (20, N))]
    head = [*"#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT".split()]
    rows = [[*head, *(f"l{i}" for i in range(N))]]
    rows += [[*f"1 {v + 1} v{v} A C . PASS . GT".split(), *call[v]] for v in range(20)]
    text = "\n".join("\t".join(row) for row in rows)
    (tmp_path / "lines.vcf").write_text(f"##fileformat=VCFv4.2\n{text}\n")
    config = read_represent_config(path)
    represent_run(config, Destination(config.run.out))
    told = pd.read_csv(tmp_path / "out" / "stack.imputation.csv")
    assert {"genotypes", "genotypes_and_ridge"} <= set(told["method"])
    groups = (tmp_path / "groups.csv").read_text().replace("batch", "table")
    (tmp_path / "groups.csv").write_text(groups)
    with pytest.raises(MeristemError, match="a column is called 'table'"):
        represent_run(config, Destination(config.run.out, force=True))


def test_architectures_are_searched(tmp_path: Path) -> None:
    path = write_case(tmp_path)
    text = path.read_text().replace("samples = 25\n", "")
    asked = 'k = [2, 3]\ntune = { trials = 8, kinds = ["denoising"] }\n'
    path.write_text(text.replace("k = [2, 3]\n", asked))
    config = read_represent_config(path)
    page = represent_run(config, Destination(config.run.out)).read_text()
    assert "Search of the architecture" in page
    trials = read(tmp_path / "out", "trials")
    best = trials[trials["chosen"]].iloc[0]
    assert best["rmse"] == trials.loc[trials["generation"] == -1, "rmse"].min()
    about = pd.read_csv(tmp_path / "out" / "tables.csv").iloc[0]
    assert about["kind"] == best["represent"]
    assert about["factors"] == best["k"]


@pytest.mark.parametrize(
    ("section", "match"),
    [
        ('networks = ["given"]', "there is no"),
        ("smooth = 'rna'", "there is no"),
        ("methods = []", "at least 1"),
        ("folds = 1", "greater than or equal to 2"),
    ],
)
def test_impossible_questions_of_networks_are_refused(
    tmp_path: Path, section: str, match: str
) -> None:
    path = write_case(tmp_path)
    text = path.read_text().split("[network]")[0]
    path.write_text(f"{text}[neighbours]\n{section}\n")
    with pytest.raises(MeristemError, match=match):
        read_represent_config(path)


def test_an_analysis_is_read_for_its_omics(tmp_path: Path) -> None:
    path = write_case(tmp_path)
    text = path.read_text().split("[network]")[0].removeprefix("samples = 25\n")
    path.write_text(text + '[genotypes]\npath = "x.vcf"\n[[models]]\nkind = "gblup"\n')
    config = read_represent_config(path)
    assert config.run.out.name == "out_represent"
    assert config.omics[0].represent == "pca"
