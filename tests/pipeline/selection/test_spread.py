"""`meristem.pipeline.selection.spread`: full sibs of phased, outbred parents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.pipeline.selection.plans import analysis_of, plan_of

from meristem.config import read_config
from meristem.errors import ConfigError, MeristemError
from meristem.genetics.inheritance.meiosis import cross
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.decisions.material import MapRequest, place_variants
from meristem.pipeline.run import run_stages
from meristem.pipeline.selection.select import decide
from meristem.runs.folder import RunFolder

N, N_VARIANT = 26, 40
CONFIG = """
[genotypes]
path = "phased.vcf"
[phenotypes]
path = "p.csv"
[explain]
null_fits = 0
folds = 0
permutations = 0
[evaluate]
folds = 2
[[models]]
kind = "gblup"
[[models]]
kind = "dominance"
"""
PLAN = """
[candidates]
lines = "all"
[crosses]
n = 5
cm_per_mb = 1.0
accuracy = 0.7
"""


@pytest.fixture(scope="module")
def outbred(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """Return the folder of a run of heterozygous plants, and their haplotypes."""
    folder = tmp_path_factory.mktemp("outbred")
    rng = np.random.default_rng(5)
    halves = rng.integers(0, 2, (N, 2, N_VARIANT)).astype(np.int8)
    names = [f"p{k:02d}" for k in range(N)]
    head = ["##fileformat=VCFv4.2", "##contig=<ID=1>", "##contig=<ID=2>"]
    head += ['##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">']
    columns = "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT".split()
    rows = ["\t".join(columns + names)]
    for j in range(N_VARIANT):
        place = [1 + j // 20, 1_000_000 * (1 + j % 20), f"m{j}", "A", "G"]
        calls = [f"{one}|{two}" for one, two in halves[:, :, j]]
        rows.append("\t".join(map(str, [*place, ".", ".", ".", "GT", *calls])))
    (folder / "phased.vcf").write_text("\n".join([*head, *rows]) + "\n")
    value = halves.sum(axis=1) @ rng.normal(size=N_VARIANT)
    y = value / value.std() + 0.3 * rng.normal(size=N)
    pd.DataFrame({"line": names, "yield": y}).to_csv(folder / "p.csv", index=False)
    path = folder / "meristem.toml"
    path.write_text(CONFIG)
    run_stages(Analysis(read_config(path), RunFolder(folder / "run")))
    return folder / "run", halves


def test_full_sibs_vary_as_simulated_children(
    outbred: tuple[Path, np.ndarray], tmp_path: Path
) -> None:
    folder, halves = outbred
    some = PLAN.replace(
        '"all"', '"all"\nexclude = ["p00", "p03"]'
    )  # not as in the file
    text = f'{some}phased = "{folder.parent / "phased.vcf"}"\n'
    found = decide(analysis_of(folder), plan_of(tmp_path, text))
    made = found.matings
    assert made is not None
    chosen = made.plan.crosses
    assert chosen.kind == "full-sib"
    effects = found.lines.fitted.marker_effect[:, 0]
    placed = place_variants(found.lines.genotypes.variants, MapRequest(cm_per_mb=1.0))
    rng = np.random.default_rng(1)
    for first, second, sd in zip(chosen.first, chosen.second, chosen.sd, strict=True):
        rows = found.diversity.rows[[first, second]]
        plants = [int(name[1:]) for name in found.lines.sample_id[rows]]
        parents = (np.repeat(halves[[k]][:, :, placed.order], 4000, 0) for k in plants)
        children = cross(*parents, placed.genetic_map, rng)
        value = children.sum(axis=1) @ effects[placed.order]
        assert sd == pytest.approx(value.std(), rel=0.05)
    rise = (chosen.usefulness - chosen.mean) / chosen.sd
    assert rise.tolist() == pytest.approx([2.0627 * 0.7] * 5, rel=1e-3)


def test_what_is_of_inbred_parents_is_refused(
    outbred: tuple[Path, np.ndarray], tmp_path: Path
) -> None:
    folder, _ = outbred
    text = f'{PLAN}phased = "{folder.parent / "phased.vcf"}"\n'
    analysis = analysis_of(folder)
    with pytest.raises(ConfigError, match=r"combine, draws"):
        plan_of(tmp_path, f"{text}draws = 20\ncombine = 3\n")
    with pytest.raises(MeristemError, match="no sum over alleles"):
        decide(analysis, plan_of(tmp_path, f'model = "dominance"\n{text}'))
    with pytest.raises(MeristemError, match="heterozygous") as told:
        decide(analysis, plan_of(tmp_path, PLAN))
    assert "crosses.phased" in (told.value.remedy or "")


def test_plants_that_are_not_phased_are_named(
    outbred: tuple[Path, np.ndarray], tmp_path: Path
) -> None:
    folder, _ = outbred
    some = tmp_path / "some.vcf"
    lines = (folder.parent / "phased.vcf").read_text().splitlines()
    short = [x if x.startswith("##") else x.rpartition("\t")[0] for x in lines]
    some.write_text("\n".join(short) + "\n")
    with pytest.raises(MeristemError, match="lacks 1 of 26 lines: p25"):
        decide(analysis_of(folder), plan_of(tmp_path, f'{PLAN}phased = "{some}"\n'))


def test_a_design_without_candidates_is_refused_first(
    outbred: tuple[Path, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("contributions were counted first")

    where = "meristem.pipeline.selection.select.plan_contributions"
    monkeypatch.setattr(where, never)
    text = '[candidates]\nlines = "all"\n[design]\nn = 3\n'
    with pytest.raises(MeristemError, match="0 candidates have no phenotype"):
        decide(analysis_of(outbred[0]), plan_of(tmp_path, text))


def test_cycles_start_from_the_phased_parents_of_a_plan(
    outbred: tuple[Path, np.ndarray], tmp_path: Path
) -> None:
    folder, _ = outbred
    text = f"{PLAN}[cycles]\nfounders = 8\nparents = 4\ncycles = 1\nreplicates = 2\n"
    text += "crosses = 3\nlines = 3\n"
    phased = f'phased = "{folder.parent / "phased.vcf"}"\n[cycles]'
    analysis = analysis_of(folder)
    found = decide(analysis, plan_of(tmp_path, text.replace("[cycles]", phased)))
    assert set(found.further.tables["cycles.csv"]["cycle"]) == {0, 1}
    with pytest.raises(MeristemError, match="heterozygous") as told:
        decide(analysis, plan_of(tmp_path, text), matings=False)
    assert "crosses.phased" in (told.value.remedy or "")


def test_lines_that_are_not_inbred_are_refused_before_effects_are_asked(
    outbred: tuple[Path, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("effects were asked first")

    monkeypatch.setattr("meristem.pipeline.selection.spread.make_material", never)
    with pytest.raises(MeristemError, match="heterozygous"):
        decide(analysis_of(outbred[0]), plan_of(tmp_path, PLAN))
