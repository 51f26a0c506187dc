"""Which terms hold more of the genes that matter than their place explains.

Neighbouring genes share variants and linked signals, and genes of one term are often
neighbours. Permuting genes ignores both and finds too much. Here the values are turned
around the genome as on a ring, which keeps every neighbourhood: all turns together are
the null, and one Fourier transform per term gives them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from meristem.interpret.attribution.gradients import gene_nodes
from meristem.plan.assemble import node_edges
from meristem.records import FloatArray, NetworkPlan, OmicsTable
from meristem.stats.discoveries import benjamini_hochberg

ENRICHMENT_COLUMNS = (
    "term",
    "label",
    "method",
    "trait",
    "environment",
    "n_genes",
    "score",
    "p",
    "q",
    "genes",
)

MIN_GENES = 20
"""Genes that a ring needs: fewer turns make no distribution."""

UNTESTED = "sensitivity"
"""The ranking that is not tested; see `enrichment_table`."""

NAMED = 5
"""Genes named per term."""

_ENOUGH = 10
"""Turns at least as good from which their share is taken as p."""

_TIE = 1e-9
_BLOCK = 4_000_000
"""Turns of all sets held at a time."""


@dataclass(frozen=True)
class Terms:
    """Genes below each term of a network."""

    term: np.ndarray  # (n_term,) names
    label: np.ndarray  # (n_term,)
    gene: np.ndarray  # (n_gene,) names
    member: scipy.sparse.csr_array  # (n_term, n_gene) 0/1


def plan_terms(plan: NetworkPlan, *, min_size: int = 3, max_size: int = 500) -> Terms:
    """Return the nodes above genes with the genes below them, directly or not.

    Parameters
    ----------
    plan
        Of the network.
    min_size, max_size
        Terms with fewer or more genes are left out.
    """
    source, reader = node_edges(plan)
    genes = gene_nodes(plan)
    ones = np.ones(reader.size, dtype=np.int64)
    shape = (plan.n_node, plan.n_node)
    reads = scipy.sparse.csr_array((ones, (reader, source)), shape=shape)
    column = np.arange(genes.size)
    shape = (plan.n_node, genes.size)
    direct = scipy.sparse.csr_array((np.ones_like(genes), (genes, column)), shape=shape)
    reach = direct
    for _ in plan.levels[1:]:
        reach = direct + reads @ reach
        reach.data[:] = 1
    size = np.asarray(reach.sum(axis=1)).ravel()
    kept = (size >= min_size) & (size <= max_size)
    kept[genes] = False
    label = plan.node_name if plan.node_label is None else plan.node_label
    return Terms(plan.node_name[kept], label[kept], plan.node_name[genes], reach[kept])


def enrichment_table(
    terms: Terms,
    genes: pd.DataFrame,
    evidence: pd.DataFrame,
    measured: tuple[OmicsTable, ...] = (),
) -> pd.DataFrame:
    """Return `enrichment.csv`: every term, by each method, for every target.

    Parameters
    ----------
    terms
        Of the network.
    genes
        `genes.csv`: where the genes lie.
    evidence
        `evidence.csv`: sensitivity and p of the network, p of GWAS and TWAS.
    measured
        Omics of the TWAS. Genes of one term are often regulated together, wherever
        they lie; their TWAS values then go together by chance as well, which widens
        the null (`regulation`).

    Returns
    -------
    DataFrame
        `score` is the mean normal score of the term's genes in sds of its null, `p`
        one-sided, `q` over the terms of a method and target, `genes` the highest of
        the term. Smallest p first. A method with fewer than 20 genes is left out.

        `network` ranks genes by its p on lines left out, `sensitivity` by what the
        predictions depend on. The latter has a score and no p: the genes of a term
        share its weight, so that their sensitivities go together in any network,
        that of shuffled labels included.
    """
    frames = []
    targets = evidence[["trait", "environment"]].drop_duplicates()
    for trait, environment in targets.astype(str).itertuples(index=False, name=None):
        of_target = evidence[
            (evidence["trait"] == trait) & (evidence["environment"] == environment)
        ]
        place = genes[(genes["trait"] == trait) & (genes["environment"] == environment)]
        ring = place.sort_values(["contig", "position"], kind="stable")["gene"]
        values = of_target.drop_duplicates("gene").set_index("gene").reindex(ring)
        for method, value in _values(values).items():
            omics = measured if method == "twas" else ()
            tests = _method_table(terms, ring.to_numpy(), value, omics)
            if method == UNTESTED:
                tests = tests.assign(p=np.nan, q=np.nan)
            if not tests.empty:
                named = {"method": method, "trait": trait, "environment": environment}
                frames.append(tests.assign(**named))
    if not frames:
        return pd.DataFrame(columns=list(ENRICHMENT_COLUMNS))
    table = pd.concat(frames, ignore_index=True)[list(ENRICHMENT_COLUMNS)]
    return table.sort_values(["p", "term"], kind="stable", ignore_index=True)


def _values(evidence: pd.DataFrame) -> Mapping[str, FloatArray]:
    """Return what each method ranks genes by, larger is more; NaN unknown."""
    tiny = np.finfo(float).tiny
    values = {
        method: -np.log10(np.maximum(evidence[f"{method}_p"].to_numpy(float), tiny))
        for method in ("network", "gwas", "twas")
    }
    return values | {UNTESTED: evidence["sensitivity"].to_numpy(float)}


def _method_table(
    terms: Terms, ring: np.ndarray, value: FloatArray, omics: tuple[OmicsTable, ...]
) -> pd.DataFrame:
    known = np.flatnonzero(~np.isnan(value))
    column = pd.Index(terms.gene).get_indexer(pd.Index(ring[known]))
    known, column = known[column >= 0], column[column >= 0]
    columns = ["term", "label", "n_genes", "score", "p", "q", "genes"]
    member = terms.member[:, column].toarray()
    tested = np.flatnonzero(
        (member.sum(axis=1) > 0) & (member.sum(axis=1) < known.size)
    )
    flat = known.size == 0 or np.ptp(value[known]) == 0
    if flat or known.size < MIN_GENES or tested.size == 0:
        return pd.DataFrame(columns=columns)
    member = member[tested]
    wider = regulation(member, _measured(ring[known], omics))
    score, p = ring_enrichment(value[known], member, wider)
    best = np.argsort(-value[known], kind="stable")
    named = [
        ";".join(ring[known[best[row[best] > 0][:NAMED]]].astype(str)) for row in member
    ]
    return pd.DataFrame(
        {
            "term": terms.term[tested],
            "label": terms.label[tested],
            "n_genes": member.sum(axis=1).astype(int),
            "score": score,
            "p": p,
            "q": benjamini_hochberg(p),
            "genes": named,
        }
    )


def _measured(genes: np.ndarray, omics: tuple[OmicsTable, ...]) -> FloatArray | None:
    """Return the values of the genes in the table that measures most of them."""
    best: FloatArray | None = None
    most = 0
    for table in omics:
        # of a node measured by several features the first one counts
        first = np.flatnonzero(~pd.Index(table.node_name).duplicated())
        gene_place = pd.Index(table.node_name[first]).get_indexer(pd.Index(genes))
        column = np.where(gene_place >= 0, first[gene_place], -1)
        if (column >= 0).sum() > most:
            most = int((column >= 0).sum())
            best = np.where(column >= 0, table.value[:, column], np.nan)
    return best


def regulation(
    member: np.ndarray,  # (n_set, n_gene) 0/1
    value: FloatArray | None,  # (n_sample, n_gene) NaN missing
) -> FloatArray:  # (n_set,) at least 1
    """Return how much wider the null of a set's mean is than for unrelated genes.

    The variance of a mean of m values whose strengths have mean correlation c is
    1 + (m - 1) c times that of independent values. Strengths of association of two
    genes correlate as the square of the genes' own correlation; what pairs of
    unrelated columns show by chance is taken off.

    References
    ----------
    Wu & Smyth 2012, Nucleic Acids Res 40:e133 (CAMERA, variance inflation factor).
    """
    if value is None:
        return np.ones(member.shape[0])
    known = ~np.isnan(value)
    centre = np.where(known, value, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, value - centre, 0.0)
    norm = np.sqrt((centred**2).sum(axis=0))
    unit = centred / np.where(norm > 0, norm, 1.0)
    chance = 1.0 / max(value.shape[0] - 1, 1)
    factor = np.ones(member.shape[0])
    for row, genes in enumerate(member):
        members = unit[:, genes > 0]
        m = int((norm[genes > 0] > 0).sum())
        if m < 2:
            continue
        gram = (
            members @ members.T
            if members.shape[1] > members.shape[0]
            else members.T @ members
        )
        shared = ((gram**2).sum() - m) / (m * (m - 1)) - chance
        factor[row] = 1.0 + (m - 1) * max(shared, 0.0)
    return factor


def ring_enrichment(
    value: FloatArray,  # (n_gene,) in the order of the genome
    member: np.ndarray,  # (n_set, n_gene) 0/1
    wider: FloatArray | None = None,  # (n_set,)
) -> tuple[FloatArray, FloatArray]:  # each (n_set,)
    """Test sets for large values against all turns of the values around the genome.

    The statistic is the mean normal score (rank-based) of a set's genes. p is the
    share of turns that are as good where ten or more are, and the tail of a Pearson
    type III distribution with mean, variance and skewness of all turns elsewhere.

    Parameters
    ----------
    value
        Larger is more important; contigs one after the other.
    member
        Genes of each set.
    wider
        Variance of a set's null over that of the turns, where genes go together for
        other reasons than their place; p is then that of the tail.

    Returns
    -------
    tuple
        Score in sds of the null, and one-sided p.

    References
    ----------
    Cabrera et al. 2012, G3 2:1067 (genomic permutation on a ring); Mielke & Berry
    2007, Permutation Methods (Pearson type III by exact moments).
    """
    per_block = max(1, _BLOCK // value.size)
    parts = [
        _ring_block(value, member[start : start + per_block])
        for start in range(0, member.shape[0], per_block)
    ]
    score, p, skew = (np.concatenate(part) for part in zip(*parts, strict=True))
    if wider is None:
        return score, p
    score = score / np.sqrt(wider)
    tail = scipy.stats.pearson3.sf(score, skew)
    return score, np.where(wider > 1, np.maximum(tail, p), p)


def _ring_block(
    value: FloatArray, member: np.ndarray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    n = value.size
    rank = scipy.stats.rankdata(value)
    normal = scipy.stats.norm.ppf((rank - 0.5) / n)
    spectrum = np.fft.rfft(normal)
    turned = np.fft.irfft(np.conj(np.fft.rfft(member, axis=1)) * spectrum, n, axis=1)
    centred = turned - turned.mean(axis=1, keepdims=True)  # (n_set, n_gene)
    sd = centred.std(axis=1)
    flat = sd <= _TIE
    z = centred / np.where(flat, 1.0, sd)[:, None]
    skew = (z**3).mean(axis=1)
    as_good = (z >= z[:, [0]] - _TIE).sum(axis=1)  # the true place counts
    share = as_good / n
    skew = np.where(flat, 0.0, skew)
    tail = scipy.stats.pearson3.sf(z[:, 0], skew)
    p = np.where(as_good >= _ENOUGH, share, np.minimum(tail, share))
    return np.where(flat, 0.0, z[:, 0]), np.where(flat, 1.0, p), skew
