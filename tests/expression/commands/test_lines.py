import numpy as np
import pandas as pd
import pytest
from tests.expression.simulated import write_simulated

from meristem.config.read import read_expression_run
from meristem.errors import ConfigError, DataError
from meristem.expression.commands.lines import read_training, take_measured

SMALL = {"n_gene": 10, "n_train": 30, "n_test": 4, "n_variant": 300}


def _config(folder, text, **sizes):
    panel, path = write_simulated(folder, **(SMALL | sizes))
    path.write_text(path.read_text() + text)
    return panel, read_expression_run(path)


def test_lines_genes_families_and_covariates_are_aligned(tmp_path) -> None:
    panel, config = _config(
        tmp_path,
        '[covariates]\npath = "about.csv"\ncolumns = ["batch"]\n[train]\n'
        'window = 2000\nfamilies = "about.csv"\ngene_families = "genes.csv"\n',
        measured_share=0.5,
    )
    names = panel.train.sample_id[::-1]
    about = pd.DataFrame({"line": names, "family": [f"f{i % 3}" for i in range(30)]})
    about["batch"] = np.where(np.arange(30) % 2, "b", "c")
    about.to_csv(tmp_path / "about.csv", index=False)
    genes = pd.DataFrame({"gene": panel.gene_id[:4], "family": ["p", "p", "q", "q"]})
    genes.to_csv(tmp_path / "genes.csv", index=False)
    inputs = read_training(config, tmp_path / "run")
    known = about.set_index("line").loc[panel.train.sample_id]
    assert inputs.family.tolist() == known["family"].tolist()
    assert inputs.lines.covariates.label[:, 0].tolist() == known["batch"].tolist()
    assert inputs.gene_group[:4].tolist() == ["p", "p", "q", "q"]
    assert np.unique(inputs.gene_group[4:]).size == 6
    part = take_measured(inputs)
    assert part.lines.value.shape[0] == part.family.size == 15
    assert not np.isnan(part.lines.value).any()


def test_genes_of_no_table_are_grouped_by_chromosome(tmp_path) -> None:
    _, config = _config(tmp_path, "[train]\nwindow = 2000\n")
    inputs = read_training(config, tmp_path / "run")
    assert inputs.gene_group.tolist() == inputs.lines.contig.tolist()
    assert set(inputs.lines.contig) == {"chr1", "chr2"}


def test_tables_that_do_not_meet_are_refused(tmp_path) -> None:
    _, config = _config(tmp_path, '[train]\nwindow = 2000\nfamilies = "about.csv"\n')
    (tmp_path / "about.csv").write_text("line,family\nother,a\n")
    with pytest.raises(DataError, match="a label for none of the 30 names"):
        read_training(config, tmp_path / "run")
    path = tmp_path / "expression.toml"
    text = path.read_text().replace('families = "about.csv"', "")
    path.write_text(text + '[covariates]\ncolumns = ["batch"]\n')
    with pytest.raises(ConfigError, match="there is no table"):
        read_training(read_expression_run(path), tmp_path / "run")
