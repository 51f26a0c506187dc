"""Mixed models of every gene: own variants, features, published scores, polygenic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from meristem.expression.cis.markers import (
    choose_power,
    marker_shares,
    weighted_kernel,
)
from meristem.expression.cis.protocol import FittedGenes, TrainingLines
from meristem.expression.cis.shares import (
    GeneShares,
    SharedKernel,
    fit_shares,
    share_grid,
    share_kernel,
)
from meristem.models.omics.expression import feature_duals
from meristem.records import FloatArray

Part = Literal["cis", "features", "published"]


@dataclass(frozen=True)
class MixedGenes:
    """Variance components of all genes jointly, averaged over their shares.

    With `kernel = "none"` the model is a ridge on the parts alone; without parts, the
    kernel alone. `hotspots` weighs markers by what they explain over all genes, by the
    power that predicts inner lines best, 0 (ordinary) among the candidates.
    """

    kind: str
    parts: tuple[Part, ...] = ("cis",)
    kernel: Literal["none", "even", "hotspots"] = "hotspots"
    single: bool = False  # average in models of one variant near the gene

    def fit(self, lines: TrainingLines) -> FittedGenes:
        """Learn every gene.

        Raises
        ------
        DataError
            If no variant varies.
        """
        n, n_gene = lines.expression.shape
        notes: list[tuple[str, float]] = []
        kernel, shared = None, share_kernel(None, n)
        if self.kernel != "none":
            share, power = None, 0.0
            if self.kernel == "hotspots":
                power, _ = choose_power(lines.markers, lines.expression, lines.inner)
                share = marker_shares(lines.markers, lines.expression)
                notes.append(("power of marker weights", power))
            kernel = weighted_kernel(lines.markers, share, power)
            shared = share_kernel(kernel.gram(lines.markers, lines.markers))
        slope, left = 0.0, lines.expression
        if "published" in self.parts and lines.published is not None:
            slope = common_slope(lines.published, lines.expression)
            notes.append(("slope on published scores", slope))
            left = lines.expression - slope * lines.published
        names = self._present(lines)
        fits = self._fits(shared, lines, left, names)
        weights = {
            name: [fit.weight[k] for fit in fits] for k, name in enumerate(names)
        }
        return FittedGenes(
            self.kind,
            lines.expression.mean(axis=0),
            lines.cis,
            _joined(weights.get("cis"), lines),
            kernel,
            None if kernel is None else np.column_stack([fit.dual for fit in fits]),
            None if kernel is None else lines.markers,
            **_feature_fields(weights.get("features"), lines),
            **_published_fields(weights.get("published"), lines, slope),
            cis_share=_own_share(fits, names),
            polygenic_share=np.array([fit.polygenic for fit in fits]),
            notes=tuple(notes),
        )

    def _present(self, lines: TrainingLines) -> list[Part]:
        absent = {"features": not lines.features, "published": lines.published is None}
        return [name for name in self.parts if not absent.get(name, False)]

    def _fits(
        self,
        shared: SharedKernel,
        lines: TrainingLines,
        left: FloatArray,
        names: list[Part],
    ) -> list[GeneShares]:
        def columns(name: Part, gene: int) -> FloatArray:
            if name == "cis":
                return lines.markers[:, lines.cis.of(gene)]
            if name == "features":
                own = lines.features[gene]
                return np.where(np.isnan(own), np.nanmean(own, axis=0), own)
            assert lines.published is not None
            return lines.published[:, [gene]]

        sets = [[columns(name, g) for name in names] for g in range(left.shape[1])]
        grid = share_grid(len(names), polygenic=self.kernel != "none")
        single = self.single and names[:1] == ["cis"]
        return fit_shares(shared, left, sets, grid, single=single)


@dataclass(frozen=True)
class GenomicBlup:
    """BLUP of every gene on VanRaden's kernel, variance components by REML."""

    def fit(self, lines: TrainingLines) -> FittedGenes:
        """Learn every gene.

        Raises
        ------
        DataError
            If no variant varies.
        """
        kernel = weighted_kernel(lines.markers)
        mean = lines.expression.mean(axis=0)
        gram = kernel.gram(lines.markers, lines.markers)
        dual = feature_duals(gram, lines.expression - mean)
        none = np.zeros(lines.cis.member.size)
        return FittedGenes("gblup", mean, lines.cis, none, kernel, dual, lines.markers)


@dataclass(frozen=True)
class PublishedScore:
    """Weights of another study as they are, with one slope for all genes."""

    def fit(self, lines: TrainingLines) -> FittedGenes:
        """Learn means and the slope; genes without weights keep their mean."""
        assert lines.published is not None
        slope = common_slope(lines.published, lines.expression)
        weight = np.full(lines.expression.shape[1], slope)
        return FittedGenes(
            "published",
            lines.expression.mean(axis=0),
            lines.cis,
            np.zeros(lines.cis.member.size),
            published_mean=lines.published.mean(axis=0),
            published_weight=weight,
            notes=(("slope on published scores", slope),),
        )


def common_slope(
    score: FloatArray,  # (n, n_gene)
    expression: FloatArray,  # (n, n_gene)
) -> float:
    """Return one least-squares slope of all genes on their scores, never negative."""
    centred = score - score.mean(axis=0)
    size = float((centred**2).sum())
    return max(float((centred * expression).sum()) / size, 0.0) if size > 0 else 0.0


def _joined(own: list[FloatArray] | None, lines: TrainingLines) -> FloatArray:
    if own is None:
        return np.zeros(lines.cis.member.size)
    return np.concatenate([np.zeros(0), *own])


def _feature_fields(
    own: list[FloatArray] | None, lines: TrainingLines
) -> dict[str, Any]:
    if own is None:
        return {}
    mean = tuple(np.nanmean(f, axis=0) for f in lines.features)
    return {"feature_mean": mean, "feature_weight": tuple(own)}


def _published_fields(
    own: list[FloatArray] | None, lines: TrainingLines, slope: float
) -> dict[str, Any]:
    if own is None or lines.published is None:
        return {}
    return {
        "published_mean": lines.published.mean(axis=0),
        "published_weight": np.array([slope + float(w[0]) for w in own]),
    }


def _own_share(fits: list[GeneShares], names: list[Part]) -> FloatArray | None:
    kept = [k for k, name in enumerate(names) if name != "published"]
    if not kept:
        return None
    return np.array([float(fit.own[kept].sum()) for fit in fits])
