"""A fitted BINN around a network that nobody trained."""

from __future__ import annotations

import numpy as np

from meristem.models.binn.alignment import LatentScale
from meristem.models.binn.fitted import FittedBINN
from meristem.models.networks.members import TargetScale
from meristem.models.polygenic import no_polygenic
from meristem.nn.dag import PlanNetwork
from meristem.prepare.scale import fit_scale
from meristem.records import Genotypes, NetworkPlan


def untrained(
    network: PlanNetwork, plan: NetworkPlan, genotypes: Genotypes
) -> FittedBINN:
    """Return a model of two traits, of which the network has a half and all."""
    markers = fit_scale(genotypes.call_dosage)
    shape = network.members, network.n_node
    return FittedBINN(
        plan=plan,
        network=network,
        markers=markers,
        targets=TargetScale(np.zeros(2), np.array([2.0, 10.0])),
        limits=np.array([[-np.inf] * 2, [np.inf] * 2]),
        polygenic=no_polygenic(markers, 2),
        share=np.array([0.5, 1.0]),
        latent_scale=LatentScale(np.zeros(shape), np.ones(shape)),
        trait_name=np.array(["yield", "height"]),
        environment_name=np.array(["", ""]),
        meta={},
    )
