"""A population whose bud delay runs through known hidden nodes: the F2 benchmark.

Forty causal loci, ten to each of four node inputs (auxin, sucrose, and the genetic
parts of cytokinin and strigolactone), in an F2 of two opposite homozygotes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from meristem.errors import ConfigError
from meristem.genetics.inheritance.maps import GeneticMap, recombination_chance
from meristem.records import (
    Dataset,
    FloatArray,
    Genotypes,
    IntArray,
    OmicsTable,
    Phenotypes,
    StrArray,
    VariantTable,
)
from meristem.simulate.bud_equations import (
    CONSTANTS,
    NODES,
    ConstantSet,
    bud_delay,
    node_values,
)
from meristem.simulate.population import BP_PER_MORGAN

TRAIT = "bud_delay"
QTL_NODES: tuple[str, ...] = ("QTL_A", "QTL_S", "QTL_CK", "QTL_SL")
EFFECT_SUM: tuple[float, ...] = (1.25, 1.25, 0.55, 0.50)
"""Sum of the effects of one allele copy over the loci of A, S, CK, SL."""

N_CHROMOSOME = 4
QTL_PER_NODE = 10
N_QTL = QTL_PER_NODE * len(QTL_NODES)
_SMALLEST_EFFECT = 0.001

# source, target, sign: the domain graph of the network.
EDGES: tuple[tuple[str, str, int], ...] = (
    ("QTL_A", "A", 1),
    ("QTL_S", "S", 1),
    ("QTL_CK", "CK", 1),
    ("QTL_SL", "SL", 1),
    ("A", "CK", -1),
    ("S", "CK", 1),
    ("A", "SL", 1),
    ("CK", "I", -1),
    ("SL", "I", 1),
    ("S", "I", -1),
)


@dataclass(frozen=True)
class Plants:
    """One sample of the population."""

    sample_id: StrArray  # (n,)
    dosage: NDArray[np.int8]  # (n, n_variant) 0, 1, 2
    node_value: FloatArray  # (n, 5) A, S, CK, SL, I, without noise
    genetic_raw: FloatArray  # (n,) days, as the equations give them
    genetic: FloatArray  # (n,) days, clipped: the truth predictions are scored on
    phenotype: FloatArray  # (n,) days, genetic + noise
    metabolite: FloatArray  # (n, 5) measured node values, NaN where not labelled
    labelled: NDArray[np.bool_]  # (n,) rows with metabolites

    def take(self, index: slice) -> Plants:
        """Return the plants in the slice `index`."""
        return Plants(
            **{part.name: getattr(self, part.name)[index] for part in fields(self)}
        )


@dataclass(frozen=True)
class ShootBranching:
    """A simulated population and everything that is true of it."""

    train: Plants
    test: Plants
    variants: VariantTable  # 40 QTL, then the null SNPs
    qtl_node: IntArray  # (40,) position in QTL_NODES of each locus
    qtl_effect: FloatArray  # (40,) effect of one allele copy on its node
    noise_sd: float  # days
    h2: float
    effects: str
    linkage: str
    clip: float
    constants: str


def _draw_effects(
    scheme: str,
    total: float,
    rng: np.random.Generator,
) -> FloatArray:  # (QTL_PER_NODE,)
    if scheme == "equal":
        return np.full(QTL_PER_NODE, total / QTL_PER_NODE)
    if scheme == "uniform":
        raw = rng.uniform(_SMALLEST_EFFECT, 1.0, QTL_PER_NODE)
        return raw / raw.sum() * total
    while True:  # about two draws in three are kept
        effect = rng.dirichlet(np.ones(QTL_PER_NODE)) * total
        if effect.min() >= _SMALLEST_EFFECT and effect.max() <= total / 2:
            return effect


def _locus_map(
    n_null: int,
    rng: np.random.Generator,
) -> tuple[IntArray, FloatArray]:  # chromosome, Morgan; each (N_QTL + n_null,)
    """Return the QTL equally spaced on each chromosome, null SNPs at random."""
    per_chromosome = N_QTL // N_CHROMOSOME
    chromosome = np.repeat(np.arange(N_CHROMOSOME), per_chromosome)
    morgan = np.tile(np.linspace(0.0, 1.0, per_chromosome), N_CHROMOSOME)
    null_chromosome = rng.integers(0, N_CHROMOSOME, n_null)
    null_morgan = rng.uniform(0.0, 1.0, n_null)
    return (
        np.concatenate([chromosome, null_chromosome]),
        np.concatenate([morgan, null_morgan]),
    )


def _variant_table(chromosome: IntArray, morgan: FloatArray) -> VariantTable:
    n_null = chromosome.size - N_QTL
    names = [f"qtl_{i + 1}" for i in range(N_QTL)]
    names += [f"snp_{i + 1}" for i in range(n_null)]
    return VariantTable(
        variant_id=np.array(names),
        variant_contig=(chromosome + 1).astype(str),
        variant_position=1 + np.rint(morgan * BP_PER_MORGAN).astype(np.int64),
        variant_ref=np.full(chromosome.size, "A"),
        variant_alt=np.full(chromosome.size, "G"),
    )


def _f2_gametes(
    n: int,
    switch: FloatArray,  # (n_locus,) chance of a recombination before each locus
    rng: np.random.Generator,
) -> NDArray[np.int8]:  # (n, n_locus) 0 or 1
    """Return gametes of an F1 of opposite homozygotes, one row after the other."""
    crossed = rng.random((n, switch.size)) < switch
    return (np.cumsum(crossed, axis=1) % 2).astype(np.int8)


def _switch_chance(
    chromosome: IntArray,
    morgan: FloatArray,
    linkage: str,
) -> tuple[IntArray, FloatArray]:  # map order; chance before each locus in that order
    order = np.lexsort((morgan, chromosome))
    if linkage == "unlinked":
        return order, np.full(order.size, 0.5)
    genetic_map = GeneticMap(chromosome[order], morgan[order])
    return order, recombination_chance(genetic_map)


def _draw_dosage(
    n: int,
    chromosome: IntArray,
    morgan: FloatArray,
    linkage: str,
    rng: np.random.Generator,
) -> NDArray[np.int8]:  # (n, n_locus)
    order, switch = _switch_chance(chromosome, morgan, linkage)
    gametes = _f2_gametes(2 * n, switch, rng)
    dosage = np.empty((n, order.size), dtype=np.int8)
    dosage[:, order] = gametes[0::2] + gametes[1::2]
    return dosage


def _check(
    h2: float, labels: float, choices: Mapping[str, tuple[str, Sequence[str]]]
) -> None:
    if not 0 < h2 <= 1:
        raise ConfigError(f"h2 is {h2}", remedy="give 0 < h2 <= 1")
    if not 0 <= labels <= 1:
        raise ConfigError(f"labels is {labels}", remedy="give a share from 0 to 1")
    for field, (given, known) in choices.items():
        if given not in known:
            raise ConfigError(
                f"{field} is {given!r}", remedy=f"give one of {', '.join(known)}"
            )


def simulate_shoot_branching(  # noqa: PLR0913 - every one is a named setting
    *,
    n_train: int,
    rng: np.random.Generator,
    n_test: int = 2000,
    h2: float = 1.0,
    effects: Literal["uniform", "equal", "simplex"] = "uniform",
    linkage: Literal["unlinked", "linked"] = "unlinked",
    clip: float = 12.0,
    labels: float = 0.0,
    metabolite_noise: float = 0.0,
    n_null: int = 0,
    constants: ConstantSet = "powell",
) -> ShootBranching:
    """Simulate an F2 whose bud delay runs through the shoot-branching network.

    Effects, training genotypes, test genotypes, noise and label mask have streams
    of their own, all derived from `rng`: the same seed with another `n_train`,
    `h2` or `labels` keeps the effects and the test plants.

    Parameters
    ----------
    n_train, n_test
        Plants to learn from, and plants to score predictions on.
    rng
        The only source of randomness.
    h2
        Broad-sense heritability; noise variance is var_g (1 - h2) / h2 with var_g
        the variance of the clipped genetic value over all plants.
    effects
        `uniform`: uniform(0.001, 1) scaled to the sum of the node; `equal`;
        `simplex`: flat Dirichlet times the sum, every effect within
        [0.001, sum / 2].
    linkage
        `unlinked`: independent loci; `linked`: 4 chromosomes of 1 Morgan, ten
        equally spaced QTL each, no interference.
    clip
        Largest genetic value in days; `inf` for none.
    labels
        Share of the training plants with measured metabolites.
    metabolite_noise
        Standard deviation of the measurement noise, in units of the standard
        deviation of the node.
    n_null
        Additional SNPs without effect.
    constants
        `powell` (rounded) or `bertheloot` (exact).

    Returns
    -------
    ShootBranching
        Training and test plants with every true value.

    Raises
    ------
    ConfigError
        If a share is out of range or a word is unknown.

    References
    ----------
    Bertheloot et al. (2020); Powell et al. (2022); see `bud_equations`.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> population = simulate_shoot_branching(n_train=30, n_test=20, rng=rng, h2=0.3)
    >>> population.train.dosage.shape, population.test.genetic.shape
    ((30, 40), (20,))
    """
    choices = {
        "effects": (effects, ("uniform", "equal", "simplex")),
        "linkage": (linkage, ("unlinked", "linked")),
        "constants": (constants, tuple(CONSTANTS)),
    }
    _check(h2, labels, choices)
    streams = rng.spawn(6)
    effect_rng, map_rng, train_rng, test_rng, noise_rng, label_rng = streams
    qtl_node = effect_rng.permutation(np.repeat(np.arange(4), QTL_PER_NODE))
    qtl_effect = np.empty(N_QTL)
    for node, total in enumerate(EFFECT_SUM):
        qtl_effect[qtl_node == node] = _draw_effects(effects, total, effect_rng)
    chromosome, morgan = _locus_map(n_null, map_rng)
    dosage = np.concatenate(
        [
            _draw_dosage(n_train, chromosome, morgan, linkage, train_rng),
            _draw_dosage(n_test, chromosome, morgan, linkage, test_rng),
        ]
    )
    auxin, sucrose, c1, c2 = (dosage[:, :N_QTL] @ _incidence(qtl_node, qtl_effect)).T
    nodes = node_values(auxin, sucrose, c1, c2, CONSTANTS[constants])
    raw = bud_delay(nodes[:, NODES.index("I")], CONSTANTS[constants])
    genetic = np.minimum(raw, clip)
    noise_sd = float(np.sqrt(genetic.var() * (1 - h2) / h2))

    labelled = np.zeros(genetic.size, dtype=bool)
    chosen = label_rng.permutation(n_train)[: round(labels * n_train)]
    labelled[chosen] = True
    error = label_rng.standard_normal(nodes.shape) * metabolite_noise * nodes.std(0)
    names = [f"train_{i + 1:05d}" for i in range(n_train)]
    names += [f"test_{i + 1:05d}" for i in range(n_test)]
    everyone = Plants(
        sample_id=np.array(names),
        dosage=dosage,
        node_value=nodes,
        genetic_raw=raw,
        genetic=genetic,
        phenotype=genetic + noise_sd * noise_rng.standard_normal(genetic.size),
        metabolite=np.where(labelled[:, None], nodes + error, np.nan),
        labelled=labelled,
    )
    return ShootBranching(
        train=everyone.take(slice(None, n_train)),
        test=everyone.take(slice(n_train, None)),
        variants=_variant_table(chromosome, morgan),
        qtl_node=qtl_node,
        qtl_effect=qtl_effect,
        noise_sd=noise_sd,
        h2=h2,
        effects=effects,
        linkage=linkage,
        clip=clip,
        constants=constants,
    )


def _incidence(qtl_node: IntArray, qtl_effect: FloatArray) -> FloatArray:
    table = np.zeros((N_QTL, len(QTL_NODES)))  # (40, 4)
    table[np.arange(N_QTL), qtl_node] = qtl_effect
    return table


def plant_genotypes(population: ShootBranching, plants: Plants) -> Genotypes:
    """Return the genotypes of `plants` as the record every model takes."""
    return Genotypes(
        sample_id=plants.sample_id,
        variants=population.variants,
        call_dosage=plants.dosage,
        ploidy=2,
        source="shoot-branching simulation",
    )


def plant_dataset(population: ShootBranching, plants: Plants) -> Dataset:
    """Return `plants` as a dataset: genotypes, bud delay, and labelled metabolites.

    The omics table `metabolites` has the features A, S, CK, SL, I, NaN on rows
    without label; it is left out when no row is labelled.
    """
    metabolites = OmicsTable(
        name="metabolites",
        sample_id=plants.sample_id,
        feature_id=np.array(NODES),
        node_name=np.array(NODES),
        value=plants.metabolite,
        source="shoot-branching simulation",
    )
    return Dataset(
        genotypes=plant_genotypes(population, plants),
        phenotypes=Phenotypes(
            sample_id=plants.sample_id,
            trait_name=np.array([TRAIT]),
            environment_name=np.array([""]),
            value=plants.phenotype[:, None],
            weight=np.ones((plants.phenotype.size, 1)),
        ),
        omics=(metabolites,) if plants.labelled.any() else (),
    )


def domain_graph_toml(population: ShootBranching) -> str:
    """Return the domain graph of the network, with its variants, as TOML text.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> population = simulate_shoot_branching(n_train=2, n_test=2, rng=rng)
    >>> print(domain_graph_toml(population).splitlines()[1])
    trait_parents = ["I"]
    """
    lines = ['name = "shoot branching"', 'trait_parents = ["I"]']
    for number, node in enumerate(QTL_NODES):
        loci = population.variants.variant_id[:N_QTL][population.qtl_node == number]
        quoted = ", ".join(f'"{locus}"' for locus in loci)
        lines += ["", "[[nodes]]", f'name = "{node}"', 'kind = "gene"']
        lines += [f"variants = [{quoted}]"]
    for node in NODES:
        kind = "integrator" if node == "I" else "metabolite"
        lines += ["", "[[nodes]]", f'name = "{node}"', f'kind = "{kind}"']
    for source, target, sign in EDGES:
        kind = "genetic" if source in QTL_NODES else "regulation"
        lines += ["", "[[edges]]", f'source = "{source}"', f'target = "{target}"']
        lines += [f"sign = {sign}", f'kind = "{kind}"']
    return "\n".join(lines) + "\n"
