"""`meristem.cli.select_tools`: crosses, design, edits, cycles, effects of a run."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer
from tests.calls import Call, caller
from tests.inbred_panel import panel, trained
from tests.toys import numbered

from meristem.cli.main import main
from meristem.cli.select_tools import attach
from meristem.genetics.inheritance.maps import place_by_rate
from meristem.io.genotypes.vcf import write_vcf
from meristem.pipeline.analysis import open_run
from meristem.pipeline.decisions.material import read_material
from meristem.pipeline.fitting import load_fitted
from meristem.select.crosses.inbred import pair_variances

__all__ = ["panel", "trained"]


@pytest.fixture
def select(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command of the module on an application of its own."""
    app = typer.Typer(pretty_exceptions_enable=False)
    attach(app)
    return caller(lambda: main(app), "select", capsys, monkeypatch)


MAP = ("--cm-per-mb", "15000")
ONE = (*MAP, "--trait", "yield")


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "run"))


def test_crosses_are_those_of_the_naive_formula(select: Call, run: Path) -> None:
    words = ("crosses", run, *ONE, "--accuracy", "0.5", "--top", "9")
    code, text, err = select(*words, "--model", "gblup")
    assert code == 0, err
    assert "unlinked" not in text
    table = pd.read_csv(run / "crosses.csv")
    assert table["rank"].tolist() == list(range(1, 10))
    analysis = open_run(run)
    material = read_material(
        analysis, label="gblup", traits=("yield",), candidates=None, genetic_map=None
    )
    placed = place_by_rate(material.lines.variants, 15_000)
    variance = pair_variances(
        material.lines.call_dosage[:, placed.order],
        material.effects.additive[placed.order],
        placed.genetic_map,
    )
    row = {name: k for k, name in enumerate(material.lines.sample_id.tolist())}
    a = [row[name] for name in table["parent_1"]]
    b = [row[name] for name in table["parent_2"]]
    mean = (material.value[a] + material.value[b]) / 2
    assert table["mean"].to_numpy() == pytest.approx(mean)
    assert table["sd"].to_numpy() == pytest.approx(np.sqrt(variance[a, b]))
    assert select(*words)[0] == 0  # it may replace what it wrote


def test_options_of_crosses_change_the_result(select: Call, run: Path) -> None:
    base = ("crosses", run, *ONE, "--force")
    dataset = open_run(run).dataset
    check, first = dataset.sample_id[0], dataset.genotypes.variants
    seen = []
    for more in (
        (),
        ("--progeny", "ril"),
        ("--progeny", "selfed", "--generation", "2"),
        ("--intermating", "2"),
        ("--selected", "0.2"),
        ("--map-function", "kosambi"),
        ("--draws", "6"),
        ("--n-progeny", "7"),
        ("--check", check),
        ("--segments", "2"),
        ("--segments", "0"),
        ("--wanted", f"{first.variant_id[0]}={first.variant_alt[0]}"),
        ("--progeny", "family"),
        ("--simulate", "40", "--most-simulated", "5"),
    ):
        code, _, err = select(*base, *more)
        assert code == 0, err
        seen.append((run / "crosses.csv").read_text())
    assert len(set(seen)) == len(seen)
    table = pd.read_csv(run / "crosses.csv")
    known = table["error"].notna()
    assert known.sum() == 5
    # a linear model: simulated and exact agree to the last digits
    assert table["usefulness"][known].to_numpy() == pytest.approx(
        table["usefulness_linear"][known].to_numpy(), rel=1e-6
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--trait", "yield"), "--map"),
        (MAP, "2 traits"),
        ((*ONE, "--map", "x.csv"), "both"),
        ((*ONE, "--check", "nobody"), "no candidate"),
        ((*MAP, "--trait", "taste"), "no trait"),
        ((*MAP, "--trait", "yield=much"), "no number"),
        ((*ONE, "--model", "oracle"), "oracle"),
        ((*ONE, "--progeny", "clone"), "no progeny"),
        ((*ONE, "--accuracy", "1.5"), "accuracy"),
        ((*ONE, "--selected", "0"), "selected"),
        ((*ONE, "--map-function", "x"), "map function"),
        ((*ONE, "--simulate", "3"), "20 or more"),
        ((*ONE, "--wanted", "A"), "no wanted allele"),
        ((*ONE, "--wanted", "nowhere=A"), "no variant of the model"),
        ((*ONE, "--wanted", "nowhere=A", "--progeny", "ril"), "doubled haploids"),
    ],
    ids=str,
)
def test_crosses_refuse(
    select: Call, trained: Path, tmp_path: Path, words: tuple, said: str
) -> None:
    out = tmp_path / "crosses.csv"
    code, _, err = select("crosses", trained, "--out", out, *words)
    assert code == 2
    assert said in err
    assert "remedy" in err
    assert not out.exists()


