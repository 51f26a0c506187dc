"""`meristem.pipeline.decisions.crosses`: maps from files, phased families, networks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.inbred_panel import panel, trained

from meristem.errors import MeristemError
from meristem.genetics.inheritance.meiosis import cross
from meristem.io.genotypes.phased import read_phased
from meristem.pipeline.analysis import Analysis, open_run
from meristem.pipeline.decisions.cross_tables import CrossRequest
from meristem.pipeline.decisions.crosses import rank_crosses
from meristem.pipeline.decisions.families import line_calls, matched_phase
from meristem.pipeline.decisions.material import (
    MapRequest,
    place_variants,
    read_material,
)
from meristem.select.crosses.progeny import Progeny

__all__ = ["panel", "trained"]


def phased_vcf(folder: Path, analysis: Analysis, n: int = 5) -> Path:
    """Write heterozygous plants over the run's variants, all phased."""
    variants = analysis.dataset.genotypes.variants
    halves = np.random.default_rng(3).integers(0, 2, (n, 2, variants.n_variant))
    head = "##fileformat=VCFv4.2\n"
    head += "".join(f"##contig=<ID={c}>\n" for c in "123")
    head += '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
    names = "\t".join(f"p{k}" for k in range(n))
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT"
    head += f"{columns}\t{names}\n"
    rows = []
    for j in range(variants.n_variant):
        calls = "\t".join(f"{h[0, j]}|{h[1, j]}" for h in halves)
        fields = (
            variants.variant_contig[j],
            variants.variant_position[j],
            variants.variant_id[j],
            variants.variant_ref[j],
            variants.variant_alt[j],
        )
        rows.append("\t".join(map(str, fields)) + f"\t.\t.\t.\tGT\t{calls}\n")
    path = folder / "phased.vcf"
    path.write_text(head + "".join(rows))
    return path


def test_phased_families_have_the_moments_of_simulated_children(
    trained: Path, tmp_path: Path
) -> None:
    analysis = open_run(trained)
    path = phased_vcf(tmp_path, analysis)
    request = CrossRequest(
        label="gblup",
        traits=("yield",),
        phased=path,
        map=MapRequest(cm_per_mb=15_000),
        progeny=None,
    )
    table = rank_crosses(analysis, request).table
    assert len(table) == 10
    material = read_material(
        analysis, label="gblup", traits=("yield",), candidates=path
    )
    placed = place_variants(material.lines.variants, request.map)
    halves = matched_phase(read_phased(path), material.lines)[:, :, placed.order]
    row = table.iloc[0]
    a, b = int(row["parent_1"][1:]), int(row["parent_2"][1:])
    n = 4000
    made = cross(
        np.repeat(halves[[a]], n, axis=0),
        np.repeat(halves[[b]], n, axis=0),
        placed.genetic_map,
        np.random.default_rng(1),
    )
    value = made.sum(axis=1) @ material.effects.additive[placed.order]
    value += material.effects.intercept
    error = value.std() / np.sqrt(n)
    assert row["mean"] == pytest.approx(value.mean(), abs=4 * error)
    assert row["sd"] == pytest.approx(value.std(), rel=0.05)


def test_pools_are_crossed_to_hybrids(trained: Path) -> None:
    analysis = open_run(trained)
    request = CrossRequest(traits=("yield",), progeny=None, pools="pool", top=7)
    table = rank_crosses(analysis, request).table
    assert set(table["parent_1"].str[4:].astype(int) % 3) == {0}
    assert set(table["parent_2"].str[4:].astype(int) % 3) == {1}
    total = table["mean"] - table[["general_1", "general_2", "specific"]].sum(axis=1)
    assert np.ptp(total.to_numpy()) == pytest.approx(0, abs=1e-9)
    assert table["specific"].abs().max() == pytest.approx(0, abs=1e-9)  # additive
    for wrong, said in (("family", "no grouping"), ("flowers", "2 labels|3 labels")):
        with pytest.raises(MeristemError, match=said):
            rank_crosses(analysis, replace(request, pools=wrong))


def test_a_map_from_a_file_is_that_of_the_rate(trained: Path, tmp_path: Path) -> None:
    analysis = open_run(trained)
    variants = analysis.dataset.genotypes.variants
    path = tmp_path / "map.csv"
    rows = [
        f"{name},{contig},{place * 0.015}"
        for name, contig, place in zip(
            variants.variant_id,
            variants.variant_contig,
            variants.variant_position,
            strict=True,
        )
    ]
    path.write_text("marker,chromosome,cM\n" + "\n".join(rows) + "\n")

    def rank(asked: MapRequest):
        request = CrossRequest(traits=("yield",), map=asked, progeny=Progeny("ril"))
        return rank_crosses(analysis, request).table

    one, two = rank(MapRequest(path)), rank(MapRequest(cm_per_mb=15_000))
    assert one["usefulness"].to_numpy() == pytest.approx(two["usefulness"].to_numpy())


def test_missing_calls_take_the_nearest_mean(trained: Path) -> None:
    lines = open_run(trained).dataset.genotypes
    assert (lines.call_dosage < 0).any()
    assert (line_calls(lines) >= 0).all()


def test_the_check_may_be_a_line_of_the_run_that_is_no_candidate(
    panel: Path, trained: Path
) -> None:
    request = CrossRequest(
        label="gblup",
        traits=("yield",),
        candidates=panel / "new.vcf.gz",
        map=MapRequest(cm_per_mb=15_000),
        check="line3",
    )
    table = rank_crosses(open_run(trained), request).table
    assert table["above_check"].between(0.001, 0.999).all()
    with pytest.raises(MeristemError, match="nobody"):
        rank_crosses(open_run(trained), replace(request, check="nobody"))
