import torch

from meristem.expression.heads.losses import within_gene_loss


def naive(value, predicted, pairwise):
    n = len(value)
    first = sum(float((v - p) ** 2) for v, p in zip(value, predicted, strict=True)) / n
    pairs = [
        float(((value[i] - value[j]) - (predicted[i] - predicted[j])) ** 2)
        for i in range(n)
        for j in range(i)
    ]
    return (1 - pairwise) * first + pairwise * sum(pairs) / len(pairs)


def test_equals_the_mean_over_all_pairs_of_the_rows_that_count() -> None:
    generator = torch.Generator().manual_seed(1)
    value, predicted = torch.randn(2, 3, 7, generator=generator).double()
    weight = torch.ones(3, 7).double()
    weight[1, 5:] = 0
    for pairwise in (0.0, 0.3, 1.0):
        found = within_gene_loss(value, predicted, weight, pairwise)
        for gene, n in enumerate([7, 5, 7]):
            expected = naive(value[gene, :n], predicted[gene, :n], pairwise)
            assert abs(float(found[gene]) - expected) < 1e-9


def test_swapping_two_lines_turns_the_gradient_of_pairs() -> None:
    predicted = torch.zeros(1, 2, requires_grad=True)
    weight = torch.ones(1, 2)
    for value, sign in (([1.0, -1.0], -1), ([-1.0, 1.0], 1)):
        loss = within_gene_loss(torch.tensor([value]), predicted, weight, 1.0).sum()
        (gradient,) = torch.autograd.grad(loss, predicted)
        assert float(gradient[0, 0]) * sign > 0
        assert gradient.sum().item() == 0  # the level does not matter
