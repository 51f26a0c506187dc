"""Candidates coded in another way get the same predictions, or are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.toys import genotypes, swapped, variant_table

from meristem.config import read_config
from meristem.errors import DataError
from meristem.genetics.copies import find_copies
from meristem.io.genotypes.plink import write_bed
from meristem.io.genotypes.vcf import read_vcf, write_vcf
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.checking.check import check_analysis
from meristem.pipeline.predicting.candidates import predict_new
from meristem.pipeline.run import run_stages
from meristem.records import Genotypes, VariantTable
from meristem.runs.folder import RunFolder

CASES = Path(__file__).parents[4] / "shared" / "cases"
needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason="the cases are absent")
N_VARIANT = 40
CONFIG = """
[genotypes]
path = "{path}"
{more}

[phenotypes]
path = "p.csv"

[evaluate]
folds = 3

[explain]
null_fits = 0
folds = 0
permutations = 0

[[models]]
kind = "gblup"
"""


def table(contig: str = "{}", prefix: str = "m") -> VariantTable:
    index = range(N_VARIANT)
    return variant_table(
        [f"{prefix}{i}" for i in index],
        [contig.format(1 + i // 20) for i in index],
        [100 * (i + 1) for i in index],
        ["AC"[i % 2] for i in index],
        ["GT"[i % 2] for i in index],
    )


def finish(config: Path, out: Path) -> Analysis:
    analysis = Analysis(read_config(config), RunFolder(out))
    run_stages(analysis)
    return analysis


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with 30 diploid lines and, as a table, 30 tetraploid ones."""
    folder = tmp_path_factory.mktemp("candidates")
    rng = np.random.default_rng(4)
    names = np.array([f"L{i:02d}" for i in range(30)])
    dosage = rng.integers(0, 3, (30, N_VARIANT)).astype(np.int8)
    write_bed(Genotypes(names, table(), dosage), folder / "train.bed")
    four = rng.binomial(4, 0.5, (30, N_VARIANT))
    frame = pd.DataFrame(four, columns=table().variant_id)
    frame.insert(0, "line", names)
    frame.to_csv(folder / "four.csv", index=False)
    value = dosage @ rng.normal(size=N_VARIANT)
    pd.DataFrame({"line": names, "yield": value}).to_csv(folder / "p.csv", index=False)
    (folder / "a.toml").write_text(CONFIG.format(path="train", more=""))
    (folder / "four.toml").write_text(CONFIG.format(path="four.csv", more="ploidy = 4"))
    return folder


@pytest.fixture(scope="module")
def finished(folder: Path) -> Analysis:
    return finish(folder / "a.toml", folder / "run")


def new_lines() -> Genotypes:
    dosage = np.random.default_rng(5).integers(0, 3, (6, N_VARIANT)).astype(np.int8)
    dosage[:, :6] = 0  # only the reference allele is seen
    dosage[:, 6:10] = 2  # only the alternate one
    return Genotypes(np.array([f"N{i}" for i in range(6)]), table(), dosage)


def test_one_prediction_however_candidates_are_coded(
    finished: Analysis, folder: Path
) -> None:
    """By id, by place, chr01 against 1, alleles exchanged, one allele seen."""
    new = new_lines()
    write_bed(new, folder / "plain.bed")
    for name, contig in (("bare", "{}"), ("chr", "chr{}"), ("zero", "Chr0{}")):
        other = Genotypes(new.sample_id, table(contig, "x"), new.call_dosage)
        write_vcf(other, folder / f"{name}.vcf")
    turned = swapped(table("chr{}", "y"))
    exchanged = genotypes(2 - new.call_dosage, new.sample_id, turned)
    write_vcf(exchanged, folder / "swap.vcf")
    lines = (folder / "bare.vcf").read_text().splitlines()
    for index, line in enumerate(lines):
        fields = line.split("\t")
        if not line.startswith("#") and not any("1" in call for call in fields[9:]):
            fields[4] = "."  # as in a call set of all sites
            lines[index] = "\t".join(fields)
    (folder / "all.vcf").write_text("\n".join(lines) + "\n")
    frame = pd.DataFrame(new.call_dosage, columns=new.variants.variant_id)
    frame.insert(0, "line", new.sample_id)
    frame.to_csv(folder / "new.csv", index=False)
    wanted = predict_new(finished, folder / "plain")[0]
    assert wanted["predicted"].std() > 0.1
    for name in ("bare.vcf", "chr.vcf", "zero.vcf", "swap.vcf", "all.vcf", "new.csv"):
        found = predict_new(finished, folder / name)[0]
        pd.testing.assert_frame_equal(found, wanted)


def test_lines_of_the_run_and_new_ones_are_ranked_together(folder: Path) -> None:
    write_bed(new_lines(), folder / "more.bed")
    seen = pd.read_csv(folder / "p.csv")
    seen.iloc[:-4].to_csv(folder / "fewer.csv", index=False)
    text = CONFIG.format(path="train", more="").replace("p.csv", "fewer.csv")
    path = folder / "together.toml"
    path.write_text(f'{text}\n[predict]\ngenotypes = "more"\n')
    analysis = finish(path, folder / "together")
    found = analysis.folder.read_table("candidates.csv")
    assert set(found["sample_id"]) == {f"L{i}" for i in range(26, 30)} | {
        f"N{i}" for i in range(6)
    }
    assert sorted(found["rank"]) == list(range(1, 11))
    # a tenth of ten lines is one: the chances to be it add up to one
    assert found["top_probability"].sum() == pytest.approx(1)