def test_a_foreign_file_is_kept(select: Call, run: Path) -> None:
    (run / "crosses.csv").write_text("mine")
    code, _, err = select("crosses", run, *ONE)
    assert code == 2
    assert "--force" in err
    assert (run / "crosses.csv").read_text() == "mine"


def test_design(select: Call, run: Path, panel: Path, tmp_path: Path) -> None:
    new = panel / "new.vcf.gz"
    code, text, err = select(
        "design", run, "--n", "2", "--candidates", new, "--trait", "yield"
    )
    assert code == 0, err
    assert "CDmean" in text
    table = pd.read_csv(run / "next.csv")
    assert len(table) == 2
    assert table["cd_mean"].is_monotonic_increasing
    seen = [(run / "next.csv").read_text()]
    costs = tmp_path / "costs.csv"
    every = numbered("new", 6)
    rows = [f"{name},{1 + k}" for k, name in enumerate(every)]
    costs.write_text("line,cost\n" + "\n".join(rows) + "\n")
    for more in (
        ("--n", "2", "--criterion", "pev"),
        ("--n", "3", "--h2", "0.2"),
        ("--budget", "4", "--costs", costs),
        ("--n", "5", "--environments", "2"),
        ("--n", "5", "--environments", "2", "--interaction", "0.1"),
    ):
        code, _, err = select(
            "design", run, "--candidates", new, "--trait", "yield", *more
        )
        assert code == 0, err
        seen.append((run / "next.csv").read_text())
    assert len(set(seen)) == len(seen)
    for words, said in (
        (("--candidates", new), "--n"),
        (("--candidates", new, "--n", "2", "--node", "x"), "no node"),
        (("--candidates", new, "--n", "2", "--criterion", "x"), "cd or pev"),
        (("--candidates", new, "--n", "2", "--h2", "1"), "heritability"),
    ):
        code, _, err = select("design", run, *words, "--trait", "yield", "--force")
        assert (code, said in err) == (2, True), err


def test_edits_with_guides(select: Call, run: Path, panel: Path) -> None:
    words = ("edits", run, "--top", "12", "--fasta", panel / "genome.fa")
    words += ("--genes", panel / "genes.csv", "--flank", "0", "--trait", "yield")
    words += ("--known-qtl", panel / "qtl.csv")
    code, text, err = select(*words, "--budget", "3")
    assert code == 0, err
    assert "hypotheses" in text
    table = pd.read_csv(run / "edits" / "edits.csv")
    assert (table["synergy_with_first"] == 0).all()
    assert sorted(table["in_set"][table["in_set"] > 0]) == [1, 2, 3]
    found = table["guide"].notna()
    assert found.any()
    assert (table.loc[found, "n_exact_elsewhere"] == 0).all()
    assert table["expected"].is_monotonic_decreasing
    listed = pd.read_csv(run / "edits" / "genes.csv")
    assert listed["share"].sum() == pytest.approx(1)
    assert set(listed["gene"][listed["known_qtl"] == "q1"]) == {"g10", "g11"}
    code, _, err = select(*words, "--line", "nobody")
    assert (code, "no candidate" in err) == (2, True)


def test_cycles(select: Call, run: Path, tmp_path: Path) -> None:
    base = ("cycles", run, *ONE, "--model", "ridge", "--cycles", "2")
    size = ("--crosses", "4", "--lines", "5", "--parents", "6", "--replicates", "3")
    code, text, err = select(*base, *size)
    assert code == 0, err
    assert "truncation" in text
    table = pd.read_csv(run / "cycles.csv")
    assert set(table["strategy"]) == {"truncation", "ocs", "ocs+usefulness"}
    assert len(table) == 3 * 3 * 3
    gaps = pd.read_csv(run / "cycles_differences.csv")
    assert set(gaps["reference"]) == {"truncation"}
    first = (run / "cycles.csv").read_bytes()
    assert select(*base, *size)[0] == 0
    assert (run / "cycles.csv").read_bytes() == first
    code, _, err = select(*base, *size, "--truth", "random", "--qtl", "9", "--ne", "4")
    assert code == 0, err
    assert (run / "cycles.csv").read_bytes() != first
    for words, said in (
        (("--strategy", "hope"), "no strategy"),
        (("--strategy", "ocs"), "--ne"),
        (("--cost", "1,2"), "three or four costs"),
        (("--h2", "0"), "heritability"),
        (("--truth", "x"), "model or random"),
    ):
        code, _, err = select(*base, *size, *words)
        assert (code, said in err) == (2, True), err


