"""Linear maps with one parameter per edge; activations are feature-major.

Memory and time follow the number of edges, never the product of the layer sizes.
A feature-major activation has one row per feature and one column per sample, so
that the sum over the edges of a node reads whole rows.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import Function, once_differentiable


@dataclass(frozen=True)
class EdgeStructure:
    """Edges of one map, sorted by row (CSR) and by column (CSC).

    The weights of a map are held in CSR order: `row`, `col` and a weight vector
    describe the map; `perm` brings the weights into CSC order.
    """

    n_out: int
    n_in: int
    crow: Tensor  # (n_out + 1,) int64
    row: Tensor  # (n_edge,) int64
    col: Tensor  # (n_edge,) int64
    ccol: Tensor  # (n_in + 1,) int64
    row_t: Tensor  # (n_edge,) int64, row of the edges in CSC order
    perm: Tensor  # (n_edge,) int64, CSR position of the edges in CSC order
    origin: Tensor  # (n_edge,) int64, position in the edge list it was made from

    @property
    def n_edge(self) -> int:
        """Number of edges."""
        return int(self.col.numel())

    def to(self, device: torch.device | str) -> EdgeStructure:
        """Return the same structure on `device`."""
        names = ("crow", "row", "col", "ccol", "row_t", "perm", "origin")
        return replace(self, **{name: getattr(self, name).to(device) for name in names})


def edge_structure(
    row: NDArray[np.int64],  # (n_edge,)
    col: NDArray[np.int64],  # (n_edge,)
    n_out: int,
    n_in: int,
) -> EdgeStructure:
    """Sort an edge list both ways.

    Parameters
    ----------
    row, col
        Target and source of every edge, in any order.
    n_out, n_in
        Number of targets and of sources.

    Returns
    -------
    EdgeStructure
        `origin` says which entry of the list each edge came from.

    Examples
    --------
    >>> import numpy as np
    >>> edges = edge_structure(np.array([1, 0, 1]), np.array([0, 2, 1]), 2, 3)
    >>> edges.crow.tolist(), edges.col.tolist(), edges.origin.tolist()
    ([0, 1, 3], [2, 0, 1], [1, 0, 2])
    """
    order = np.lexsort((col, row))
    row_sorted = np.ascontiguousarray(row[order], dtype=np.int64)
    col_sorted = np.ascontiguousarray(col[order], dtype=np.int64)
    perm = np.lexsort((row_sorted, col_sorted))
    crow = np.concatenate([[0], np.cumsum(np.bincount(row_sorted, minlength=n_out))])
    ccol = np.concatenate([[0], np.cumsum(np.bincount(col_sorted, minlength=n_in))])
    return EdgeStructure(
        n_out,
        n_in,
        torch.from_numpy(crow.astype(np.int64)),
        torch.from_numpy(row_sorted),
        torch.from_numpy(col_sorted),
        torch.from_numpy(ccol.astype(np.int64)),
        torch.from_numpy(row_sorted[perm]),
        torch.from_numpy(perm.astype(np.int64)),
        torch.from_numpy(order.astype(np.int64)),
    )


def expand_edges(
    row: NDArray[np.int64],  # (n_edge,)
    col: NDArray[np.int64],  # (n_edge,)
    size: tuple[int, int],
    *,
    members: int,
    units_out: int = 1,
    units_in: int = 1,
    shared_input: bool = False,
) -> EdgeStructure:
    """Repeat an edge list for every member of an ensemble and every unit.

    Target g becomes the rows `(g * members + k) * units_out + i`. Source j becomes
    `(j * members + k) * units_in + o`, or stays row j when all members read the
    same input.

    Parameters
    ----------
    row, col
        Target and source node of every edge.
    size
        Number of target nodes and of source nodes.
    members
        Networks held in one tensor.
    units_out, units_in
        Units per target and per source node.
    shared_input
        Whether the source is read by all members (genotypes).

    Returns
    -------
    EdgeStructure
        `origin` numbers the entries of the given list.
    """
    if shared_input and units_in != 1:
        raise ValueError("a shared input has one unit per source")
    n_out, n_in = size
    k = np.arange(members, dtype=np.int64)[None, :, None, None]
    i = np.arange(units_out, dtype=np.int64)[None, None, :, None]
    o = np.arange(units_in, dtype=np.int64)[None, None, None, :]
    shape = (row.size, members, units_out, units_in)
    wide_row = (row[:, None, None, None] * members + k) * units_out + i
    source = col[:, None, None, None]
    wide_col = source if shared_input else (source * members + k) * units_in + o
    edges = edge_structure(
        np.broadcast_to(wide_row, shape).ravel(),
        np.broadcast_to(wide_col, shape).ravel(),
        n_out * members * units_out,
        n_in if shared_input else n_in * members * units_in,
    )
    origin = edges.origin // (members * units_out * units_in)
    return replace(edges, origin=origin)


def _csr(crow: Tensor, col: Tensor, value: Tensor, size: tuple[int, int]) -> Tensor:
    return torch.sparse_csr_tensor(crow, col, value, size, check_invariants=False)


def _has_csr_products() -> bool:
    # torch warns on the first CSR tensor and the first sampled product of a
    # process; the calls used here are stable, so the warnings are spent here.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        crow, col = torch.tensor([0, 1]), torch.tensor([0])
        one = torch.ones(1, 1)
        sparse = _csr(crow, col, torch.ones(1), (1, 1))
        try:
            torch.mm(sparse, one)
            torch.sparse.sampled_addmm(sparse, one, one, beta=0.0)
        except RuntimeError:  # a torch build without these kernels
            return False
    return True


HAS_CSR_PRODUCTS: bool = _has_csr_products()
"""Whether this torch build multiplies CSR matrices on the CPU."""


class EdgeProduct(Function):
    """Y = A X with A given by its edges; the gradient of A stays on the edges.

    Forward and input gradient are products of a sparse and a dense matrix, the
    weight gradient is a sampled dense-dense product. The input gradient is not
    computed when nobody asks for it (genotypes).
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, v: Tensor, edges: EdgeStructure) -> Tensor:
        """Return A X, shape (n_out, batch)."""
        ctx.save_for_backward(x, v)
        ctx.edges = edges
        size = (edges.n_out, edges.n_in)
        return torch.mm(_csr(edges.crow, edges.col, v, size), x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        """Return the gradients of X and of the weights."""
        x, v = ctx.saved_tensors
        edges: EdgeStructure = ctx.edges
        g = grad[0].contiguous()
        grad_x = grad_v = None
        if ctx.needs_input_grad[0]:
            transposed = _csr(
                edges.ccol, edges.row_t, v[edges.perm], (edges.n_in, edges.n_out)
            )
            grad_x = torch.mm(transposed, g)
        if ctx.needs_input_grad[1]:
            pattern = _csr(
                edges.crow, edges.col, torch.zeros_like(v), (edges.n_out, edges.n_in)
            )
            product = torch.sparse.sampled_addmm(pattern, g, x.t(), beta=0.0)
            grad_v = product.values()
        return grad_x, grad_v, None


def index_add_product(x: Tensor, v: Tensor, edges: EdgeStructure) -> Tensor:
    """Return A X by gather and index_add: slower, differentiable twice, anywhere."""
    out = x.new_zeros((edges.n_out, x.shape[1]))
    return out.index_add(0, edges.row, x[edges.col] * v[:, None])


def edge_product(
    x: Tensor,  # (n_in, batch)
    v: Tensor,  # (n_edge,) in CSR order
    edges: EdgeStructure,
    *,
    twice: bool = False,
) -> Tensor:  # (n_out, batch)
    """Multiply by the sparse matrix that `edges` and `v` describe.

    Parameters
    ----------
    x
        Feature-major input.
    v
        Weight of every edge, in CSR order.
    edges
        The structure, on the device of `x`.
    twice
        Ask for a result that can be differentiated twice.

    Returns
    -------
    Tensor
        Feature-major output.

    Examples
    --------
    >>> import numpy as np, torch
    >>> edges = edge_structure(np.array([0, 1]), np.array([1, 1]), 2, 2)
    >>> edge_product(torch.tensor([[1.0], [3.0]]), torch.tensor([2.0, -1.0]), edges)
    tensor([[ 6.],
            [-3.]])
    """
    fast = HAS_CSR_PRODUCTS and x.device.type in ("cpu", "cuda")
    if twice or edges.n_edge == 0 or not fast:
        return index_add_product(x, v, edges)
    return EdgeProduct.apply(x, v, edges)