def test_another_ploidy_is_refused_with_both_named(
    finished: Analysis, folder: Path
) -> None:
    four = read_vcf(_tetraploid(folder))
    assert four.ploidy == 4
    with pytest.raises(DataError, match="ploidy 4, the training lines ploidy 2"):
        predict_new(finished, folder / "four.vcf")
    analysis = finish(folder / "four.toml", folder / "run4")
    frame = pd.read_csv(folder / "four.csv")
    assert len(predict_new(analysis, folder / "four.csv")[0]) == 30
    frame.iloc[:, 1:] = frame.iloc[:, 1:].clip(upper=2)
    frame.to_csv(folder / "two.csv", index=False)
    with pytest.raises(DataError, match=r"as at ploidy 2; .* ploidy 4"):
        predict_new(analysis, folder / "two.csv")
    with pytest.raises(DataError, match="ploidy 2, the training lines ploidy 4"):
        predict_new(analysis, folder / "train.bed")


def _tetraploid(folder: Path) -> Path:
    calls = np.random.default_rng(6).integers(0, 5, (4, N_VARIANT)).astype(np.int8)
    names = np.array([f"N{i}" for i in range(4)])
    write_vcf(Genotypes(names, table(), calls, 4), folder / "four.vcf")
    return folder / "four.vcf"


def test_tables_beside_a_plink_prefix_are_inputs(finished: Analysis) -> None:
    names = [item.path.name for item in finished.inputs if item.role == "genotypes"]
    assert names == ["train.bed", "train.bim", "train.fam"]


def check(folder: Path, calls: np.ndarray, more: str = ""):
    names = np.array([f"L{i:02d}" for i in range(len(calls))])
    write_vcf(Genotypes(names, table(), calls.astype(np.int8)), folder / "g.vcf")
    value = np.random.default_rng(1).normal(size=len(calls))
    pd.DataFrame({"line": names, "yield": value}).to_csv(folder / "p.csv", index=False)
    text = CONFIG.format(path="g.vcf", more="").replace(
        "folds = 3", f"folds = 3\n{more}"
    )
    (folder / "a.toml").write_text(text)
    return check_analysis(read_config(folder / "a.toml"))


def test_check_finds_genotypes_without_variation(tmp_path: Path) -> None:
    found = check(tmp_path, np.zeros((12, N_VARIANT)))
    assert any("none of the 40 variants differs" in text for text in found.problems)
    calls = np.zeros((12, N_VARIANT))
    calls[0] = 2
    found = check(tmp_path, calls)
    (problem,) = found.problems
    assert "no variant differs between the training lines" in problem


def test_check_lists_copies_and_fixed_variants(tmp_path: Path) -> None:
    calls = np.random.default_rng(2).integers(0, 3, (12, N_VARIANT))
    calls[6:9] = calls[:3]
    calls[:, :4] = 1
    found = check(tmp_path, calls)
    assert found.problems == ()
    text = "\n".join(found.hints)
    assert "3 pairs of lines are identical (L00 = L06" in text
    assert "copies in other folds make prediction look easier" in text
    assert "4 of 40 variants are the same in all lines" in text
    kept = check(tmp_path, calls, 'copies = "together"')
    assert "they are kept in one fold" in "\n".join(kept.hints)


@needs_cases
@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("03_dupsamples/b", "30 pairs of lines are identical"),
        ("04_plinkdialect/c", "60 matched"),
        ("04_plinkdialect/b", 'fold_ids = ["zeros"]'),
        ("11_doubleid/a", '60 would match with fold_ids = ["doubled"]'),
        ("11_doubleid/b", '60 would match with fold_ids = ["path"]'),
        ("11_doubleid/c", '60 would match with fold_ids = ["library"]'),
        ("11_doubleid/d", '30 would match with fold_ids = ["trim", "case"]'),
        ("17_stats/mono", "none of the"),
        ("17_stats/ident", "none of the"),
    ],
)
def test_check_of_the_cases(case: str, says: str) -> None:
    config = read_config(CASES / f"{case}.toml")
    assert says in "\n".join(check_analysis(config).lines())
    if "would match" in says:
        rules = says.split("= ")[1].strip('[]"').split('", "')
        found = check_analysis(config.model_copy(update={"fold_ids": tuple(rules)}))
        assert "60 matched, 0 and 0 without partner" in "\n".join(found.facts)


@needs_cases
def test_candidates_of_the_cases(tmp_path: Path) -> None:
    folder = CASES / "12_predict_alleles"
    analysis = finish(folder / "a.toml", tmp_path / "run")
    names = "plain.vcf swap.vcf allsites.vcf chr0.vcf chr1.vcf new new.csv new.hmp.txt"
    tables = [predict_new(analysis, folder / name)[0] for name in names.split()]
    for found in tables[1:]:
        pd.testing.assert_frame_equal(found, tables[0])


@needs_cases
def test_ploidies_of_the_cases(tmp_path: Path) -> None:
    folder = CASES / "25_ploidy"
    analysis = finish(folder / "v.toml", tmp_path / "run")
    for name in ("dip.vcf", "t42.csv"):
        with pytest.raises(DataError, match=r"ploidy 2.*ploidy 4"):
            predict_new(analysis, folder / name)
    same = [predict_new(analysis, folder / name)[0] for name in ("t4.vcf", "t4.csv")]
    pd.testing.assert_frame_equal(*same)
    assert find_copies(read_vcf(folder / "dip.vcf")) == ()
