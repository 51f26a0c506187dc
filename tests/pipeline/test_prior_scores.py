import pandas as pd
import pytest

from meristem.config.stages import PriorConfig
from meristem.pipeline.prior_scores import with_prior_scores


def test_scores_stand_beside_p_values(tmp_path):
    path = tmp_path / "s.tsv"
    path.write_text("variant\tscore\nv1\t-2\nv1\t.5\n")
    table = pd.DataFrame({"variant_id": ["v0", "v1"], "gwas_p": [0.5, 0.01]})
    found = with_prior_scores(table, PriorConfig(scores=path))
    assert found["prior_score"].tolist() == pytest.approx(
        [float("nan"), 2], nan_ok=True
    )
    assert with_prior_scores(table, None) is table
