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

WIDE = 64
"""Rows that must share their columns for a map to be multiplied as dense tiles."""


@dataclass(frozen=True)
class EdgeStructure:
    """Edges of one map, sorted by row (CSR) and by column (CSC).

    The weights of a map are held in CSR order: `row`, `col` and a weight vector
    describe the map; `perm` brings the weights into CSC order. A tiled map has no CSC
    order: it is multiplied tile by tile.
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
    tile: tuple[int, int] | None = None  # rows in a row that share so many columns

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
    sharing = members * units_out if shared_input else units_out
    if sharing >= WIDE and _is_regular(row, n_out):
        return _tiles(row, col, size, members, (units_out, units_in), shared_input)
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


def _is_regular(row: NDArray[np.int64], n_out: int) -> bool:
    """Tell whether all targets have equally many sources."""
    fan_in = np.bincount(row, minlength=n_out)
    return row.size > 0 and bool((fan_in == fan_in[0]).all())


def _tiles(
    row: NDArray[np.int64],
    col: NDArray[np.int64],
    size: tuple[int, int],
    members: int,
    units: tuple[int, int],  # of targets and of sources
    shared_input: bool,
) -> EdgeStructure:
    """Return the edges of equal blocks without sorting each of them."""
    n_out, n_in = size
    units_out, units_in = units
    order = np.lexsort((col, row)).reshape(n_out, -1)  # (n_out, fan_in)
    source = col[order].astype(np.int64)
    if not shared_input:
        k = np.arange(members, dtype=np.int64)[None, :, None, None]
        o = np.arange(units_in, dtype=np.int64)
        source = (source[:, None, :, None] * members + k) * units_in + o
        source = source.reshape(n_out * members, -1)  # (n_out * members, fan_in)
        n_in = n_in * members * units_in
        order = np.repeat(order, members, axis=0).repeat(units_in, axis=1)
    sharing = members * units_out if shared_input else units_out
    n_tile, fan_in = source.shape
    n_row = n_tile * sharing
    wide = (n_tile, sharing, fan_in)
    none = torch.zeros(0, dtype=torch.int64)
    return EdgeStructure(
        n_row,
        n_in,
        torch.arange(0, n_row * fan_in + 1, fan_in),
        torch.arange(n_row).repeat_interleave(fan_in),
        torch.from_numpy(source)[:, None].expand(wide).reshape(-1),
        none,
        none,
        none,
        torch.from_numpy(order.astype(np.int64))[:, None].expand(wide).reshape(-1),
        (sharing, fan_in),
    )


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


def tile_product(
    x: Tensor,  # (n_in, batch)
    v: Tensor,  # (n_edge,)
    edges: EdgeStructure,
    tile: tuple[int, int],
) -> Tensor:  # (n_out, batch)
    """Return A X where rows in a row read the same columns: one dense product each.

    The CSR order of the weights of such a map is that of a batch of dense matrices.
    """
    index = edges.col.view(-1, *tile)[:, 0]  # (n_tile, fan_in)
    return torch.bmm(v.view(-1, *tile), x[index]).view(edges.n_out, -1)


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
    if edges.tile is not None:
        return tile_product(x, v, edges, edges.tile)
    fast = HAS_CSR_PRODUCTS and x.device.type in ("cpu", "cuda")
    if twice or edges.n_edge == 0 or not fast:
        return index_add_product(x, v, edges)
    return EdgeProduct.apply(x, v, edges)
