"""`meristem select design`: which lines, or plots, to phenotype next."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from meristem.errors import ConfigError, DataError
from meristem.genetics.relationship import relationship_matrix
from meristem.io.tables.costs import read_costs
from meristem.models.protocol import Fitted, as_network
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.decisions.material import (
    candidate_lines,
    choose_label,
    model_variants,
    read_merit,
)
from meristem.pipeline.fitting import load_fitted
from meristem.prepare.by_environment import is_stacked
from meristem.records import (
    FloatArray,
    Genotypes,
    IntArray,
    NetworkPlan,
    OmicsTable,
)
from meristem.select.design.choose import (
    Design,
    choose_training_set,
    criterion_of,
)
from meristem.select.design.problem import (
    Criterion,
    DesignProblem,
    cell_problem,
    line_problem,
)

N_RANDOM = 20
"""Random sets of equal size beside the one chosen."""


@dataclass(frozen=True)
class DesignRequest:
    """What the command asks for."""

    label: str = ""
    traits: tuple[str, ...] = ()
    candidates: Path | None = None
    n: int | None = None
    budget: float | None = None
    costs: Path | None = None
    criterion: Criterion = "cd"
    h2: float | None = None
    environments: int = 1
    interaction: float = 0.5  # share of the genetic variance that is interaction
    node: str = ""
    seconds: float = 15.0


@dataclass(frozen=True)
class DesignResult:
    """The table, and what is said about it."""

    table: pd.DataFrame
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Panel:
    """Lines among which a training set is chosen, with those phenotyped already."""

    lines: Genotypes  # the variants of the model, in its order
    candidates: IntArray  # (n,) rows that may be phenotyped
    known_by: str = "phenotype"  # what the others have

    @property
    def observed(self) -> IntArray:
        """Rows of the others, which have phenotypes."""
        return np.setdiff1d(np.arange(self.lines.n_sample), self.candidates)


def design_training(analysis: Analysis, request: DesignRequest) -> DesignResult:
    """Return the lines, or line x environment cells, to phenotype next.

    Lines of the run that are phenotyped already are taken into account; candidates are
    the others, or those of a file.

    Raises
    ------
    ConfigError, DataError
        If something asked for is not there, or there is nothing to choose from.
    """
    analysis.keep_to_stored()
    label = choose_label(analysis, request.label)
    fitted = load_fitted(analysis, label)
    _refuse_odd(request)
    variants = model_variants(analysis, fitted)
    given = None
    if request.candidates is not None:
        given = candidate_lines(analysis, variants, request.candidates)
    panel = read_panel(analysis, fitted, given, request.node)
    target = read_merit(analysis, request.traits).weights
    return choose_next(analysis, fitted, panel, target, request)


def read_panel(
    analysis: Analysis,
    fitted: Fitted,
    given: Genotypes | None = None,
    node: str = "",
) -> Panel:
    """Return candidates beside the lines of a run that are known already.

    Known are those with a phenotype; of a node that the run has measurements of, those
    with one: then lines with phenotypes are candidates for the assay too.

    Parameters
    ----------
    analysis, fitted
        A finished run and its model.
    given
        Candidates, with the variants of the model; those that are known are left out.
        None: the lines of the run that are not known.
    node
        What is to be learned; empty: the trait.

    Raises
    ------
    DataError
        If fewer than two candidates are left.
    """
    lines = candidate_lines(analysis, model_variants(analysis, fitted), None)
    seen = assayed(analysis.dataset.omics, lines, node)
    what = "phenotype" if seen is None else f"measurement of {node}"
    if seen is None:
        seen = _phenotyped(analysis, lines)
    if given is None:
        both, new = lines, np.flatnonzero(~seen)
    else:
        both, new = _joined(lines.take_samples(np.flatnonzero(seen)), given)
    refuse_few(new.size, what, planned=given is not None)
    return Panel(both, new, what)


def refuse_few(n: int, what: str, *, planned: bool) -> None:
    """Refuse fewer than two candidates to choose among.

    Raises
    ------
    DataError
        If there are.
    """
    if n < 2:
        raise DataError(
            f"{n} candidates have no {what}",
            remedy=f"take in lines without {what} (candidates.lines, [predict] of the "
            "run), or leave [design] out"
            if planned
            else f"give candidates (--candidates), or keep lines without {what} in "
            "the genotypes",
        )


def choose_next(
    analysis: Analysis,
    fitted: Fitted,
    panel: Panel,
    weights: FloatArray,  # (n_target,) of the merit
    request: DesignRequest,
) -> DesignResult:
    """Return the lines, or cells, of a panel to phenotype next."""
    both, new, old = panel.lines, panel.candidates, panel.observed
    columns = _node_variants(fitted, request.node)
    chosen = both if columns is None else both.take_variants(columns)
    with threadpool_limits(limits=1):
        kernel = relationship_matrix(chosen.call_dosage, ploidy=chosen.ploidy)
        kernel /= np.trace(kernel) / kernel.shape[0]
        noise = _noise(fitted, both.take_samples(new), weights, request)
        cost = _costs(request, both.sample_id[new].tolist())
        if request.environments > 1:
            problem = cell_problem(
                kernel,
                request.environments,
                main=1 - request.interaction,
                interaction=request.interaction,
                noise=noise,
                candidates=new,
                observed=old,
            )
        else:
            problem = line_problem(
                kernel, noise, candidates=new, targets=new, observed=old, cost=cost
            )
        found = choose_training_set(
            problem,
            request.n,
            budget=request.budget,
            criterion=request.criterion,
            seconds=request.seconds,
        )
    table = _table(problem, found, both.sample_id[new], request)
    said = f"{old.size} lines have a {panel.known_by} already"
    return DesignResult(table, _notes(analysis, problem, found, (noise, said), request))


def _refuse_odd(request: DesignRequest) -> None:
    """Refuse what no training set can be chosen by.

    Raises
    ------
    ConfigError
        If an option is odd, or two do not go together.
    """
    if request.h2 is not None and not 0 < request.h2 < 1:
        raise ConfigError(
            f"a heritability of {request.h2:g} is not possible",
            where="--h2",
            remedy="give a share above 0 and below 1",
        )
    if request.criterion not in ("cd", "pev"):
        raise ConfigError(
            f"there is no criterion called {request.criterion!r}",
            where="--criterion",
            remedy="use cd or pev",
        )
    if request.environments > 1 and request.costs is not None:
        raise ConfigError(
            "costs of lines and cells of environments are asked together",
            where="--costs",
            remedy="leave one of --costs and --environments out",
        )


def _phenotyped(analysis: Analysis, lines: Genotypes) -> np.ndarray:  # (n_line,)
    dataset = analysis.dataset
    seen = ~np.isnan(dataset.phenotypes.value).all(axis=1)
    names = dataset.sample_id
    if is_stacked(dataset) and dataset.groups is not None:
        names = dataset.groups.column("line")
    return np.isin(lines.sample_id, names[seen])


def assayed(
    omics: tuple[OmicsTable, ...], lines: Genotypes, node: str
) -> np.ndarray | None:  # (n_line,)
    """Return which lines have a measurement of a node; None where nobody has."""
    seen = np.zeros(lines.n_sample, dtype=bool)
    for table in omics if node else ():
        columns = np.flatnonzero((table.node_name == node) | (table.feature_id == node))
        if columns.size:
            measured = ~np.isnan(table.value[:, columns]).all(axis=1)
            seen |= np.isin(lines.sample_id, table.sample_id[measured])
    return seen if seen.any() else None


def _joined(old: Genotypes, new: Genotypes) -> tuple[Genotypes, IntArray]:
    """Return phenotyped lines and candidates in one table, and rows of the latter."""
    fresh = ~np.isin(new.sample_id, old.sample_id)
    new = new.take_samples(np.flatnonzero(fresh))
    both = old.with_samples(new)
    return both, old.n_sample + np.arange(new.n_sample)


def _node_variants(fitted: Fitted, node: str) -> IntArray | None:
    """Return the variants that a node of the network reads, at any depth."""
    if not node:
        return None
    network = as_network(fitted)
    plan = None if network is None else network.plan
    if plan is None or node not in plan.node_name:
        raise ConfigError(
            f"{node!r} is no node of the model",
            where="--node",
            remedy="use a name of nodes.csv, and the network as --model",
        )
    found = upstream_variants(plan, int(np.flatnonzero(plan.node_name == node)[0]))
    if found.size < 2:
        raise ConfigError(
            f"{node} reads {found.size} variants",
            where="--node",
            remedy="choose a node that variants lead to",
        )
    return found


def upstream_variants(plan: NetworkPlan, node: int) -> IntArray:
    """Return the variants from which a path leads to a node.

    Parameters
    ----------
    plan
        The compiled network.
    node
        Number of the node.
    """
    wanted = np.zeros(plan.n_node, dtype=bool)
    wanted[node] = True
    read = np.zeros(plan.variants.n_variant, dtype=bool)
    for level in reversed(plan.levels):
        rows = wanted[level.first_node + np.arange(level.n_node)]
        read[level.variant_col[rows[level.variant_row]]] = True
        wanted[level.node_col[rows[level.node_row]]] = True
    return np.flatnonzero(read)


def _noise(
    fitted: Fitted, lines: Genotypes, weights: FloatArray, request: DesignRequest
) -> float:
    """Return residual variance over genetic variance, as estimated or given."""
    if request.h2 is not None:
        return (1 - request.h2) / request.h2
    target = int(np.argmax(np.abs(weights)))
    some = lines.take_samples(np.arange(min(lines.n_sample, 200)))
    posterior = fitted.posterior(some)
    genetic = float(np.nanmean(posterior.prior_variance[:, target]))
    noise = float(posterior.noise[target])
    if not (genetic > 0 and np.isfinite(noise)):
        raise ConfigError(
            "the model says nothing of genetic and residual variance",
            where="--h2",
            remedy="give the heritability of a phenotype (--h2 0.4, or design.h2 of "
            "a plan)",
        )
    return noise / genetic


def _costs(request: DesignRequest, names: list[str]) -> FloatArray | None:
    if request.costs is None:
        return None
    known = read_costs(request.costs)
    missing = [name for name in names if name not in known]
    if missing:
        raise DataError(
            f"gives no cost of {len(missing)} candidates: {', '.join(missing[:5])}",
            where=request.costs,
            remedy="add a row for each",
        )
    return np.array([known[name] for name in names])


def _table(
    problem: DesignProblem, found: Design, names: np.ndarray, request: DesignRequest
) -> pd.DataFrame:
    line, place = np.divmod(found.chosen, max(request.environments, 1))
    steps = [
        criterion_of(problem, found.chosen[: k + 1], request.criterion)
        for k in range(found.chosen.size)
    ]
    table = pd.DataFrame(
        {
            "order": np.arange(1, found.chosen.size + 1),
            "sample_id": names[line],
            "cost": problem.cost[found.chosen],
            "cumulative_cost": np.cumsum(problem.cost[found.chosen]),
            f"{request.criterion}_mean": steps,
        }
    )
    if request.environments > 1:
        table.insert(2, "environment", place + 1)
    return table


def _notes(
    analysis: Analysis,
    problem: DesignProblem,
    found: Design,
    known: tuple[float, str],  # residual over genetic variance; which lines are known
    request: DesignRequest,
) -> tuple[str, ...]:
    rng = analysis.rng("design", request.label)
    n = found.chosen.size
    chance = [
        criterion_of(
            problem, rng.choice(problem.n, n, replace=False), request.criterion
        )
        for _ in range(N_RANDOM)
    ]
    name = "CDmean" if request.criterion == "cd" else "PEVmean"
    end = (
        "no exchange of two improves it"
        if found.converged
        else "exchanges stopped by the time limit (--seconds)"
    )
    what = "cells" if request.environments > 1 else "lines"
    noise, said = known
    return (
        f"{n} of {problem.n} {what} chosen, {said}",
        f"{name} {found.start:.4f} now, {found.value:.4f} with them (greedy alone "
        f"{found.greedy_value:.4f}, random sets {np.mean(chance):.4f})",
        f"residual over genetic variance {noise:.3g}; {found.n_swap} exchanges: {end}",
    )
