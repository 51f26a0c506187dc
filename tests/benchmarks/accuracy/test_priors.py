import csv

from benchmarks.accuracy.priors import run_priors


def test_a_small_run_continues_and_compares_with_gblup(tmp_path):
    models = ("gblup", "true", "permuted")
    words = {"shares": (0.8,), "models": models, "n_test": 20}
    table = run_priors((40,), 2, tmp_path, 3, **words)
    again = run_priors((40,), 2, tmp_path, 3, **words)
    assert table == again
    with (tmp_path / "summary.csv").open() as handle:
        rows = {row["model"]: row for row in csv.DictReader(handle)}
    assert set(rows) == set(models)
    assert float(rows["gblup"]["gain"]) == 0
    assert rows["true"]["replicates"] == "2"
