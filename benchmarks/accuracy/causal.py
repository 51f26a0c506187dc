"""Causal pathways and genes of the recovery panel: who finds them, at what cost.

Every method names pathways and genes at a false discovery rate of 10 %, as far as it
has one. Recall is set beside the share of the named that are not causal: two methods
compare where that share is alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.cells import Row
from benchmarks.accuracy.figures import number
from benchmarks.accuracy.recovery_task import Task
from meristem.config.stages import EvaluateConfig
from meristem.evaluate.splits import inner_splits
from meristem.interpret.biology.enrichment import over_representation
from meristem.interpret.biology.scans import gwas, twas
from meristem.interpret.biology.terms import regulation, ring_enrichment
from meristem.models.protocol import Fitted, Inclusion, as_network
from meristem.plan.learned.feature_net import counted_net, judged_net
from meristem.records import FloatArray
from meristem.runs.seeds import derived_rng
from meristem.stats.discoveries import benjamini_hochberg

LEVEL = 0.1
"""False discovery rate."""

COLUMNS = ("method", "level", "tested", "named", "true_named", "causal")
CAUSAL_COLUMNS = (*COLUMNS, "recall", "false_share")

_L1_RATIO = 0.1
_PERMUTATIONS = 5

Found = tuple[NDArray[np.bool_], NDArray[np.bool_]]
"""Pathways named and genes named, in the order of the panel."""


def causal_rows(
    method: str, task: Task, fitted: Fitted | None = None, *, seed: int = 0
) -> list[Row]:
    """Return what a method names, beside the truth: a row of pathways, one of genes.

    Parameters
    ----------
    method
        `binn`: pathways by their posterior probability to matter, as many as keep the
        mean probability of the others below 10 %; genes by a transcriptome-wide scan
        within these pathways. `gwas`, `twas`: genes by Benjamini-Hochberg (GWAS: best
        variant of the window, Bonferroni within it), pathways by enrichment against
        turns of the genome (`interpret.terms`). `elastic_net`: genes by coefficient
        against permuted traits, pathways by over-representation of the genes kept.
    task
        Training lines and truth.
    fitted
        The network, for `binn`.
    seed
        Of the splits and permutations of the elastic net.

    Returns
    -------
    list of Row
        Columns `CAUSAL_COLUMNS`. Empty for a network without set probabilities.

    References
    ----------
    Newton, Noueiry, Sarkar & Ahlquist 2004, Biostatistics 5:155 (direct posterior
    probability); Benjamini & Hochberg 1995, J R Stat Soc B 57:289; Tusher,
    Tibshirani & Chu 2001, PNAS 98:5116 (false discoveries by permutation).
    """
    if method == "binn":
        network = None if fitted is None else as_network(fitted)
        inclusion = None if network is None else network.inclusion()
        if inclusion is None:
            return []
        found = _by_network(inclusion, task)
    else:
        found = SCANS[method](task, seed)
    panel = task.panel
    is_causal = (
        np.isin(_pathway_names(task), panel.truth.causal_pathway),
        np.isin(panel.genes.gene_id, panel.truth.causal_gene),
    )
    levels = ("pathways", "genes")
    return [
        _row(method, level, named, true)
        for level, named, true in zip(levels, found, is_causal, strict=True)
    ]


def posterior_choice(
    probability: FloatArray,  # (n,)
    level: float = LEVEL,
) -> NDArray[np.bool_]:  # (n,)
    """Return the largest set whose mean probability of being wrong is within `level`.

    Examples
    --------
    >>> import numpy as np
    >>> posterior_choice(np.array([0.2, 0.99, 0.85, 0.7]))
    array([False,  True,  True, False])
    """
    order = np.argsort(-probability, kind="stable")
    wrong = np.cumsum(1 - probability[order]) / np.arange(1, order.size + 1)
    within = np.flatnonzero(wrong <= level)
    chosen = np.zeros(probability.size, dtype=bool)
    if within.size:
        chosen[order[: within[-1] + 1]] = True
    return chosen


def _row(method: str, level: str, named: np.ndarray, true: np.ndarray) -> Row:
    n_named, n_right = int(named.sum()), int((named & true).sum())
    wrong = (n_named - n_right) / n_named if n_named else 0.0
    return {
        "method": method,
        "level": level,
        "tested": str(named.size),
        "named": str(n_named),
        "true_named": str(n_right),
        "causal": str(int(true.sum())),
        "recall": number(n_right / max(int(true.sum()), 1)),
        "false_share": number(wrong),
    }


def _pathway_names(task: Task) -> list[str]:
    return [name for name, _ in task.panel.pathways]


def _members(task: Task) -> np.ndarray:  # (n_pathway, n_gene) 0/1
    genes = task.panel.genes.gene_id
    return np.array([np.isin(genes, own) for _, own in task.panel.pathways], dtype=int)


def _by_network(found: Inclusion, task: Task) -> Found:
    inclusion = dict(
        zip(found.node_name.tolist(), found.probability[:, 0].tolist(), strict=True)
    )
    probability = np.array([inclusion.get(name, 0.0) for name in _pathway_names(task)])
    pathways = posterior_choice(probability)
    inside = _members(task)[pathways].any(axis=0)
    p = np.where(inside, _twas_p(task), np.nan)
    return pathways, _at_most(benjamini_hochberg(p))


def _by_twas(task: Task, seed: int) -> Found:
    del seed
    p, member = _twas_p(task), _members(task)
    wider = regulation(member, task.train.omics[0].value)
    return _at_most(_enriched(p, member, wider)), _at_most(benjamini_hochberg(p))


def _by_gwas(task: Task, seed: int) -> Found:
    del seed
    scan = gwas(task.train)["p"].to_numpy(float)
    window = scan[task.panel.cis_window]  # (n_gene, window)
    tested = np.maximum((~np.isnan(window)).sum(axis=1), 1)
    best = np.where(np.isnan(window), 1.0, window).min(axis=1)
    p = np.minimum(best * tested, 1.0)
    q = _enriched(p, _members(task), None)
    return _at_most(q), _at_most(benjamini_hochberg(p))


def _by_net(task: Task, seed: int) -> Found:
    train = task.train
    measured = np.flatnonzero(~np.isnan(train.omics[0].value).any(axis=1))
    rng = derived_rng(seed, "elastic net", train.n_sample)
    part = train.take(measured)
    splits = inner_splits(part, EvaluateConfig(), rng)
    x, y = part.omics[0].value, part.phenotypes.value[:, 0]
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    weight = np.ones(y.size)
    pairs = [(split.train, split.test) for split in splits]
    size = judged_net(x, y, weight, pairs, _L1_RATIO)
    n_keep = int((size > 0).sum())
    null = np.concatenate(
        [
            counted_net(x, rng.permutation(y), weight, n_keep, _L1_RATIO)
            for _ in range(_PERMUTATIONS)
        ]
    )
    genes = part.omics[0].feature_id
    sets = {name: frozenset(own) for name, own in task.panel.pathways}
    kept = frozenset(genes[size > 0].tolist())
    table = over_representation(kept, sets, frozenset(genes.tolist()))
    q = dict(zip(table["set"], table["q"], strict=True))
    pathways = np.array([q.get(name, np.nan) for name in sets])
    return _at_most(pathways), _at_most(permutation_q(size, null, _PERMUTATIONS))


def permutation_q(
    size: FloatArray,  # (n,) 0: not chosen
    null: FloatArray,  # (n_null,) of all permutations together
    n_permutation: int,
) -> FloatArray:  # (n,)
    """Return the false discovery rate at which each choice stands; NaN: not chosen.

    Examples
    --------
    >>> import numpy as np
    >>> permutation_q(np.array([3.0, 1.0, 0.0]), np.array([0.5, 2.0]), 1)
    array([0. , 0.5, nan])
    """
    order = np.argsort(-size, kind="stable")
    above = (null[None, :] >= size[order, None]).sum(axis=1) / n_permutation
    rate = np.minimum(above / np.arange(1, order.size + 1), 1.0)
    q = np.full(size.size, np.nan)
    q[order] = np.minimum.accumulate(rate[::-1])[::-1]
    return np.where(size > 0, q, np.nan)


def _twas_p(task: Task) -> FloatArray:  # (n_gene,)
    return twas(task.train, task.train.omics[0])["p"].to_numpy(float)


def _enriched(
    p: FloatArray,  # (n_gene,) in the order of the genome
    member: np.ndarray,  # (n_pathway, n_gene)
    wider: FloatArray | None,
) -> FloatArray:  # (n_pathway,) q
    value = -np.log10(np.maximum(np.where(np.isnan(p), 1.0, p), np.finfo(float).tiny))
    return benjamini_hochberg(ring_enrichment(value, member, wider)[1])


def _at_most(q: FloatArray) -> NDArray[np.bool_]:
    return np.asarray(np.nan_to_num(q, nan=1.0) <= LEVEL)


SCANS: dict[str, Callable[[Task, int], Found]] = {
    "gwas": _by_gwas,
    "twas": _by_twas,
    "elastic_net": _by_net,
}
"""Methods that need no network."""

METHODS: Sequence[str] = ("binn", *SCANS)
