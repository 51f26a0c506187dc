"""What every decision starts from: a run's model, its lines, effects and map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import numpy as np

from meristem.errors import ConfigError, DataError
from meristem.genetics.comparable import heterozygosity
from meristem.genetics.hybrids import GREATEST_HETEROZYGOSITY
from meristem.genetics.inheritance.maps import (
    GeneticMap,
    MapFunction,
    PlacedVariants,
    place_by_points,
    place_by_rate,
)
from meristem.genetics.inheritance.meiosis import Haplotypes, gametes
from meristem.genetics.locus_effects import LocusEffects, weighted_sum
from meristem.io.genotypes.read import read_genotypes
from meristem.io.tables.genetic_map import read_genetic_map
from meristem.models.protocol import Fitted
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.fitting import deployable_labels, load_fitted
from meristem.prepare.by_environment import is_stacked
from meristem.prepare.match import align_variants, match_variants
from meristem.records import FloatArray, Genotypes, IntArray, VariantTable
from meristem.select.exports.effects import (
    Linearised,
    exact_effects,
    linearise,
    predict_calls,
)


@dataclass(frozen=True)
class MapRequest:
    """How variants are placed on a genetic map."""

    path: Path | None = None
    cm_per_mb: float | None = None
    function: MapFunction = "haldane"

    def __post_init__(self) -> None:
        if self.path is not None and self.cm_per_mb is not None:
            raise ConfigError(
                "both a map and a rate are given",
                where="--map",
                remedy="give one of --map and --cm-per-mb",
            )
        if self.function not in get_args(MapFunction):
            raise ConfigError(
                f"there is no map function {self.function!r}",
                where="--map-function",
                remedy="use haldane or kosambi",
            )


@dataclass(frozen=True)
class Merit:
    """What is maximised: a weighted sum of the targets of a model."""

    weights: FloatArray  # (n_target,)
    words: str  # for people and tables

    def of(self, value: FloatArray) -> FloatArray:  # (n, n_target) -> (n,)
        """Return the merit of predicted values."""
        return value @ self.weights


@dataclass(frozen=True)
class Material:
    """Candidates of a run, and what its model says of their alleles."""

    label: str
    fitted: Fitted
    merit: Merit
    lines: Genotypes  # variants of the model, in its order
    effects: LocusEffects
    linearised: Linearised | None  # None: the effects are exact
    value: FloatArray  # (n_line,) merit predicted by the model itself

    @property
    def additive(self) -> bool:
        """Whether the model is a sum of effects of single copies."""
        return self.linearised is None and self.effects.dominance is None

    def known_dosage(
        self, rows: IntArray | slice = slice(None), columns: IntArray | None = None
    ) -> FloatArray:  # (n_row, n_column)
        """Return dosages with missing calls at the mean of the training rows."""
        calls, mean = self.lines.call_dosage[rows], self.effects.mean
        if columns is not None:
            calls, mean = calls[:, columns], mean[columns]
        return np.where(calls < 0, mean, calls)

    def predict(self, calls: Haplotypes) -> FloatArray:  # (n, n_variant) -> (n,)
        """Return the merit of made-up genotypes."""
        return self.merit.of(predict_calls(self.fitted, self.lines, calls))


def choose_label(analysis: Analysis, label: str) -> str:
    """Return the model asked for; without one, the explained network or the first.

    Raises
    ------
    ConfigError
        If there is no such model in the run.
    """
    known = deployable_labels(analysis)
    if not label:
        reference = analysis.config.evaluate.reference
        return reference if reference in known else known[0]
    if label not in known:
        raise ConfigError(
            f"no deployable model called {label!r} in this run",
            where=analysis.folder.path,
            remedy=f"use one of: {', '.join(known)}",
        )
    return label


def read_merit(
    analysis: Analysis, words: tuple[str, ...], *, signed: bool = True
) -> Merit:
    """Return the weights that `trait`, `trait=2` or `trait@environment=2` stand for.

    A trait without a weight has 1, or -1 where the run minimises it; a trait without
    an environment is the mean over its environments. Unless `signed`, a trait that is
    minimised counts as it is: to hand on its effects, not to select.

    Raises
    ------
    ConfigError
        If a word names no target, a weight is no number, or none is given though the
        run has several traits.
    """
    phenotypes = analysis.dataset.phenotypes
    names = phenotypes.target_name
    traits = list(dict.fromkeys(phenotypes.trait_name.tolist()))
    if not words and len(traits) > 1:
        raise ConfigError(
            f"the run has {len(traits)} traits, and none is named",
            where="--trait",
            remedy=f"name one or weigh several (--trait {traits[0]}=1 --trait "
            f"{traits[1]}=0.5)",
        )
    weights = np.zeros(len(names))
    said = []
    for word in words or (traits[0],):
        name, _, number = word.partition("=")
        chosen = np.array([name in (n, n.partition("@")[0]) for n in names])
        if not chosen.any():
            raise ConfigError(
                f"{name!r} is no trait of this run",
                where="--trait",
                remedy=f"use some of: {', '.join(traits)}",
            )
        lower = signed and name in analysis.config.phenotypes.minimise
        sign = -1.0 if lower else 1.0
        weight = _number(number, word) if number else sign
        if weights[chosen].any():
            raise ConfigError(
                f"{name!r} has a weight already",
                where="--trait",
                remedy="name every trait once",
            )
        weights[chosen] += weight / chosen.sum()
        said.append(f"{weight:g} x {name}")
    if not weights.any():
        raise ConfigError(
            "every weight is 0", where="--trait", remedy="give a weight other than 0"
        )
    return Merit(weights, " + ".join(said))


def _number(text: str, word: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise ConfigError(
            f"the weight in {word!r} is no number",
            where="--trait",
            remedy="write trait=weight, for example yield=2",
        )
    return value


def candidate_lines(
    analysis: Analysis, variants: VariantTable, path: Path | None
) -> Genotypes:
    """Return the lines of the run, or those of a file, with the model's variants.

    Raises
    ------
    DataError
        If the file cannot be used, or too few variants are found.
    """
    if path is not None:
        config = analysis.config.genotypes.model_copy(
            update={"path": path, "hybrids": None, "format": "auto"}
        )
        new = read_genotypes(config)
        return match_variants(new, variants, analysis.config.predict.min_overlap)[0]
    dataset = analysis.dataset
    genotypes = dataset.genotypes
    if is_stacked(dataset) and dataset.groups is not None:
        line = dataset.groups.column("line")
        _, rows = np.unique(line, return_index=True)
        rows = np.sort(rows)
        genotypes = replace(genotypes.take_samples(rows), sample_id=line[rows])
    return align_variants(genotypes, variants)


def read_material(
    analysis: Analysis,
    *,
    label: str,
    traits: tuple[str, ...],
    candidates: Path | None,
    genetic_map: PlacedVariants | None = None,
    signed: bool = True,
) -> Material:
    """Return the candidates of a run with the effects of a model of it.

    Parameters
    ----------
    analysis
        A finished run.
    label, traits
        The model, and the weights of its targets.
    candidates
        A genotype file; None: the lines of the run.
    genetic_map
        Where the variants lie: for progeny on which a network is linearised; None:
        unlinked.
    signed
        Whether traits that are minimised enter with weight -1.

    Raises
    ------
    ConfigError, DataError
        If something asked for is not there.
    """
    analysis.keep_to_stored()
    label = choose_label(analysis, label)
    fitted = load_fitted(analysis, label)
    merit = read_merit(analysis, traits, signed=signed)
    variants = model_variants(analysis, fitted)
    lines = candidate_lines(analysis, variants, candidates)
    return make_material(analysis, (label, fitted), merit, lines, genetic_map)


def make_material(
    analysis: Analysis,
    model: tuple[str, Fitted],
    merit: Merit,
    lines: Genotypes,  # the variants of the model, in its order
    genetic_map: PlacedVariants | None = None,
) -> Material:
    """Return lines with the effects of a model on their merit."""
    label, fitted = model
    targets = np.flatnonzero(merit.weights)
    parts, linear = [], None
    for target in targets.tolist():
        effects = exact_effects(fitted, target)
        if effects is None:
            rng = analysis.rng("linearise", label, str(target))
            progeny = _progeny_of(lines, genetic_map)
            linear = linearise(fitted, target, lines, progeny, rng)
            effects = linear.effects
        parts.append((float(merit.weights[target]), effects))
    effects = weighted_sum(parts)
    if linear is None:
        # the sum of the effects, without the errors that a prediction counts
        value = effects.value(lines.call_dosage, lines.ploidy)
    else:
        value = merit.of(fitted.predict(lines).value)
    return Material(label, fitted, merit, lines, effects, linear, value)


def model_variants(analysis: Analysis, fitted: Fitted) -> VariantTable:
    """Return the variants a model reads: its own where it says so, else the run's."""
    effects = exact_effects(fitted, 0)
    if effects is not None:
        return effects.variants
    named = getattr(fitted, "variants", None)
    if isinstance(named, VariantTable):
        return named
    plan = getattr(fitted, "plan", None)
    known = analysis.dataset.genotypes.variants
    return known if plan is None else plan.variants


