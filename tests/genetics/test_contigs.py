import pytest

from meristem.genetics.contigs import match_contigs, roman_value, strip_prefix

YEAST = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]
YEAST += ["XIII", "XIV", "XV", "XVI", "Mito"]


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("chr1", "1"), ("Chr01", "1"), ("CHROMOSOME_12", "12"), ("chr_X", "X"),
        ("scaffold_7", "SCAFFOLD_7"), ("0", "0"), ("chr", "CHR"), ("2L", "2L"),
    ],
)  # fmt: skip
def test_prefixes(name, bare):
    assert strip_prefix(name) == bare


def test_roman_numerals_up_to_89():
    numerals = {0: ""}
    letters = [
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ]
    for number in range(1, 90):
        value, letter = next(pair for pair in letters if pair[0] <= number)
        numerals[number] = letter + numerals[number - value]
        assert roman_value(numerals[number]) == str(number)
    for other in ("MITO", "IIII", "VX", "", "1", "IC"):
        assert roman_value(other) == other


def test_yeast_in_both_directions():
    arabic = [str(number) for number in range(1, 17)]
    match = match_contigs(arabic, YEAST)
    assert match.rule == "roman"
    assert match.partner["9"] == "IX"
    assert len(match.partner) == 16
    back = match_contigs(YEAST, [f"chr{number}" for number in range(1, 17)])
    assert back.partner["XIV"] == "chr14"
    assert back.unmatched == ("Mito",)


def test_names_that_match_are_not_reinterpreted():
    # X is a sex chromosome here: nothing may make it chromosome 10.
    match = match_contigs(["1", "10", "X"], ["chr1", "chr10", "chrX"])
    assert match.rule == "prefix"
    assert match.partner == {"1": "chr1", "10": "chr10", "X": "chrX"}
    assert match_contigs(["10"], ["X", "2L"]).rule == "none"
    assert match_contigs(["10", "11"], ["X"]).rule == "none"


def test_exact_names_win_over_folded_ones():
    match = match_contigs(["1", "chr1"], ["1", "chr1"])
    assert match.partner == {"1": "1", "chr1": "chr1"}


def test_ambiguous_names_are_not_guessed():
    match = match_contigs(["Chr1", "2"], ["1", "01", "2"])
    assert match.partner == {"2": "2"}
    assert match.unmatched == ("Chr1",)


def test_numbers_behind_the_letters_of_a_species():
    soybean = [f"Gm{number:02d}" for number in range(1, 21)] + ["scaffold_1", "Mt"]
    arabic = [str(number) for number in range(1, 21)]
    match = match_contigs(arabic, soybean)
    assert match.rule == "letters"
    assert match.partner == dict(zip(arabic, soybean, strict=False))
    back = match_contigs(soybean, [f"chr{number}" for number in arabic])
    assert back.partner["Gm07"] == "chr7"
    assert back.unmatched == ("Mt", "scaffold_1")
    linkage = match_contigs(["LG1", "LG2"], ["1", "2"])
    assert linkage.partner == {"LG1": "1", "LG2": "2"}


@pytest.mark.parametrize(
    "names",
    [
        ["scaffold_1", "scaffold_2"],
        ["NC_000001", "NC_000002"],
        ["1A", "2A"],
        ["Gm01"],
        ["Ah01", "Ad01"],
    ],
)
def test_pieces_accessions_and_lone_names_have_no_number(names):
    assert match_contigs(["1", "2"], names).rule == "none"


def test_two_species_with_letters_are_not_one():
    assert match_contigs(["Gm01", "Gm02"], ["Ah01", "Ah02"]).rule == "none"
