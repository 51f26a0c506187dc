"""Edits: guides against the genome, off-target rates.

Modules: `meristem.pipeline.decisions.edits`, `meristem.pipeline.decisions.guides`.
"""

from pathlib import Path

import numpy as np
import pytest
from tests.inbred_panel import panel, trained

from meristem.errors import DataError
from meristem.io.fasta import read_fasta
from meristem.pipeline.analysis import Analysis, open_run
from meristem.pipeline.decisions.edits import EditRequest, rank_edits
from meristem.select.edits.guides import own_site, reverse_complement

__all__ = ["panel", "trained"]


def test_guides_lie_where_they_say(trained: Path, panel: Path) -> None:
    analysis = open_run(trained)
    asked: list[tuple[str, int]] = []

    def scores(guide: str, targets: np.ndarray) -> np.ndarray:
        asked.append((guide, len(targets)))
        wrong = [sum(a != b for a, b in zip(guide, t, strict=True)) for t in targets]
        return -np.array(wrong, dtype=float)

    request = EditRequest(
        traits=("yield",), fasta=panel / "genome.fa", top=20, most_mismatch=6
    )
    table = rank_edits(analysis, request, scores).edits
    genome = read_fasta(panel / "genome.fa")
    calls = analysis.dataset.genotypes
    known = table[table["guide"].fillna("") != ""]
    assert len(known) > 3
    for row in known.itertuples():
        first = own_site(row.cut, row.strand)
        site = genome[str(row.contig)][first - 1 : first + 22]
        site = site if row.strand == "+" else reverse_complement(site)
        differ = sum(a != b for a, b in zip(site, row.guide + row.pam, strict=True))
        inside = (calls.variants.variant_contig == str(row.contig)) & (
            np.abs(calls.variants.variant_position - first - 11) <= 11
        )
        assert differ <= inside.sum()  # where it differs, the line has another allele
    assert known["specificity"].between(0, 1).all()
    alone = known[known["n_off_targets"] == 0]
    assert (alone["specificity"] == 1).all()
    assert len(asked) == len(known)
    order = table["expected"].to_numpy()
    assert (np.diff(order) <= 1e-12).all()


def test_a_network_has_synergies(finished: Analysis, tmp_path: Path) -> None:
    variants = finished.dataset.genotypes.variants
    rows = [
        f"gene{k},{contig},{max(position - 5, 1)},{position + 5}"
        for k, (contig, position) in enumerate(
            zip(variants.variant_contig, variants.variant_position, strict=True)
        )
    ]
    genes = tmp_path / "genes.csv"
    genes.write_text("\n".join(["gene,contig,start,end", *rows[:20]]) + "\n")
    request = EditRequest(label="net", top=6, elite=5, budget=2, genes=genes)
    result = rank_edits(finished, request)
    assert "full model" in result.notes[0]
    assert result.edits["synergy_with_first"].iloc[0] == 0
    assert result.edits["synergy_with_first"].abs().max() > 0
    assert sorted(result.edits["in_set"])[-1] <= 2
    assert result.genes is not None
    assert {"share", "share_by_chance"} <= set(result.genes.columns)


def test_weights_say_what_cannot_be_causal(trained: Path, tmp_path: Path) -> None:
    analysis = open_run(trained)
    plain = rank_edits(analysis, EditRequest(traits=("yield",))).edits
    first = plain["variant"].iloc[0]
    path = tmp_path / "w.csv"
    path.write_text(f"variant,weight\n{first},0\n")
    request = EditRequest(traits=("yield",), weights=path)
    assert first not in rank_edits(analysis, request).edits["variant"].tolist()
    path.write_text("variant,weight\nnothing,1\n")
    with pytest.raises(DataError, match="none of the model"):
        rank_edits(analysis, request)


def test_probabilities_scale_the_values(trained: Path) -> None:
    table = rank_edits(open_run(trained), EditRequest(traits=("yield",))).edits
    assert table["expected"].to_numpy() == pytest.approx(
        (table["value"] * table["p_causal"]).to_numpy()
    )
    assert (table["low"] <= table["value"] + 1e-12).all()
    assert table["status"].str.contains("hypothesis").all()


def test_another_genome_is_refused(trained: Path, panel: Path, tmp_path: Path) -> None:
    lines = (panel / "genome.fa").read_text().splitlines()
    turned = [line if line.startswith(">") else line[::-1] for line in lines[::-1]]
    names = [line for line in lines if line.startswith(">")]
    text = "\n".join([names[0], *(t for t in turned if not t.startswith(">"))]) + "\n"
    other = tmp_path / "other.fa"
    other.write_text(text)
    short = tmp_path / "short.fa"
    short.write_text("".join(f"{name}\nACGT\n" for name in names))
    request = EditRequest(traits=("yield",), fasta=short, top=20)
    with pytest.raises(DataError, match="has no such place at 20 of 20 edits"):
        rank_edits(open_run(trained), request)
    request = EditRequest(traits=("yield",), fasta=other, top=20)
    with pytest.raises(DataError, match="has other bases than the alleles"):
        rank_edits(open_run(trained), request)
