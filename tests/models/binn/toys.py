"""Toy problems of the BINN, and networks that nobody trained."""

from __future__ import annotations

import numpy as np
import torch
from tests.toys import dataset, network_plan

from meristem.models.binn.alignment import LatentScale
from meristem.models.binn.fitted import FittedBINN
from meristem.models.networks.members import TargetScale
from meristem.models.polygenic import no_polygenic
from meristem.nn.dag import NodeShape, PlanNetwork
from meristem.prepare.scale import fit_scale
from meristem.records import Genotypes, NetworkPlan, OmicsTable


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


def make_network(
    plan: NetworkPlan, *, hidden=(5,), members=2, activation="tanh"
) -> PlanNetwork:
    """Return a network whose weights bend: twice those it starts with."""
    shape = NodeShape(hidden, (3,), 1, activation)
    generator = torch.Generator().manual_seed(3)
    network = PlanNetwork(plan, shape, n_target=2, members=members, generator=generator)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(2)
    return network.double().eval()


def inputs(network, n_sample=7) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    size = (network.used_variant.size, n_sample)
    return torch.randn(size, generator=generator, dtype=torch.float64)


def toy_plan(p=12):
    """Genes g1, g2, g3 with 3 variants each; top reads all; traits read g3
    and top; 9.. are unclaimed."""
    return network_plan(
        {"g1": (0, 1, 2), "g2": (3, 4, 5), "g3": (6, 7, 8)},
        {"top": ("g1", "g2", "g3")},
        variants=p,
        heads=("g3", "top"),
    )


def toy_data(n=90, p=12, seed=0, noise=0.2, labels=True):
    """Trait = (g1 + 1) (g2 + 1) + g3 + an unclaimed variant; second trait = g3."""
    rng = np.random.default_rng(seed)
    dosage = rng.integers(0, 3, (n, p)).astype(np.int8)
    effect = np.array([1.0, 0.8, 0.6])
    genes = np.stack([(dosage[:, 3 * i : 3 * i + 3] - 1) @ effect for i in range(3)], 1)
    trait = (genes[:, 0] + 1) * (genes[:, 1] + 1) + genes[:, 2] + 0.5 * dosage[:, 10]
    value = np.stack([trait, genes[:, 2]], 1) + noise * rng.normal(size=(n, 2))
    ids = np.array([f"s{i:03d}" for i in range(n)])
    omics = OmicsTable(
        "expression",
        ids,
        np.array(["f1", "f2", "other"]),
        np.array(["g1", "g2", "unknown"]),
        np.concatenate([genes[:, :2], rng.normal(size=(n, 1))], axis=1),
    )
    tables = (omics,) if labels else ()
    return dataset(dosage, value, ids, ["y", "z"], ["", "dry"], omics=tables)
