"""The models of expression by name: what each reads, and how it is made."""

from __future__ import annotations

from dataclasses import dataclass

from meristem.config.expression.training import ExpressionModel
from meristem.expression.cis.elastic_net import CisElasticNet
from meristem.expression.cis.mixed import GenomicBlup, MixedGenes, PublishedScore
from meristem.expression.cis.protocol import GeneModel
from meristem.expression.cis.single import TopMarker


@dataclass(frozen=True)
class Entry:
    """One model of the catalogue."""

    model: GeneModel
    label: str
    features: bool = False  # reads embedded haplotypes


CATALOG: dict[ExpressionModel, Entry] = {
    "cis_top": Entry(TopMarker(), "top cis marker"),
    "cis_elastic_net": Entry(CisElasticNet(), "cis elastic net"),
    "cis_ridge": Entry(MixedGenes("cis_ridge", ("cis",), "none"), "cis ridge"),
    "gblup": Entry(GenomicBlup(), "GBLUP, all markers"),
    "hotspots": Entry(MixedGenes("hotspots", (), "hotspots"), "hotspots"),
    "cis_polygenic": Entry(
        MixedGenes("cis_polygenic", ("cis",), "hotspots", single=True),
        "cis + polygenic",
    ),
    "published": Entry(PublishedScore(), "published weights"),
    "cis_polygenic_published": Entry(
        MixedGenes(
            "cis_polygenic_published", ("cis", "published"), "hotspots", single=True
        ),
        "cis + polygenic + published",
    ),
    "features": Entry(
        MixedGenes("features", ("features",), "none"), "embedding ridge", features=True
    ),
    "cis_features_polygenic": Entry(
        MixedGenes(
            "cis_features_polygenic", ("cis", "features"), "hotspots", single=True
        ),
        "cis + embedding + polygenic",
        features=True,
    ),
}
