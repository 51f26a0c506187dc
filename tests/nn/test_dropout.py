import torch

from meristem.nn.dropout import SeededDropout


def _layer(p: float = 0.25, seed: int = 3) -> SeededDropout:
    return SeededDropout(p, torch.Generator().manual_seed(seed))


def test_masks_follow_the_generator_alone() -> None:
    torch.manual_seed(1)
    one = _layer()(torch.ones(50, 3))
    torch.manual_seed(2)
    assert torch.equal(one, _layer()(torch.ones(50, 3)))
    assert not torch.equal(one, _layer(seed=4)(torch.ones(50, 3)))


def test_the_mean_is_kept_and_evaluation_changes_nothing() -> None:
    x = torch.ones(200, 100)
    layer = _layer()
    dropped = layer(x)
    assert abs(float(dropped.mean()) - 1) < 0.02
    assert abs(float((dropped == 0).double().mean()) - 0.25) < 0.02
    assert torch.equal(layer.eval()(x), x)
    assert torch.equal(_layer(p=0.0)(x), x)
