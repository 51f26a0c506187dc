"""How probable it is that a variant, and not its neighbour in linkage, is causal."""

from __future__ import annotations

import numpy as np

from meristem.records import FloatArray

LINKED = 0.1
"""Variants whose squared correlation is above compete for one cause."""


def causal_probabilities(
    beta: FloatArray,  # (n_variant,) effect of one copy in a scan; NaN: did not vary
    se: FloatArray,  # (n_variant,)
    dosage: FloatArray,  # (n_line, n_variant) none missing
    *,
    prior: float,
    effect_sd: float,
) -> FloatArray:  # (n_variant,)
    """Return the posterior probability of each variant to be the cause of its signal.

    At most one variant of those linked to each is causal; the evidence for each is
    Wakefield's approximate Bayes factor.

    Parameters
    ----------
    beta, se
        Of a scan with a mixed model.
    dosage
        Of the lines, for the linkage.
    prior
        Probability of a variant to be causal before the data, in (0, 1).
    effect_sd
        Standard deviation of causal effects beforehand, per copy.

    References
    ----------
    Wakefield 2009, Genet Epidemiol 33:79 (Bayes factors from estimates); Maller et
    al. 2012, Nat Genet 44:1294 (one cause per region).

    Examples
    --------
    >>> x = np.array([[0, 2, 0], [2, 0, 0], [2, 0, 2], [0, 2, 2.0]])
    >>> z = np.array([5.0, 5.0, 0.1])
    >>> p = causal_probabilities(z, np.ones(3), x, prior=0.01, effect_sd=3.0)
    >>> (p.round(2) + 0.0).tolist()
    [0.5, 0.5, 0.0]
    """
    known = np.isfinite(beta) & (se > 0)
    variance = np.where(known, se, 1.0) ** 2
    shrink = effect_sd**2 / (effect_sd**2 + variance)
    z2 = np.where(known, np.nan_to_num(beta), 0.0) ** 2 / variance
    log_factor = np.where(known, np.log1p(-shrink) / 2 + z2 * shrink / 2, -np.inf)
    odds = np.log(prior) - np.log1p(-prior) + log_factor
    top = max(float(odds.max(initial=0.0)), 0.0)
    weight = np.exp(odds - top)
    total = np.full(beta.size, np.exp(-top))
    centred = dosage - dosage.mean(axis=0)
    size = np.sqrt((centred**2).sum(axis=0))
    centred /= np.where(size > 0, size, 1.0)
    for start in range(0, beta.size, 512):
        part = slice(start, start + 512)
        linked = (centred[:, part].T @ centred) ** 2 > LINKED
        linked[np.arange(linked.shape[0]), start + np.arange(linked.shape[0])] = True
        total[part] += linked @ weight
    return weight / total