def _progeny_of(
    lines: Genotypes, placed: PlacedVariants | None
) -> Callable[[int, np.random.Generator], Haplotypes]:
    """Return a maker of doubled haploids of random pairs of lines."""
    halves = line_haplotypes(lines)
    n_variant = lines.n_variant
    order = np.arange(n_variant) if placed is None else placed.order
    each = GeneticMap(np.arange(n_variant), np.zeros(n_variant))
    genetic_map = each if placed is None else placed.genetic_map

    def make(n: int, rng: np.random.Generator) -> Haplotypes:
        pair = rng.integers(0, lines.n_sample, (n, 2))
        parents = halves[pair][:, :, order]  # (n, 2, n_variant)
        made = np.empty((n, n_variant), dtype=np.int8)
        made[:, order] = 2 * gametes(parents, genetic_map, rng)
        return made

    return make


def place_variants(variants: VariantTable, request: MapRequest) -> PlacedVariants:
    """Return variants on the map asked for.

    Raises
    ------
    ConfigError
        If neither a map nor a rate is given.
    """
    if request.path is not None:
        return place_by_points(variants, read_genetic_map(request.path))
    if request.cm_per_mb is not None:
        return place_by_rate(variants, request.cm_per_mb)
    raise ConfigError(
        "progeny need a genetic map",
        where="--map",
        remedy="give a table of cM (--map), or a rate in cM per megabase "
        "(--cm-per-mb 1)",
    )


