from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from meristem.interpret.biology.latent_validation import (
    COLUMNS,
    agreement_by_sensitivity,
    latent_agreement,
)


def frame(signal: dict[str, float], *, n=40, n_fold=4, n_replicate=1, seed=1):
    """Latents of `n` lines; the sign of a latent differs between folds."""
    rng = np.random.default_rng(seed)
    rows = []
    for node, r in signal.items():
        measured = rng.standard_normal(n)
        for replicate in range(n_replicate):
            fold = rng.permutation(n) % n_fold
            sign = rng.choice([-1, 1], n_fold)
            latent = r * measured + np.sqrt(1 - r**2) * rng.standard_normal(n)
            rows += [
                (f"l{k}", node, "metabolites", sign[fold[k]] * latent[k] + 3)
                + (measured[k], replicate, fold[k])
                for k in range(n)
            ]
    columns = "sample_id,node,omics,latent,measured,replicate,fold".split(",")
    return pd.DataFrame(rows, columns=columns)


def find(latents, seed=2, **options):
    return latent_agreement(latents, np.random.default_rng(seed), **options)


def test_agreement_is_the_mean_over_folds_of_absolute_r():
    latents = frame({"auxin": 0.8, "sucrose": 0.2}, n=37)
    latents.loc[latents.index[3], "measured"] = np.nan
    latents = latents.dropna()
    table = find(latents).set_index("node")
    for node, rows in latents.groupby("node"):
        r, rank = [], []
        for _, part in rows.groupby("fold"):
            r.append(abs(scipy.stats.pearsonr(part["latent"], part["measured"])[0]))
            rank.append(abs(scipy.stats.spearmanr(part["latent"], part["measured"])[0]))
        assert table.loc[node, "agreement"] == pytest.approx(np.mean(r))
        assert table.loc[node, "rank_agreement"] == pytest.approx(np.mean(rank))
        assert table.loc[node, "n_rows"] == len(rows)
        assert table.loc[node, "n_folds"] == 4
    assert list(find(latents).columns) == list(COLUMNS)
    assert find(latents)["node"].tolist() == ["auxin", "sucrose"]


def test_a_real_agreement_is_told_from_chance():
    table = find(frame({"real": 0.7, "chance": 0.0}, n=80)).set_index("node")
    assert table.loc["real", "agreement_p"] < 0.01
    assert table.loc["chance", "agreement_p"] > 0.05
    # |r| is above 0 by chance: the null says by how much
    assert 0.1 < table.loc["chance", "null_mean"] < 0.3
    row = table.loc["real"]
    assert row["agreement_low"] < row["agreement"] < row["agreement_high"]


def test_p_values_of_unrelated_latents_are_uniform():
    p = []
    for seed in range(60):
        latents = frame({"x": 0.0}, n=24, n_fold=3, seed=seed)
        p.append(find(latents, n_permutation=99, n_bootstrap=0)["agreement_p"].item())
    assert scipy.stats.kstest(p, "uniform").pvalue > 0.01


def test_a_constant_latent_agrees_with_nothing():
    latents = frame({"x": 0.5})
    latents["latent"] = 1e9
    row = find(latents).iloc[0]
    assert row["agreement"] == 0
    assert row["agreement_p"] == 1


def test_folds_with_too_few_measured_rows_say_nothing():
    latents = frame({"x": 0.9}, n=40, n_fold=4)
    first = latents["fold"] == 0
    latents = latents[~first | (np.cumsum(first) <= 4)]
    assert find(latents)["n_folds"].item() == 3
    alone = latents[latents["fold"] == 0]
    row = find(alone).iloc[0]
    assert np.isnan(row["agreement"])
    assert np.isnan(row["agreement_p"])
    assert np.isnan(row["agreement_low"])


def test_one_node_measured_by_two_tables():
    latents = frame({"x": 0.9})
    other = latents.assign(omics="expression", measured=-latents["measured"])
    table = find(pd.concat([latents, other]))
    assert table["agreement"].nunique() == 1
    assert set(table["omics"]) == {"metabolites", "expression"}


def test_nothing_measured():
    empty = frame({"x": 0.5}).iloc[:0]
    assert list(find(empty).columns) == list(COLUMNS)


def test_without_permutations_and_bootstrap():
    row = find(frame({"x": 0.5}), n_permutation=0, n_bootstrap=0).iloc[0]
    assert np.isnan(row["agreement_p"])
    assert np.isnan(row["agreement_low"])


def test_agreement_by_sensitivity():
    nodes = pd.DataFrame(
        {
            "sensitivity": [5, 1, 3, 4, 2, np.nan],
            "agreement": [0.9, 0.1, 0.5, 0.7, 0.3, 0.2],
        }
    )
    table = agreement_by_sensitivity(nodes, n_bin=2)
    # five nodes in two classes: three and two, or two and three
    assert table["n"].sum() == 5
    assert table["agreement"].is_monotonic_increasing
    assert table["rank_r"].iloc[0] == pytest.approx(1)
    assert agreement_by_sensitivity(nodes.iloc[5:]).empty
