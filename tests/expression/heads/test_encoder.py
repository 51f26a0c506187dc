import numpy as np
import torch

from meristem.config.expression.heads import TransformerOptions
from meristem.expression.heads.encoder import HaplotypeEncoder, distance_code

POSITIONS = np.array([-300.0, -100.0, -5.0, 40.0])


def network(**options):
    torch.manual_seed(1)
    made = TransformerOptions(width=8, heads=2, layers=1, **options)
    return HaplotypeEncoder(5, POSITIONS, 3, made).eval()


def test_the_reference_has_no_effect_and_bins_are_told_apart() -> None:
    net = network()
    x = torch.zeros(3, 4, 5)
    x[1, 0, 2] = x[2, 3, 2] = 1.0
    latent = net.latent(x)
    assert latent[0].abs().max() == 0
    assert not torch.allclose(latent[1], latent[2])
    gene = torch.full((3,), 3)
    assert net.effect(latent, gene)[0].item() == 0


def test_the_gene_embedding_changes_the_effect_of_its_gene_alone() -> None:
    net = network()
    latent = net.latent(
        torch.randn(1, 4, 5, generator=torch.Generator().manual_seed(2))
    )
    before = [net.effect(latent, torch.tensor([g])).item() for g in (0, 1, 3)]
    with torch.no_grad():
        net.gene.weight[0] += 1.0
    after = [net.effect(latent, torch.tensor([g])).item() for g in (0, 1, 3)]
    assert before[0] != after[0]
    assert before[1:] == after[1:]


def test_distances_near_the_start_are_told_apart_more_than_far_ones() -> None:
    code = distance_code(np.array([-10.0, -30.0, -1000.0, -1020.0]))
    apart = np.linalg.norm(np.diff(code, axis=0), axis=1)
    assert apart[0] > 5 * apart[2]
