import numpy as np
from benchmarks.accuracy.expression import new_genes
from benchmarks.accuracy.expression.new_genes import Truth
from tests.expression.toys import toy_panel


def test_sets_ties_and_the_chance_band() -> None:
    panel = toy_panel(n_line=2, n_gene=40, n_bin=1, n_channel=2)
    panel.contig[:] = np.repeat(["chr1", "chr2", "chr3", "chr4"], 10)
    rng = np.random.default_rng(1)
    ase = rng.normal(size=40)
    ase[3] = np.nan
    truth = Truth(ase, np.repeat([100.0, 30.0], 20), np.tile([0, 1], 20))
    sizes = {name: int(own.sum()) for name, own in truth.sets().items()}
    assert sizes == {"LOD > 20": 39, "LOD > 50": 19, "LOD > 50, ASE significant": 9}
    change = np.nan_to_num(ase) * 2
    change[:5] = 0.0  # ties count as wrong
    rows = new_genes._figures("m", change, truth, panel)
    assert [row["genes"] for row in rows] == ["39", "19", "9"]
    assert (
        float(rows[0]["sign"]) == 35 / 39
        or abs(float(rows[0]["sign"]) - 35 / 39) < 1e-4
    )
    assert float(rows[0]["r"]) > 0.8
    assert 0.1 < float(rows[0]["chance"]) < 0.45
    assert "LOD > 50" in new_genes.new_gene_table(rows)


def test_each_chromosome_is_predicted_by_the_others() -> None:
    panel = toy_panel(n_line=30, n_gene=24, n_bin=1, n_channel=3, ploidy=1)
    panel.contig[:] = np.repeat(["chr1", "chr2", "chr3"], 8)
    weight = np.array([1.0, -1.0, 0.0])
    value = np.stack([panel.delta(g) @ weight for g in range(24)], axis=1)
    value[:, :8] = 1e3 * np.random.default_rng(2).normal(size=(30, 8))
    row = np.array([0, 1])
    found = new_genes._left_out(panel, panel, value, row, 1)
    truth = np.array([np.diff(panel.delta(g)[row] @ weight)[0] for g in range(24)])
    assert np.corrcoef(found[:8], truth[:8])[0, 1] > 0.9
