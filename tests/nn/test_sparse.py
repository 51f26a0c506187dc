"""Edge products against a dense matrix with the same entries."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from meristem.nn import sparse
from meristem.nn.sparse import (
    EdgeProduct,
    edge_product,
    edge_structure,
    expand_edges,
    index_add_product,
)


def _edges(rng, n_out, n_in, n_edge):
    flat = rng.choice(n_out * n_in, n_edge, replace=False)
    return flat // n_in, flat % n_in


def _dense(edges, v):
    matrix = torch.zeros(edges.n_out, edges.n_in, dtype=v.dtype)
    return matrix.index_put((edges.row, edges.col), v)


@pytest.mark.parametrize(
    ("n_out", "n_in", "n_edge"), [(7, 11, 25), (13, 5, 1), (4, 9, 36)]
)
@pytest.mark.parametrize("product", [edge_product, index_add_product])
def test_values_and_gradients_equal_the_dense_twin(product, n_out, n_in, n_edge):
    rng = np.random.default_rng(n_edge)
    edges = edge_structure(*_edges(rng, n_out, n_in, n_edge), n_out, n_in)
    x = torch.randn(n_in, 6, requires_grad=True)
    v = torch.randn(n_edge, requires_grad=True)
    g = torch.randn(n_out, 6)
    found = product(x, v, edges)
    got = torch.autograd.grad(found, (x, v), g)
    expected = _dense(edges, v) @ x
    wanted = torch.autograd.grad(expected, (x, v), g)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-6)
    for one, other in zip(got, wanted, strict=True):
        torch.testing.assert_close(one, other, atol=2e-6, rtol=1e-5)


def test_gradcheck_in_double():
    rng = np.random.default_rng(3)
    edges = edge_structure(*_edges(rng, 5, 8, 17), 5, 8)
    x = torch.randn(8, 3, dtype=torch.float64, requires_grad=True)
    v = torch.randn(17, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda a, b: edge_product(a, b, edges), (x, v))


def test_twice_differentiable_on_request():
    rng = np.random.default_rng(4)
    edges = edge_structure(*_edges(rng, 3, 4, 6), 3, 4)
    x = torch.randn(4, 2, dtype=torch.float64, requires_grad=True)
    v = torch.randn(6, dtype=torch.float64, requires_grad=True)

    def twice(a, b):
        return edge_product(a, b, edges, twice=True)

    assert torch.autograd.gradgradcheck(twice, (x, v))


def test_input_gradient_is_not_computed_for_genotypes(monkeypatch):
    edges = edge_structure(np.array([0, 1]), np.array([2, 0]), 2, 3)
    v = torch.ones(2, requires_grad=True)
    seen = []
    original = EdgeProduct.backward

    def spy(ctx, *grad):
        result = original(ctx, *grad)
        seen.append(result[0])
        return result

    monkeypatch.setattr(EdgeProduct, "backward", staticmethod(spy))
    EdgeProduct.apply(torch.ones(3, 4), v, edges).sum().backward()
    assert seen == [None]
    assert v.grad.tolist() == [4.0, 4.0]


def test_empty_rows_columns_and_edge_lists():
    none = np.zeros(0, dtype=np.int64)
    edges = edge_structure(none, none, 3, 4)
    assert (
        edge_product(torch.ones(4, 2), torch.zeros(0), edges).tolist() == [[0, 0]] * 3
    )
    edges = edge_structure(np.array([2]), np.array([3]), 4, 5)
    found = edge_product(torch.ones(5, 2), torch.tensor([2.0]), edges)
    assert found.sum(1).tolist() == [0, 0, 4, 0]


@pytest.mark.parametrize("shared", [True, False])
def test_expansion_keeps_members_apart(shared):
    rng = np.random.default_rng(5)
    row, col = _edges(rng, 3, 4, 7)
    members, out, into = 2, 3, 1 if shared else 2
    edges = expand_edges(
        row,
        col,
        (3, 4),
        members=members,
        units_out=out,
        units_in=into,
        shared_input=shared,
    )
    assert edges.n_edge == 7 * members * out * into
    pairs = set(zip(row.tolist(), col.tolist(), strict=True))
    for r, c, origin in zip(
        edges.row.tolist(), edges.col.tolist(), edges.origin.tolist(), strict=True
    ):
        node, member = r // (members * out), r // out % members
        source = c if shared else c // (members * into)
        assert (node, source) in pairs
        assert (row[origin], col[origin]) == (node, source)
        if not shared:
            assert c // into % members == member


def test_a_shared_input_has_one_unit():
    one = np.array([0])
    with pytest.raises(ValueError, match="one unit"):
        expand_edges(one, one, (1, 1), members=1, units_in=2, shared_input=True)


def test_no_warning_reaches_the_user():
    code = (
        "import warnings; warnings.simplefilter('error')\n"
        "import numpy as np, torch\n"
        "from meristem.nn.sparse import edge_product, edge_structure\n"
        "e = edge_structure(np.array([0]), np.array([0]), 1, 1)\n"
        "v = torch.ones(1, requires_grad=True)\n"
        "edge_product(torch.ones(1, 2), v, e).sum().backward()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("shared", [True, False])
def test_wide_regular_blocks_equal_their_sparse_twin(monkeypatch, shared):
    rng = np.random.default_rng(6)
    n_out, n_in, fan, members, units_out = 4, 9, 3, 5, 16
    units_in = 1 if shared else 2
    row = rng.permutation(np.repeat(np.arange(n_out), fan))
    col = np.empty_like(row)
    for target in range(n_out):
        col[row == target] = rng.choice(n_in, fan, replace=False)
    sizes = {"members": members, "units_out": units_out, "units_in": units_in}
    plain = expand_edges(row, col, (n_out, n_in), shared_input=shared, **sizes)
    assert (plain.tile is not None) == shared  # 80 rows share, or 16
    monkeypatch.setattr(sparse, "WIDE", 1)
    tiled = expand_edges(row, col, (n_out, n_in), shared_input=shared, **sizes)
    monkeypatch.setattr(sparse, "WIDE", 10**9)
    plain = expand_edges(row, col, (n_out, n_in), shared_input=shared, **sizes)
    assert tiled.tile == (members * units_out if shared else units_out, fan * units_in)
    assert plain.tile is None
    for name in ("crow", "row", "col", "origin"):
        assert torch.equal(getattr(tiled, name), getattr(plain, name)), name
    assert (tiled.n_out, tiled.n_in) == (plain.n_out, plain.n_in)
    x = torch.randn(plain.n_in, 6, dtype=torch.float64, requires_grad=True)
    v = torch.randn(plain.n_edge, dtype=torch.float64, requires_grad=True)
    g = torch.randn(plain.n_out, 6, dtype=torch.float64)
    one, other = edge_product(x, v, tiled), edge_product(x, v, plain)
    torch.testing.assert_close(one, other)
    for a, b in zip(
        torch.autograd.grad(one, (x, v), g),
        torch.autograd.grad(other, (x, v), g),
        strict=True,
    ):
        torch.testing.assert_close(a, b)
