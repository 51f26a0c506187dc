import numpy as np
import pandas as pd
import pytest

from meristem.config.stages import PriorConfig
from meristem.pipeline.prior_scores import prior_pairs, with_prior_scores
from meristem.records import Genotypes, VariantTable


def test_scores_stand_beside_p_values(tmp_path):
    path = tmp_path / "s.tsv"
    path.write_text("variant\tscore\nv1\t-2\nv1\t.5\n")
    table = pd.DataFrame({"variant_id": ["v0", "v1"], "gwas_p": [0.5, 0.01]})
    found = with_prior_scores(table, PriorConfig(scores=path))
    assert found["prior_score"].tolist() == pytest.approx(
        [float("nan"), 2], nan_ok=True
    )
    assert with_prior_scores(table, None) is table


def test_scored_variants_that_nobody_is_typed_for_are_counted(tmp_path):
    path = tmp_path / "s.tsv"
    path.write_text("variant\tscore\nv1\t-2\nv1\t.5\nw1\t1\nw2\t1\n")
    names = np.array(["v0", "v1", "v2"])
    table = VariantTable(names, np.repeat("1", 3), np.arange(3), names, names)
    genotypes = Genotypes(np.array(["a", "b"]), table, np.zeros((2, 3), np.int8))
    (pair,) = prior_pairs(PriorConfig(scores=path), genotypes)
    assert pair.matched == 1
    assert pair.dropped_right == ("w1", "w2")
    assert pair.dropped_left == ("v0", "v2")
    assert "2 of 3 ids of the scored variants" in pair.losses()[0]
    assert prior_pairs(None, genotypes) == ()
