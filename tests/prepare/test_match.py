import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import toys
from tests.toys import variant_table

from meristem.errors import DataError
from meristem.prepare.match import (
    AlleleAnswer,
    align_variants,
    compare_alleles,
    match_variants,
)
from meristem.records import Genotypes, VariantTable


def variants(rows):
    return variant_table(*zip(*rows, strict=True))


def genotypes(rows, n_sample=4, ploidy=2, seed=0):
    table = variants(rows)
    rng = np.random.default_rng(seed)
    dosage = rng.integers(-1, ploidy + 1, (n_sample, table.n_variant))
    return toys.genotypes(dosage, "s", table, ploidy, "new.vcf")


PAIRS = list(itertools.permutations("ACGT", 2))

GIVEN = [
    ("a", "1", 100, "A", "G"),
    ("b", "1", 200, "C", "T"),
    ("c", "2", 100, "A", "T"),
    ("d", "chr2", 300, "G", "C"),
    ("e", "3", 7, "AT", "A"),
]


def test_equal_tables_hand_back_the_same_object():
    data = genotypes(GIVEN)
    assert align_variants(data, variants(GIVEN)) is data


def test_order_and_subset_follow_the_wanted_table():
    data = genotypes(GIVEN)
    wanted = variants([GIVEN[3], GIVEN[0]])
    found, report = match_variants(data, wanted)
    np.testing.assert_array_equal(found.call_dosage, data.call_dosage[:, [3, 0]])
    assert found.variants is wanted
    assert report.n_by_id == 2
    assert report.n_ambiguous == 1
    assert report.n_missing == 0


@pytest.mark.parametrize("ploidy", [1, 2, 4])
def test_exchanged_alleles_count_the_other_allele(ploidy):
    data = genotypes(GIVEN, ploidy=ploidy, n_sample=9)
    found, report = match_variants(data, variants([("a", "1", 100, "G", "A")]))
    for given_dosage, new in zip(
        data.call_dosage[:, 0], found.call_dosage[:, 0], strict=True
    ):
        assert new == (-1 if given_dosage == -1 else ploidy - given_dosage)
    assert report.n_swapped == 1
    assert report.n_flipped == 0


def test_other_strand_is_read_and_counted():
    data = genotypes(GIVEN)
    wanted = variants([("a", "1", 100, "T", "C"), ("b", "1", 200, "A", "G")])
    found, report = match_variants(data, wanted)
    np.testing.assert_array_equal(found.call_dosage[:, 0], data.call_dosage[:, 0])
    b = data.call_dosage[:, 1]
    np.testing.assert_array_equal(found.call_dosage[:, 1], np.where(b < 0, -1, 2 - b))
    assert (report.n_flipped, report.n_swapped) == (2, 1)


def test_ambiguous_strand_is_not_flipped_but_counted():
    data = genotypes(GIVEN)
    wanted = variants([("c", "2", 100, "T", "A"), ("d", "2", 300, "G", "C")])
    found, report = match_variants(data, wanted)
    c = data.call_dosage[:, 2]
    np.testing.assert_array_equal(found.call_dosage[:, 0], np.where(c < 0, -1, 2 - c))
    np.testing.assert_array_equal(found.call_dosage[:, 1], data.call_dosage[:, 3])
    assert (report.n_ambiguous, report.n_flipped, report.n_swapped) == (2, 0, 1)


def test_place_is_used_where_ids_differ_and_chr_counts_for_nothing():
    data = genotypes(GIVEN)
    wanted = variants([("x1", "chr1", 100, "A", "G"), ("x2", "Chr2", 300, "C", "G")])
    found, report = match_variants(data, wanted)
    np.testing.assert_array_equal(found.call_dosage[:, 0], data.call_dosage[:, 0])
    assert report.n_by_place == 2
    assert report.n_by_id == 0


def test_other_alleles_at_the_same_id_or_place_stay_missing():
    data = genotypes(GIVEN)
    wanted = variants([GIVEN[1], ("a", "1", 100, "A", "C"), ("y", "3", 7, "AT", "G")])
    found, report = match_variants(data, wanted)
    assert (found.call_dosage[:, 1:] == -1).all()
    assert report.n_other_alleles == 2
    assert report.n_missing == 2
    assert "2 left out for other alleles" in report.line


