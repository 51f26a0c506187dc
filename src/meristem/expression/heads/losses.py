"""Losses within a gene: squared errors, and signed differences between lines."""

from __future__ import annotations

from torch import Tensor


def within_gene_loss(
    value: Tensor,  # (n_gene, n_line)
    predicted: Tensor,  # (n_gene, n_line)
    weight: Tensor,  # (n_gene, n_line) 1 counts, 0 not
    pairwise: float,
) -> Tensor:  # (n_gene,)
    """Return (1 - a) mean (y - f)^2 + a mean_{i<j} ((y_i - y_j) - (f_i - f_j))^2.

    The second term is twice the sample variance of the residuals: it does not see the
    level of the gene, and keeps the sign of differences, which absolute ones lose.

    References
    ----------
    Drusinsky, Whalen & Pollard 2026, Genome Biol, doi:10.1186/s13059-025-03926-7.
    """
    count = weight.sum(dim=1).clamp(min=2)
    residual = (value - predicted) * weight
    mean = residual.sum(dim=1) / count
    squares = (residual**2).sum(dim=1)
    spread = (squares - count * mean**2) / (count - 1)
    return (1 - pairwise) * squares / count + pairwise * 2 * spread