def line_haplotypes(lines: Genotypes) -> Haplotypes:  # (n_line, n_variant)
    """Return the gamete of every inbred line: the nearest of 0 and 1.

    Missing calls take the commoner allele, heterozygous ones the alternate.
    """
    calls = lines.call_dosage
    known = np.where(calls < 0, np.nan, calls.astype(np.float64))
    common = np.nan_to_num(np.nanmean(known, axis=0))
    return (2 * np.where(calls < 0, common, calls) >= lines.ploidy).astype(np.int8)


def refuse_heterozygous(lines: Genotypes, remedy: str) -> None:
    """Refuse lines that are not inbred where progeny of inbred lines are asked.

    Parameters
    ----------
    lines
        The parents.
    remedy
        What whoever asked for the progeny can do.

    Raises
    ------
    DataError
        If more than 20 % of the calls of a line are heterozygous.
    """
    share = heterozygosity(lines)
    worst = int(np.argmax(share))
    if share[worst] > GREATEST_HETEROZYGOSITY:
        raise DataError(
            f"{share[worst]:.0%} of the calls of {lines.sample_id[worst]} are "
            "heterozygous: it is no inbred line",
            where=lines.source,
            remedy=remedy,
        )


def rows_of(lines: Genotypes, names: tuple[str, ...], option: str) -> IntArray:
    """Return the rows of named lines.

    Raises
    ------
    ConfigError
        If one is not among the candidates.
    """
    row = {name: k for k, name in enumerate(lines.sample_id.tolist())}
    unknown = [name for name in names if name not in row]
    if unknown:
        raise ConfigError(
            f"{unknown[0]!r} is no candidate",
            where=option,
            remedy="write the name as in the genotypes",
        )
    return np.array([row[name] for name in names], dtype=np.int64)
