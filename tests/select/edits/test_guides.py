"""Guides against a brute-force scan; off-target sites against a plain loop."""

import numpy as np
import pytest

from meristem.select.edits.guides import (
    FLANK,
    find_guides,
    find_off_targets,
    line_sequence,
    own_site,
    reverse_complement,
)


def brute_force(genome: str, position: int, most: int) -> set[tuple[str, str, int]]:
    """Return (23 nt, strand, cut) of all NGG sites whose cut is near a position."""
    found = set()
    for at in range(len(genome) - 22):
        site = genome[at : at + 23]
        if site[21:] == "GG":
            found.add((site, "+", at + 17))
        if site[:2] == "CC":
            found.add((reverse_complement(site), "-", at + 6))
    near = set()
    for site, strand, cut in found:
        away = position - cut - 1 if position > cut else cut - position
        if away <= most:
            near.add((site, strand, cut))
    return near


@pytest.mark.parametrize("seed", range(12))
def test_guides_are_those_of_a_brute_force_scan(seed: int) -> None:
    rng = np.random.default_rng(seed)
    genome = "".join(rng.choice(list("ACGT"), 200, p=[0.2, 0.3, 0.3, 0.2]))
    position = 100
    start = position - FLANK
    stretch = genome[start - 1 : position + FLANK]
    guides = find_guides(stretch, start, position, genome[99], "N")
    found = {(g.spacer + g.pam, g.strand, g.cut) for g in guides}
    assert found == brute_force(genome, position, 10)
    for g in guides:
        first = own_site(g.cut, g.strand)
        site = genome[first - 1 : first + 22]
        if g.strand == "-":
            site = reverse_complement(site)
        assert site == g.spacer + g.pam


def test_editing_windows_on_both_strands() -> None:
    site = "AAACAAAAAAAAAAAAAAAATGG"
    forward = "T" * 10 + site + "T" * 10
    guide = find_guides(forward, 1, 14, "C", "T")[0]
    assert (guide.edit, guide.place, guide.strand) == ("CBE", 4, "+")
    backward = reverse_complement(forward)
    place = len(forward) + 1 - 14
    guide = find_guides(backward, 1, place, "G", "A")[0]
    assert (guide.edit, guide.place, guide.strand) == ("CBE", 4, "-")
    late = find_guides(forward, 1, 19, "A", "G")[0]
    assert late.edit != "ABE"
    adenine = find_guides(forward, 1, 16, "A", "G")[0]
    assert (adenine.edit, adenine.place) == ("ABE", 6)


def test_an_allele_of_the_line_destroys_a_pam() -> None:
    site = "T" * 10 + "AAACAAAAAAAAAAAAAAAATGG" + "T" * 10
    own = line_sequence(site, 1, [32, 999, 5], ["A", "G", "TT"])
    assert own[31] == "A"
    assert len(own) == len(site)
    assert find_guides(site, 1, 14, "C", "T")
    assert find_guides(own, 1, 14, "C", "T") == []


def test_off_targets_equal_a_plain_loop() -> None:
    rng = np.random.default_rng(5)
    genome = {c: "".join(rng.choice(list("ACGT"), 4000)) for c in ("1", "2")}
    spacer = genome["1"][500:520]
    near = spacer[:7] + {"A": "C"}.get(spacer[7], "A") + spacer[8:]
    text = genome["2"][:300] + near + "TGG" + genome["2"][323:]
    genome["2"] = text
    genome["1"] = genome["1"][:520] + "AGG" + genome["1"][523:]
    other = reverse_complement(genome["1"][900:920])
    found = find_off_targets(genome, [spacer, other], 10)
    rows = set(
        zip(
            found.guide.tolist(),
            found.contig.tolist(),
            found.position.tolist(),
            found.strand.tolist(),
            found.mismatch.tolist(),
            found.target.tolist(),
            strict=True,
        )
    )
    expected = set()
    for number, guide in enumerate((spacer, other)):
        for contig, sequence in genome.items():
            for at in range(len(sequence) - 22):
                for strand in "+-":
                    site = sequence[at : at + 23]
                    site = site if strand == "+" else reverse_complement(site)
                    wrong = sum(a != b for a, b in zip(guide, site[:20], strict=True))
                    if site[21:] == "GG" and wrong <= 10:
                        expected.add((number, contig, at + 1, strand, wrong, site))
    assert rows == expected
    assert (found.mismatch[found.guide == 0] == 0).sum() == 1


def test_no_site_is_an_empty_table() -> None:
    assert find_off_targets({"1": "ACGT"}, ["A" * 20]).guide.size == 0
