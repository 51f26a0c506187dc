import csv

from benchmarks.accuracy.page import accuracy_page
from benchmarks.accuracy.priors import run_priors
from benchmarks.accuracy.targets import judge_targets


def test_a_small_run_continues_and_compares_with_gblup(tmp_path):
    models = ("gblup", "true", "permuted")
    words = {"shares": (0.7,), "models": models, "n_test": 20}
    out = tmp_path / "priors"
    table = run_priors((40,), 2, out, 3, **words)
    again = run_priors((40,), 2, out, 3, **words)
    assert table == again
    assert "Scores of variants as priors" in accuracy_page(tmp_path)
    assert len(judge_targets(tmp_path)) == 2
    with (out / "summary.csv").open() as handle:
        rows = {row["model"]: row for row in csv.DictReader(handle)}
    assert set(rows) == set(models)
    assert float(rows["gblup"]["gain"]) == 0
    assert rows["true"]["replicates"] == "2"
