import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from meristem.config import read_config
from meristem.errors import ConfigError, DataError
from meristem.io.genotypes.vcf import read_vcf
from meristem.io.tables.groups import read_groups
from meristem.io.tables.omics import read_omics
from meristem.io.tables.phenotypes import read_observations
from meristem.prepare.adjust import adjusted_means
from meristem.prepare.align import make_dataset
from meristem.simulate.additive import simulate_additive
from meristem.simulate.shoot_branching import plant_dataset, simulate_shoot_branching
from meristem.simulate.write import write_additive, write_shoot_branching

FILES = [
    "candidates.vcf.gz",
    "genotypes.vcf.gz",
    "graph.toml",
    "groups.csv",
    "meristem.toml",
    "metabolites.parquet",
    "phenotypes.csv",
    "truth.csv",
]


def population(**options):
    settings = {"n_train": 23, "n_test": 7, "h2": 0.5, "labels": 0.5, "n_null": 4}
    rng = np.random.default_rng(1)
    return simulate_shoot_branching(rng=rng, **(settings | options))


def additive(**options):
    rng = np.random.default_rng(2)
    return simulate_additive(n=31, n_variant=120, h2=0.5, rng=rng, **options)


def read_back(path):
    config = read_config(path)
    genotypes = read_vcf(config.genotypes.path)
    phenotypes = adjusted_means(read_observations(config.phenotypes))
    omics = [read_omics(table, genotypes.sample_id) for table in config.omics]
    groups = read_groups(config.groups)
    return config, *make_dataset(genotypes, phenotypes, omics, groups)


def test_files_give_back_the_population(tmp_path):
    simulated = population()
    path = write_shoot_branching(simulated, tmp_path / "demo")
    assert sorted(item.name for item in path.parent.iterdir()) == FILES
    config, data, report = read_back(path)
    truth = plant_dataset(simulated, simulated.train)
    assert data.sample_id.tolist() == truth.sample_id.tolist()
    order = [
        data.genotypes.variants.variant_id.tolist().index(name)
        for name in truth.genotypes.variants.variant_id
    ]
    np.testing.assert_array_equal(
        data.genotypes.call_dosage[:, order], truth.genotypes.call_dosage
    )
    np.testing.assert_allclose(data.phenotypes.value, truth.phenotypes.value, atol=1e-6)
    np.testing.assert_array_equal(data.omics[0].value, truth.omics[0].value)
    assert data.omics[0].node_name.tolist() == ["A", "S", "CK", "SL", "I"]
    assert set(data.groups.column("family")) == {f"family_{i}" for i in range(1, 6)}
    assert report.pairs[0].matched == 23
    labels = [model.label for model in config.models]
    assert labels == ["ridge", "gblup", "dense", "binn", "binn+metabolites"]
    assert config.models[3].omics == "none"
    assert config.models[4].omics == "soft"
    assert config.knowledge.graph == path.parent / "graph.toml"


def test_candidates_are_the_test_plants_without_phenotype(tmp_path):
    simulated = population()
    path = write_shoot_branching(simulated, tmp_path / "demo")
    candidates = read_vcf(path.parent / "candidates.vcf.gz")
    assert candidates.sample_id.tolist() == simulated.test.sample_id.tolist()
    lines = set(pd.read_csv(path.parent / "phenotypes.csv")["line"])
    assert not lines & set(candidates.sample_id.tolist())
    truth = pd.read_csv(path.parent / "truth.csv").set_index("line")
    np.testing.assert_allclose(
        truth.loc[candidates.sample_id, "bud_delay"],
        simulated.test.genetic,
        atol=1e-6,
    )


def test_variants_stand_in_map_order(tmp_path):
    path = write_shoot_branching(population(), tmp_path / "demo")
    table = read_vcf(path.parent / "genotypes.vcf.gz").variants
    key = list(zip(table.variant_contig, table.variant_position, strict=True))
    assert key == sorted(key)


def test_metabolites_hold_labelled_lines_only(tmp_path):
    simulated = population()
    path = write_shoot_branching(simulated, tmp_path / "demo")
    table = pq.read_table(path.parent / "metabolites.parquet")
    assert table.num_rows == simulated.train.labelled.sum() == 12
    assert table.column_names == ["line", "A", "S", "CK", "SL", "I"]


