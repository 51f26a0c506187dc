"""eQTL scan of 300 lines x 20,000 variants x 5,000 genes: time, memory, exactness.

The goal is two minutes on two cores. A sample of genes is tested again one gene and
one variant at a time, by generalised least squares with the inverse of V.

    python benchmarks/speed/eqtl.py --json eqtl.json
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import time
from pathlib import Path

import numpy as np
import scipy.optimize
import scipy.stats
from threadpoolctl import threadpool_limits

from meristem.config.models import LearnOptions
from meristem.genetics.relationship import relationship_matrix
from meristem.plan.learned.cis import cis_pairs
from meristem.plan.learned.eqtl import scan_eqtl
from meristem.records import GeneTable, Genotypes, VariantTable

GOAL_S = 120
SPACING = 10_000
BEST = 20


def panel(n, p, n_gene, seed=1):
    """Return lines of four groups and genes with three cis and one trans variant."""
    rng = np.random.default_rng(seed)
    frequency = np.clip(
        rng.uniform(0.1, 0.9, p) + rng.normal(0, 0.15, (4, p)), 0.05, 0.95
    )
    dosage = rng.binomial(2, frequency[np.arange(n) % 4]).astype(np.int8)
    centre = (np.arange(n_gene) * p) // n_gene
    cis = np.clip(centre[:, None] + rng.integers(-10, 10, (n_gene, 3)), 0, p - 1)
    trans = rng.integers(0, p, n_gene)
    value = np.empty((n, n_gene))
    for gene in range(n_gene):
        chosen = [*cis[gene], trans[gene]]
        z = dosage[:, chosen].astype(float)
        genetic = (z - z.mean(axis=0)) @ rng.normal(0, 0.6, 4)
        value[:, gene] = genetic + rng.normal(size=n)
    name = np.array([f"v{k}" for k in range(p)])
    allele = np.full(p, "A")
    position = (np.arange(p) + 1) * SPACING
    table = VariantTable(name, np.full(p, "1"), position, allele, allele)
    lines = Genotypes(np.array([f"l{k}" for k in range(n)]), table, dosage)
    gene_id = np.array([f"g{k}" for k in range(n_gene)])
    genes = GeneTable(
        gene_id,
        np.full(n_gene, "1"),
        centre * SPACING,
        centre * SPACING + 2000,
        np.full(n_gene, "+"),
    )
    return lines, value, genes


def one_gene(dosage, y, kernel):
    """Return t of every variant for one gene: REML, then GLS with V inverted."""
    n = y.size
    eye, ones = np.eye(n), np.ones(n)

    def loss(h2):
        inverse = np.linalg.inv(h2 * kernel + (1 - h2) * eye)
        xvx = ones @ inverse @ ones
        residual = y - (ones @ inverse @ y) / xvx
        log_det = -np.linalg.slogdet(inverse)[1] + np.log(xvx)
        return (n - 1) * np.log(residual @ inverse @ residual) + log_det

    grid = np.linspace(0, 0.99, 34)
    start = grid[np.argmin([loss(h2) for h2 in grid])]
    bounds = (max(start - 0.03, 0.0), min(start + 0.03, 1 - 1e-6))
    h2 = scipy.optimize.minimize_scalar(
        loss, bounds=bounds, method="bounded", options={"xatol": 1e-8}
    ).x
    inverse = np.linalg.inv(h2 * kernel + (1 - h2) * eye)
    p_values = np.empty(dosage.shape[1])
    for k in range(dosage.shape[1]):
        x = np.column_stack([ones, dosage[:, k]])
        covariance = np.linalg.inv(x.T @ inverse @ x)
        beta = covariance @ (x.T @ (inverse @ y))
        residual = y - x @ beta
        se = np.sqrt(covariance[1, 1] * (residual @ inverse @ residual) / (n - 2))
        p_values[k] = 2 * scipy.stats.t.sf(abs(beta[1]) / se, n - 2)
    return p_values, h2


def check(lines, value, found, n_check):
    """Compare some genes with the reference; return the worst differences."""
    dosage = lines.call_dosage.astype(float)
    kernel = relationship_matrix(lines.call_dosage)
    worst_p = worst_h2 = seconds = 0.0
    shared = 0
    for gene in np.linspace(0, value.shape[1] - 1, n_check).astype(int):
        start = time.process_time()
        p_values, h2 = one_gene(dosage, value[:, gene], kernel)
        seconds += time.process_time() - start
        here = found.feature == gene
        variant = found.variant[here]
        shared += np.isin(np.argsort(p_values)[:BEST], variant).sum()
        difference = np.log10(found.p[here]) - np.log10(p_values[variant])
        worst_p = max(worst_p, float(np.abs(difference).max()))
        worst_h2 = max(worst_h2, abs(float(found.h2[gene] - h2)))
    return {
        "genes_checked": n_check,
        "share_of_the_best_found": shared / (n_check * BEST),
        "worst_difference_of_log10_p": worst_p,
        "worst_difference_of_h2": worst_h2,
        "reference_s_per_gene": seconds / n_check,
    }


def scan(lines, value, genes, threads, options):
    window = options.cis_window_bp
    with threadpool_limits(limits=threads):
        start, cpu = time.perf_counter(), time.process_time()
        pairs, _ = cis_pairs(genes.gene_id, lines.variants, window, genes=genes)
        found = scan_eqtl(lines, value, options, pairs)
        wall = time.perf_counter() - start
        return found, wall, time.process_time() - cpu


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--lines", type=int, default=300)
    parser.add_argument("--variants", type=int, default=20_000)
    parser.add_argument("--genes", type=int, default=5_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--check", type=int, default=3, help="genes tested again")
    chosen = parser.parse_args()
    lines, value, genes = panel(chosen.lines, chosen.variants, chosen.genes)
    row = {"lines": chosen.lines, "variants": chosen.variants, "genes": chosen.genes}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    whole = LearnOptions(variants_per_gene=BEST, cis_window_bp=100_000)
    cis = whole.model_copy(update={"trans": False})
    found, row["wall_s"], row["cpu_s"] = scan(
        lines, value, genes, chosen.threads, whole
    )
    row["peak_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    row["peak_gb_before"] = before
    _, row["cis_wall_s"], row["cis_cpu_s"] = scan(
        lines, value, genes, chosen.threads, cis
    )
    row |= {"threads": chosen.threads, "goal_s": GOAL_S}
    row["met"] = row["wall_s"] <= GOAL_S
    with threadpool_limits(limits=1):
        row |= check(lines, value, found, chosen.check)
    row |= {"python": platform.python_version(), "numpy": np.__version__}
    print(json.dumps(row, indent=1))
    if chosen.json:
        chosen.json.write_text(json.dumps(row, indent=1) + "\n")


if __name__ == "__main__":
    main()
