"""Interpretation: sums, ranges, maps, tables and what is identifiable."""

import numpy as np
import pandas as pd
import pytest
from tests.kinetics.toys import GUIDE, draw_kinn, draw_targets

from meristem.kinetics.cas9.channels import kinetic_channels
from meristem.kinetics.cas9.encode import encode_pairs
from meristem.kinetics.network.kinn import LN10
from meristem.kinetics.network.reading import (
    describe_pairs,
    fisher_information,
    identify_matched_rates,
    matched_rates,
    mutagenesis_map,
    rate_table,
)
from meristem.kinetics.scheme.identify import identify

MATCHED = GUIDE.replace("N", "A")


def test_pairs_are_described_consistently() -> None:
    kinns = [draw_kinn(seed) for seed in range(4)]
    targets = [MATCHED, *draw_targets(3)]
    edits = kinetic_channels(encode_pairs([GUIDE] * 4, targets), "chemistry")
    found = describe_pairs(kinns, ["m", "a", "b", "c"], edits)
    assert np.allclose(found.control.groupby("pair")["value"].sum(), 1)
    assert np.allclose(found.occupancy.groupby("pair")["value"].sum(), 1)
    table = found.rates.set_index(["pair", "quantity"])
    expected = np.mean([kinn.log10_rate(edits) for kinn in kinns], axis=0)
    for pair, value in zip("mabc", expected, strict=True):
        assert table.loc[(pair, "observable"), "value"] == pytest.approx(value)
        assert table.loc[(pair, "passage_time"), "value"] == pytest.approx(-value)
    assert (found.rates["low"] <= found.rates["high"]).all()
    matched = matched_rates(kinns).set_index("reaction")
    assert matched.loc["cat", "value"] == pytest.approx(
        table.loc[("m", "cat"), "value"]
    )


def test_map_is_the_change_by_each_edit() -> None:
    kinns = [draw_kinn(0), draw_kinn(1)]
    table = mutagenesis_map(kinns, GUIDE)
    edited = "A" + MATCHED[1:]  # G20A: position 22 from the PAM
    edits = kinetic_channels(encode_pairs([GUIDE] * 2, [MATCHED, edited]), "chemistry")
    value = np.mean([kinn.log10_rate(edits) for kinn in kinns], axis=0)
    row = table[(table["position"] == 22) & (table["edit"] == "sub_A")]
    assert row["change"].item() == pytest.approx(value[1] - value[0])
    assert "sub_G" not in set(table[table["position"] == 22]["edit"])
    # an N of the PAM has no base, so that every base is tried there
    assert (table["position"] == 2).sum() == 12 + 5
    general = mutagenesis_map(kinns)
    assert len(general) == 23 * 9
    mean = general[(general["position"] == 22) & (general["edit"] == "sub_A")]
    assert mean["change"].item() != row["change"].item()


def test_rate_table_is_the_weights() -> None:
    kinns = [draw_kinn(0, "edits"), draw_kinn(1, "edits")]
    kinns[0].weights[3, :10] = 0
    kinns[1].weights[3, :10] = 0
    table = rate_table(kinns)
    assert len(table) == (7 * 25 - 10) * 9
    row = table.query("reaction == 'cat' and position == 4 and edit == 'del'")
    expected = np.mean([kinn.weights[6, 4, 8] for kinn in kinns])
    assert row["value"].item() == pytest.approx(expected)


def test_information_is_the_sum_of_outer_products() -> None:
    kinn = draw_kinn(0, "edits")
    edits = encode_pairs([GUIDE] * 6, draw_targets(6))[:, :, 4:]
    information = fisher_information(kinn, edits)
    step = 1e-5
    slopes = np.zeros((6, 7))
    for index in range(7):
        moved = draw_kinn(0, "edits")
        moved.bias[index] += step
        slopes[:, index] = (moved.log10_rate(edits) - kinn.log10_rate(edits)) / step
    assert np.allclose(
        information, slopes.T @ slopes / np.exp(2 * kinn.log_sigma), rtol=1e-3
    )
    assert slopes.sum(1) == pytest.approx(np.full(6, 1 / LN10), rel=1e-3)


def test_one_pair_fixes_one_combination() -> None:
    kinn = draw_kinn(0, "edits")
    edits = encode_pairs([GUIDE], [MATCHED])[:, :, 4:]
    found = identify_matched_rates(kinn, edits)
    assert found.rank == 1
    assert "Not identifiable one by one" in found.statement
    assert isinstance(found.table(), pd.DataFrame)


def test_identified_and_free_parameters() -> None:
    # a + b is measured, c is measured: a and b are free against each other
    design = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 2.0]])
    found = identify(["a", "b", "c"], design.T @ design)
    assert found.rank == 2
    assert found.identified == ("c",)
    assert np.allclose(np.abs(found.free), [[0.5**0.5, 0.5**0.5, 0]])
    assert found.table()["free_share"].tolist() == pytest.approx([0.5, 0.5, 0.0])
    assert identify(["a"], np.eye(1)).statement == "All 1 log rates are identifiable."