def test_of_several_variants_at_one_place_the_alleles_decide():
    rows = [
        ("m1", "1", 5, "A", "C"),
        ("m2", "1", 5, "A", "G"),
        ("m3", "1", 5, "G", "A"),
    ]
    data = genotypes(rows, n_sample=6)
    found, report = match_variants(data, variants([("w", "1", 5, "A", "G")]))
    np.testing.assert_array_equal(found.call_dosage[:, 0], data.call_dosage[:, 1])
    assert report.n_swapped == 0


def test_unknown_place_never_matches_another_unknown_place():
    data = genotypes([("p", "", 0, "A", "G"), ("q", "", 0, "A", "G")])
    found, report = match_variants(
        data, variants([("q", "", 0, "", ""), ("r", "", 0, "", "")])
    )
    np.testing.assert_array_equal(found.call_dosage[:, 0], data.call_dosage[:, 1])
    assert report.n_matched == 1
    assert (found.call_dosage[:, 1] == -1).all()


def test_indels_are_read_on_the_other_strand_reversed():
    assert compare_alleles(("AT", "A"), ("AT", "T")) == AlleleAnswer(True, False)
    assert compare_alleles(("ATG", "A"), ("CAT", "T")) == AlleleAnswer(True, False)


def test_too_little_overlap_says_how_many_of_how_many():
    data = genotypes(GIVEN)
    rows = [GIVEN[0]] + [(f"z{i}", "9", i + 1, "A", "G") for i in range(9)]
    align_variants(data, variants(rows), min_overlap=0.1)
    with pytest.raises(
        DataError, match=r"new.vcf: only 1 of 10 variants .* 2 are needed"
    ):
        align_variants(data, variants(rows), min_overlap=0.11)
    with pytest.raises(DataError, match="only 0 of 9 variants"):
        align_variants(data, variants(rows[1:]))


def test_report_is_plain():
    data = genotypes(GIVEN)
    report = match_variants(data, variants([GIVEN[0], ("k", "1", 1, "A", "G")]))[1]
    assert report.to_json() == {
        "wanted": 2,
        "matched": 1,
        "by_id": 1,
        "by_place": 0,
        "moved": 0,
        "swapped": 0,
        "flipped": 0,
        "ambiguous": 0,
        "unstranded": 0,
        "other_alleles": 0,
        "missing": 1,
        "few_calls": 0,
    }
    assert report.line == "1 of 2 variants matched, 1 missing, imputed"


def slow_twin(given_pair, wanted_pair):
    """Try exchange and strand one after the other, in words of the definition."""
    other = {"A": "T", "C": "G", "G": "C", "T": "A"}
    for flip, swap in itertools.product([False, True], repeat=2):
        pair = [other[x] for x in given_pair] if flip else list(given_pair)
        if (pair[::-1] if swap else pair) == list(wanted_pair):
            return flip, swap
    return None


@pytest.mark.parametrize("given_pair", PAIRS)
@pytest.mark.parametrize("wanted_pair", PAIRS)
def test_all_pairs_of_snp_alleles(given_pair, wanted_pair):
    found = compare_alleles(given_pair, wanted_pair)
    expected = slow_twin(given_pair, wanted_pair)
    assert (None if found is None else (found.flip, found.swap)) == expected


snps = st.permutations("ACGT").map(lambda letters: tuple(letters[:2]))