def test_without_labels_there_are_no_metabolites(tmp_path):
    path = write_shoot_branching(population(labels=0.0), tmp_path / "demo")
    assert not (path.parent / "metabolites.parquet").exists()
    config, data, _ = read_back(path)
    assert data.omics == ()
    assert [m.label for m in config.models] == ["ridge", "gblup", "dense", "binn"]


def test_further_replicates_have_noise_of_their_own(tmp_path):
    simulated = population(n_train=400)
    path = write_shoot_branching(
        simulated, tmp_path / "demo", replicates=3, rng=np.random.default_rng(5)
    )
    frame = pd.read_csv(path.parent / "phenotypes.csv")
    wide = frame.pivot(index="line", columns="replicate", values="value")
    wide = wide.loc[simulated.train.sample_id]
    noise = wide.to_numpy() - simulated.train.genetic[:, None]
    np.testing.assert_allclose(noise.std(0), simulated.noise_sd, rtol=0.15)
    assert np.abs(np.corrcoef(noise.T) - np.eye(3)).max() < 0.15
    with pytest.raises(ConfigError, match="3 replicates"):
        write_shoot_branching(simulated, tmp_path / "other", replicates=3)


def test_equal_populations_give_equal_bytes(tmp_path):
    one = write_shoot_branching(population(), tmp_path / "one").parent
    two = write_shoot_branching(population(), tmp_path / "two").parent
    for name in FILES:
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


def test_nothing_is_left_when_a_file_cannot_be_written(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pyarrow.parquet.write_table", full)
    with pytest.raises(DataError, match="demo: cannot be written .No space left"):
        write_shoot_branching(population(), tmp_path / "demo")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_files_is_never_replaced(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ConfigError, match="no simulation"):
        write_shoot_branching(population(), tmp_path, force=True)
    assert (tmp_path / "thesis.txt").exists()
    with pytest.raises(ConfigError, match="is a file"):
        write_shoot_branching(population(), tmp_path / "thesis.txt", force=True)


def test_an_earlier_simulation_is_replaced_on_demand_alone(tmp_path):
    write_shoot_branching(population(), tmp_path / "demo")
    (tmp_path / "demo" / "run").mkdir()
    with pytest.raises(ConfigError, match="--force"):
        write_shoot_branching(population(), tmp_path / "demo")
    write_shoot_branching(population(n_train=9), tmp_path / "demo", force=True)
    assert not (tmp_path / "demo" / "run").exists()
    assert read_vcf(tmp_path / "demo" / "genotypes.vcf.gz").n_sample == 9


@pytest.mark.parametrize("options", [{"families": 3}, {"subpopulations": 2}])
def test_additive_files_give_back_the_population(tmp_path, options):
    made = additive(**options)
    path = write_additive(made, tmp_path / "panel", rng=np.random.default_rng(0))
    config, data, _ = read_back(path)
    np.testing.assert_array_equal(
        data.genotypes.call_dosage, made.dataset.genotypes.call_dosage
    )
    np.testing.assert_allclose(
        data.phenotypes.value, made.dataset.phenotypes.value, atol=1e-6
    )
    assert data.groups.group_name.tolist() == made.dataset.groups.group_name.tolist()
    assert [m.label for m in config.models] == ["ridge", "gblup", "binn"]


def test_additive_genes_lie_on_variants_and_pathways_know_them(tmp_path):
    made = additive()
    folder = write_additive(
        made, tmp_path / "panel", rng=np.random.default_rng(0)
    ).parent
    rows = [
        line.split("\t")
        for line in (folder / "genes.gff3").read_text().splitlines()
        if not line.startswith("#")
    ]
    assert len(rows) == 12
    table = made.dataset.genotypes.variants
    for row in rows:
        inside = (table.variant_contig == row[0]) & (
            (table.variant_position >= int(row[3]))
            & (table.variant_position <= int(row[4]))
        )
        assert inside.any()
    genes = {row[8].removeprefix("ID=") for row in rows}
    sets = [line.split("\t")[2:] for line in (folder / "pathways.gmt").open()]
    named = {name.strip() for line in sets for name in line}
    assert named == genes
