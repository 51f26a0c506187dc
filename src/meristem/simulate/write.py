"""Write simulated populations as the files a breeder would have, ready to run."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from meristem.errors import ConfigError
from meristem.io.genotypes.vcf import write_vcf
from meristem.records import Genotypes
from meristem.simulate.additive import AdditivePopulation
from meristem.simulate.bud_equations import NODES
from meristem.simulate.folder import (
    CONFIG,
    config_head,
    simulation_folder,
    write_csv,
    write_groups,
    write_omics,
)
from meristem.simulate.gene_files import write_random_genes
from meristem.simulate.shoot_branching import (
    TRAIT,
    Plants,
    ShootBranching,
    domain_graph_toml,
    plant_genotypes,
)

N_FAMILY = 5
"""Families into which the F2 plants are counted off."""


def write_shoot_branching(
    population: ShootBranching,
    folder: str | Path,
    *,
    seed: int = 1,
    replicates: int = 1,
    rng: np.random.Generator | None = None,
    force: bool = False,
) -> Path:
    """Write a shoot-branching population as files; return their configuration.

    Training plants become the phenotyped lines, test plants the candidates.
    `truth.csv` holds the true node values and delays of both; no other file refers
    to it.

    Parameters
    ----------
    population
        What was simulated.
    replicates
        Phenotype records per line. With the default of one, the heritability of
        the line means is the one of the population.
    rng
        Noise of further replicates; needed when there are any.

    Raises
    ------
    ConfigError
        If replicates are asked for without rng.
    """
    values = _replicated(population, replicates, rng)  # (n_replicate, n)
    train, test = population.train, population.test
    with simulation_folder(folder, force) as draft:
        for name, plants in (("genotypes", train), ("candidates", test)):
            genotypes = _in_map_order(plant_genotypes(population, plants))
            write_vcf(genotypes, draft / f"{name}.vcf.gz")
        _write_phenotypes(draft, train.sample_id.tolist(), TRAIT, values)
        if train.labelled.any():
            measured = np.where(train.labelled[:, None], train.metabolite, np.nan)
            path = draft / "metabolites.parquet"
            write_omics(path, train.sample_id, NODES, measured)
        (draft / "graph.toml").write_text(domain_graph_toml(population))
        families = (f"family_{i % N_FAMILY + 1}" for i in range(train.genetic.size))
        rows = zip(train.sample_id.tolist(), families, strict=True)
        write_csv(draft / "groups.csv", ("line", "family"), rows)
        _write_truth(draft / "truth.csv", (train, test))
        text = _shoot_config(population, seed)
        (draft / CONFIG).write_text(text, encoding="utf-8")
    return Path(folder) / CONFIG


def write_additive(
    population: AdditivePopulation,
    folder: str | Path,
    *,
    rng: np.random.Generator,
    seed: int = 1,
    force: bool = False,
) -> Path:
    """Write an additive population as files; return their configuration.

    Genes and pathways are written beside it. They cover the genome and have nothing
    to do with the trait: a network built from them can at best equal GBLUP.

    Parameters
    ----------
    population
        What was simulated.
    rng
        Draws the pathways.
    """
    dataset = population.dataset
    names = dataset.sample_id.tolist()
    trait = str(dataset.phenotypes.trait_name[0])
    with simulation_folder(folder, force) as draft:
        write_vcf(_in_map_order(dataset.genotypes), draft / "genotypes.vcf.gz")
        _write_phenotypes(draft, names, trait, dataset.phenotypes.value.T)
        if dataset.groups is not None:
            write_groups(draft / "groups.csv", dataset.groups)
        truth = zip(names, population.genetic.tolist(), strict=True)
        write_csv(draft / "truth.csv", ("line", "genetic"), truth)
        write_random_genes(draft, dataset.genotypes.variants, rng=rng)
        (draft / CONFIG).write_text(_additive_config(population, seed), "utf-8")
    return Path(folder) / CONFIG


def _replicated(
    population: ShootBranching, replicates: int, rng: np.random.Generator | None
) -> np.ndarray:  # (n_replicate, n_train)
    first = population.train.phenotype[None, :]
    if replicates == 1:
        return first
    if rng is None or replicates < 1:
        raise ConfigError(
            f"{replicates} replicates are asked for",
            remedy="give at least 1, and a random generator for more than one",
        )
    shape = (replicates - 1, first.shape[1])
    noise = population.noise_sd * rng.standard_normal(shape)
    return np.concatenate([first, population.train.genetic + noise])


def _in_map_order(genotypes: Genotypes) -> Genotypes:
    variants = genotypes.variants
    contig = variants.variant_contig.astype(np.int64)
    return genotypes.take_variants(np.lexsort((variants.variant_position, contig)))


def _write_phenotypes(
    folder: Path,
    names: list[str],
    trait: str,
    values: np.ndarray,  # (n_replicate, n)
) -> None:
    header = ("line", "environment", "replicate", "trait", "value")
    rows = (
        (name, "greenhouse", replicate + 1, trait, float(value))
        for replicate, record in enumerate(values)
        for name, value in zip(names, record, strict=True)
    )
    write_csv(folder / "phenotypes.csv", header, rows)


def _write_truth(path: Path, parts: tuple[Plants, ...]) -> None:
    rows = (
        (str(plants.sample_id[i]), float(plants.genetic[i]), *map(float, node))
        for plants in parts
        for i, node in enumerate(plants.node_value)
    )
    write_csv(path, ("line", TRAIT, *NODES), rows)


def _model(kind: str, **options: str) -> str:
    lines = ["[[models]]", f'kind = "{kind}"']
    lines += [f'{key} = "{value}"' for key, value in options.items()]
    return "\n".join(lines)


def _shoot_config(population: ShootBranching, seed: int) -> str:
    n = population.train.genetic.size
    n_labelled = int(population.train.labelled.sum())
    parts = [
        f"# Simulated F2 of {n} plants, h2 = {population.h2:g}; metabolites on "
        f"{n_labelled} of them.\n# Every field and its meaning: meristem schema\n",
        config_head(
            "Days until a bud grows out",
            "Does knowing which hormone acts on which help to predict the delay "
            "from genotypes alone?",
            seed,
            minimise=TRAIT,
        ),
    ]
    if n_labelled:
        parts.append('[[omics]]\nname = "metabolites"\npath = "metabolites.parquet"\n')
    parts.append('[knowledge]\ngraph = "graph.toml"\n')
    parts.append('[evaluate]\nscheme = "kfold"\nfolds = 5\nreference = "gblup"\n')
    parts.append('[predict]\ngenotypes = "candidates.vcf.gz"\n')
    models = [_model("ridge"), _model("gblup"), _model("dense")]
    models.append(_model("auto", name="binn"))
    if n_labelled:
        models.append(_model("auto", name="binn+metabolites", omics="soft"))
    return "\n".join([*parts, "\n\n".join(models)]) + "\n"


def _additive_config(population: AdditivePopulation, seed: int) -> str:
    parts = [
        f"# Simulated additive trait, h2 = {population.h2:g}. Genes and pathways are "
        "unrelated to it.\n# Every field and its meaning: meristem schema\n",
        config_head(
            "An additive trait",
            "Does a network stay level with GBLUP when there is nothing but "
            "additive effects?",
            seed,
        ),
        '[knowledge]\ngenes = "genes.gff3"\ngene_sets = ["pathways.gmt"]\n\n'
        '[knowledge.assign]\nmethod = "nearest"\nmax_distance_bp = 2000000\n',
        '[evaluate]\nscheme = "kfold"\nfolds = 5\nreference = "gblup"\n',
    ]
    models = [_model("ridge"), _model("gblup"), _model("auto", name="binn")]
    return "\n".join([*parts, "\n\n".join(models)]) + "\n"