@given(st.lists(snps, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_disguised_tables_give_back_the_dosages(pairs, random):
    """Swap, flip, rename, shuffle: the calls come back unless strand is ambiguous."""
    other = str.maketrans("ACGT", "TGCA")
    rows = [(f"v{i}", "5", i + 1, *pair) for i, pair in enumerate(pairs)]
    data = genotypes(rows, n_sample=5, seed=len(rows))
    disguised, dosage = [], data.call_dosage.copy()
    for i, (name, contig, position, ref, alt) in enumerate(rows):
        if random.random() < 0.5:
            ref, alt = alt, ref
            dosage[:, i] = np.where(dosage[:, i] < 0, -1, 2 - dosage[:, i])
        if random.random() < 0.5 and ref.translate(other) != alt:
            ref, alt = ref.translate(other), alt.translate(other)
        name = name if random.random() < 0.5 else f"renamed{i}"
        disguised.append((name, f"chr{contig}", position, ref, alt))
    order = list(range(len(rows)))
    random.shuffle(order)
    new = Genotypes(
        data.sample_id, variants([disguised[i] for i in order]), dosage[:, order], 2
    )
    found, report = match_variants(new, data.variants)
    np.testing.assert_array_equal(found.call_dosage, data.call_dosage)
    assert report.n_missing == 0


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (["chr1", "CHR1A"], ["1", "1A"]),
        (["chr01", "chr10"], ["1", "10"]),
        (["1", "2"], ["Chromosome_1", "Chromosome_2"]),
        (["I", "II"], ["chr1", "chr2"]),
        (["1", "10"], ["chr01", "chr10"]),
    ],
)
def test_contigs_are_matched_as_those_of_genes(theirs, ours):
    given = genotypes([(f"x{i}", c, 7, "A", "C") for i, c in enumerate(theirs)])
    wanted = variants([(f"v{i}", c, 7, "A", "C") for i, c in enumerate(ours)])
    found, report = match_variants(given, wanted)
    np.testing.assert_array_equal(found.call_dosage, given.call_dosage)
    assert report.n_by_place == 2


def test_ids_at_other_positions_are_counted():
    given = genotypes([("a", "1", 7, "A", "C"), ("b", "1", 9, "A", "C")])
    wanted = variants([("a", "1", 70, "A", "C"), ("b", "1", 9, "A", "C")])
    _, report = match_variants(given, wanted)
    assert report.n_moved == 1
    assert "1 by id though at another position" in report.line


SNPS = [("A", "G"), ("C", "T"), ("A", "C"), ("G", "T"), ("A", "G"), ("A", "T")]
OTHER = {"A": "T", "T": "A", "C": "G", "G": "C"}


def strands(flipped: list[bool]) -> tuple[Genotypes, VariantTable]:
    """Return one sample of dosage 2 everywhere, and the variants as they are wanted."""
    wanted = variants([(f"v{k}", "1", k + 1, *pair) for k, pair in enumerate(SNPS)])
    given = [
        (f"v{k}", "1", k + 1, *(OTHER[a] if flip else a for a in pair))
        for k, (pair, flip) in enumerate(zip(SNPS, flipped, strict=True))
    ]
    dosage = np.full((1, len(SNPS)), 2, dtype=np.int8)
    return Genotypes(np.array(["x"]), variants(given), dosage), wanted


def test_where_all_others_are_flipped_so_are_ambiguous_variants(monkeypatch) -> None:
    monkeypatch.setattr("meristem.prepare.match.FEWEST_FLIPPED", 2)
    data, wanted = strands([True] * 6)
    found, report = match_variants(data, wanted)
    assert found.call_dosage.tolist() == [[2] * 6]
    assert (report.n_flipped, report.n_swapped, report.n_ambiguous) == (6, 0, 0)


def test_where_strands_are_mixed_ambiguous_variants_are_missing(monkeypatch) -> None:
    monkeypatch.setattr("meristem.prepare.match.FEWEST_FLIPPED", 2)
    data, wanted = strands([True, True, False, False, False, True])
    found, report = match_variants(data, wanted)
    assert found.call_dosage.tolist() == [[2, 2, 2, 2, 2, -1]]
    assert "1 A/T or C/G left out, as strands are mixed" in report.line
    with pytest.raises(DataError, match="1 are A/T or C/G where strands are mixed"):
        match_variants(data, wanted, min_overlap=1)


def test_another_contig_is_another_place() -> None:
    given = variants([("v0", "1", 5, "A", "G"), ("v1", "2", 9, "A", "G")])
    wanted = variants([("v0", "chr1", 5, "A", "G"), ("v1", "chr1", 9, "A", "G")])
    data = Genotypes(np.array(["x"]), given, np.array([[1, 2]], dtype=np.int8))
    assert match_variants(data, wanted)[1].n_moved == 1
