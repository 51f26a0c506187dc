"""HapMap: values by hand, a slow twin, and the maize diversity panel."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meristem.errors import DataError
from meristem.io.genotypes.hapmap import read_hapmap

LEADING = (
    "rs# alleles chrom pos strand assembly# center protLSID assayLSID panelLSID QCcode"
)
IUPAC = {"AG": "R", "CT": "Y", "CG": "S", "AT": "W", "GT": "K", "AC": "M", "+-": "0"}


def write(path: Path, rows: list[str], samples: str = "B73 Mo17 W22 Ky21") -> Path:
    lines = [f"{LEADING} {samples}"]
    lines += [
        " ".join([*row.split()[:4], "+", *["NA"] * 6, *row.split()[4:]]) for row in rows
    ]
    path.write_text("\n".join(lines).replace(" ", "\t") + "\n")
    return path


GOLDEN = [
    "m1 A/C 1 10 AA AC CC NN",  # two letters
    "m2 A/C 1 20 A M C N",  # one letter
    "m3 C/A chr2 30 A M C N",  # the column orders the alleles
    "m4 +/- 1A 40 + 0 - N",  # indels
    "m5 A/G 0 NA aa ag GA an",  # lower case, half-missing, no place
    "m6 NA 3 50 TT GG GT NN",  # alleles from the calls
    "m7 G/T 3 60 GG CC GC NN",  # the column names an allele that no call has
    "m8 A 3 70 AA AA AA NN",  # one allele
    "m9 -/ACG 3 80 ++ +- -- NN",  # an indel spelled out
    "m10 A/G 3 90 A R GG N",  # mixed widths
]
GOLDEN_DOSAGE = [
    [0, 0, 2, 0, 0, 2, 0, 0, 2, 0],
    [1, 1, 1, 1, 1, 0, 2, 0, 1, 1],
    [2, 2, 0, 2, 1, 1, 1, 0, 0, 2],
    [-1] * 10,
]


@pytest.mark.parametrize("dress", ["plain", "gz", "crlf", "bom"])
def test_golden_values(tmp_path: Path, dress: str) -> None:
    path = write(tmp_path / "a.hmp.txt", GOLDEN)
    text = path.read_bytes()
    if dress == "gz":
        path = tmp_path / "a.hmp.txt.gz"
        text = gzip.compress(text)
    elif dress == "crlf":
        text = text.replace(b"\n", b"\r\n")
    elif dress == "bom":
        text = b"\xef\xbb\xbf" + text
    path.write_bytes(text)
    found = read_hapmap(path)
    assert found.call_dosage.tolist() == GOLDEN_DOSAGE
    table = found.variants
    assert table.variant_contig.tolist()[:5] == ["1", "1", "chr2", "1A", ""]
    assert table.variant_position.tolist()[:5] == [10, 20, 30, 40, 0]
    assert table.variant_ref.tolist() == [*"AAC+AGGA-A"]
    assert table.variant_alt.tolist() == [*"CCA-GTC", "", "ACG", "G"]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**16),
    n_sample=st.integers(1, 9),
    n_variant=st.integers(1, 8),
    letters=st.sampled_from([1, 2]),
)
def test_random_files(
    make_genotypes, assert_same, tmp_path_factory, seed, n_sample, n_variant, letters
) -> None:
    genotypes = make_genotypes(seed, n_sample, n_variant)
    table = genotypes.variants
    rows = []
    for i in range(n_variant):
        ref, alt = table.variant_ref[i], table.variant_alt[i]
        both = "".join(sorted(ref + alt))
        two = {-1: "NN", 0: ref * 2, 1: both, 2: alt * 2}
        one = {-1: "N", 0: ref, 1: IUPAC[both], 2: alt}
        calls = [(one if letters == 1 else two)[d] for d in genotypes.call_dosage[:, i]]
        place = f"{table.variant_contig[i]} {table.variant_position[i]}"
        rows.append(f"{table.variant_id[i]} {ref}/{alt} {place} {' '.join(calls)}")
    path = tmp_path_factory.mktemp("hapmap") / "a.hmp.txt"
    found = read_hapmap(write(path, rows, " ".join(genotypes.sample_id)))
    assert_same(found, genotypes)


THREE = ["m1 A/C 1 10 AA CC GG NN", "m2 A/C 1 20 AA AC CC NN"]


def test_a_third_allele_names_the_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.hmp.txt", THREE)
    with pytest.raises(DataError, match=r"line 2: has 3 alleles \(A, C, G\)") as error:
        read_hapmap(path)
    assert "split" in error.value.remedy


def test_a_third_allele_is_split(tmp_path: Path) -> None:
    path = write(tmp_path / "a.hmp.txt", THREE)
    found = read_hapmap(path, multiallelic="split")
    assert found.call_dosage.T.tolist() == [[0, 2, 0, -1], [0, 0, 2, -1], [0, 1, 2, -1]]
    assert found.variants.variant_id.tolist() == ["1:10:A:C", "1:10:A:G", "m2"]


def test_maize_diversity_panel_against_a_slow_twin(shared_data: Path) -> None:
    path = shared_data / "gp" / "mdp_281" / "genotypes.hmp.txt.gz"
    with pytest.raises(DataError, match="line 425: has 4 alleles"):
        read_hapmap(path)
    found = read_hapmap(path, multiallelic="split")
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    assert found.sample_id.tolist() == table.columns[11:].tolist()
    single = table[table["rs"] != "PZB00063.1"].reset_index(drop=True)
    column = {name: i for i, name in enumerate(found.variants.variant_id)}
    assert set(single["rs"]) <= set(column)
    for row in range(0, len(single), 17):
        name = single["rs"][row]
        alt = found.variants.variant_alt[column[name]]
        calls = single.iloc[row, 11:]
        naive = [-1 if "N" in call else call.count(alt) for call in calls]
        np.testing.assert_array_equal(found.call_dosage[:, column[name]], naive, name)


@pytest.mark.parametrize(
    "row",
    [
        "m1 A/C 1 10 A 0 C N",
        "m1 A/C 1 10 AA 00 CC NN",
        "m1 A/C 1 10 AA ?? CC ..",
        "m1 A/C 1 10 A ? C .",
        "m1 A/C 1 10 A/A 0/0 C/C ./.",
        "m1 A/C 1 10 A|A ?|? C|C N|N",
    ],
)
def test_calls_that_failed(tmp_path: Path, row: str) -> None:
    found = read_hapmap(write(tmp_path / "a.hmp.txt", [row]))
    assert found.call_dosage[:, 0].tolist() == [0, -1, 2, -1]
