"""The strongest single marker near a gene: top cis eQTL."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meristem.expression.cis.protocol import FittedGenes, TrainingLines


@dataclass(frozen=True)
class TopMarker:
    """Least squares on the marker near the gene that correlates most, either way."""

    def fit(self, lines: TrainingLines) -> FittedGenes:
        """Learn every gene; one without varying markers gets its mean.

        Examples
        --------
        >>> from meristem.mixed.groups import gather
        >>> x = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
        >>> lines = TrainingLines(x, 3 * x[:, [1]], gather(["g"], [np.arange(2)]),
        ...     (), None, ())
        >>> TopMarker().fit(lines).cis_weight.tolist()
        [0.0, 3.0]
        """
        mean = lines.expression.mean(axis=0)
        weight = np.zeros(lines.cis.member.size)
        for gene in range(lines.cis.n_group):
            start = lines.cis.start[gene]
            x = lines.markers[:, lines.cis.of(gene)]
            if x.shape[1] == 0:
                continue
            size = (x**2).sum(axis=0)
            slope = x.T @ (lines.expression[:, gene] - mean[gene])
            slope = slope / np.where(size > 1e-12, size, np.inf)
            best = int(np.argmax(slope**2 * size))
            weight[start + best] = slope[best]
        return FittedGenes("cis_top", mean, lines.cis, weight)