def test_effects_predict_as_the_model_does(
    select: Call, run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "effects"
    words = ("effects", run, "--model", "gblup", *ONE, "--out", out)
    code, text, err = select(*words, "--json")
    assert code == 0, err
    assert json.loads(text)["notes"]
    score = pd.read_csv(out / "effects.score", sep="\t")
    table = pd.read_csv(out / "effects.csv")
    analysis = open_run(run)
    lines = analysis.dataset.genotypes
    fitted = load_fitted(analysis, "gblup")
    place = {name: k for k, name in enumerate(lines.variants.variant_id.tolist())}
    columns = [place[name] for name in score["ID"]]
    alleles = lines.variants.variant_alt[columns]
    assert (score["A1"].to_numpy() == alleles).all()
    calls = lines.call_dosage[:, columns].astype(float)
    whole = (calls >= 0).all(axis=1)
    predicted = calls @ score["EFFECT"].to_numpy() + table["intercept"][0]
    expected = fitted.predict(lines).value[:, 0]
    assert whole.any()
    assert predicted[whole] == pytest.approx(expected[whole], abs=1e-6)
    assert table["se"].gt(0).any()
    assert select(*words)[0] == 0  # it may replace what it wrote


def plain_score(vcf: Path, score: Path) -> dict[str, float]:
    """Return sums of sample as the manual of plink2 --score defines them, from text.

    Copies of the named allele times its coefficient; a missing genotype counts twice
    the frequency of the allele.
    """
    rows = [line.split("\t") for line in score.read_text().splitlines()]
    assert rows[0] == ["ID", "A1", "EFFECT"]
    effect = {name: (allele, float(value)) for name, allele, value in rows[1:]}
    assert len(effect) == len(rows) - 1  # one line for every scored allele
    lines = [line.split("\t") for line in vcf.read_text().splitlines()]
    names = next(line for line in lines if line[0] == "#CHROM")[9:]
    total = dict.fromkeys(names, 0.0)
    for line in lines:
        if line[0].startswith("#") or line[2] not in effect:
            continue
        allele, value = effect[line[2]]
        number = str([line[3], *line[4].split(",")].index(allele))
        calls = [call.split(":")[0].replace("|", "/").split("/") for call in line[9:]]
        known = [call.count(number) for call in calls if "." not in call]
        mean = sum(known) / len(known)
        for name, call in zip(names, calls, strict=True):
            copies = mean if "." in call else call.count(number)
            total[name] += copies * value
    return total


def test_scores_by_the_manual_of_plink2_are_our_predictions(
    select: Call, run: Path, tmp_path: Path
) -> None:
    out, vcf = tmp_path / "effects", tmp_path / "lines.vcf"
    words = ("effects", run, "--model", "gblup", "--trait", "yield", "--out", out)
    assert select(*words)[0] == 0
    analysis = open_run(run)
    lines = analysis.dataset.genotypes
    write_vcf(lines, vcf)
    sums = plain_score(vcf, out / "effects.score")
    level = pd.read_csv(out / "effects.csv")["intercept"][0]
    expected = load_fitted(analysis, "gblup").predict(lines).value[:, 0]
    whole = (lines.call_dosage >= 0).all(axis=1)
    found = np.array([sums[name] for name in lines.sample_id.tolist()]) + level
    assert whole.sum() > 30
    assert found[whole] == pytest.approx(expected[whole], abs=1e-6)


@pytest.mark.skipif(shutil.which("plink2") is None, reason="plink2 is not installed")
def test_plink2_scores_as_we_predict(
    select: Call, run: Path, tmp_path: Path
) -> None:  # pragma: no cover
    out = tmp_path / "effects"
    assert (
        select("effects", run, "--model", "gblup", "--trait", "yield", "--out", out)[0]
        == 0
    )
    analysis = open_run(run)
    write_vcf(analysis.dataset.genotypes, tmp_path / "lines.vcf")
    score = out / "effects.score"
    words = ["plink2", "--vcf", tmp_path / "lines.vcf", "--allow-extra-chr"]
    words += ["--score", score, "1", "2", "3", "header-read", "cols=+scoresums"]
    subprocess.run([*map(str, words), "--out", str(tmp_path / "s")], check=True)
    sums = pd.read_csv(tmp_path / "s.sscore", sep="\t")["EFFECT_SUM"].to_numpy()
    table = pd.read_csv(out / "effects.csv")
    expected = load_fitted(analysis, "gblup").predict(analysis.dataset.genotypes)
    assert sums + table["intercept"][0] == pytest.approx(expected.value[:, 0], abs=1e-6)


def test_a_model_that_is_no_sum_is_ranked_by_simulated_progeny(
    select: Call, run: Path
) -> None:
    base = ("crosses", run, *ONE, "--model", "rkhs", "--top", "15")
    code, text, err = select(*base, "--simulate", "60", "--most-simulated", "20")
    assert code == 0, err
    assert "no sum over markers" in text
    assert "Monte-Carlo error" in text
    table = pd.read_csv(run / "crosses.csv")
    assert table["usefulness"].is_monotonic_decreasing
    assert table["error"].notna().any()
