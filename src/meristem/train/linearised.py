"""A network near its present weights: a linear model with a Gaussian prior.

Everything is solved over parameters or over observations, whichever are fewer; one
row per member.
"""

from __future__ import annotations

import torch
from torch import Tensor


class Linearised:
    """The straight-line problem: residual ~ slope' d, with a Gaussian prior on d.

    Parameters
    ----------
    slope
        Derivatives of the observations, divided by the sd of their noise.
    residual
        Observed minus predicted, divided likewise.
    prior
        Prior variance of every parameter.
    away
        Parameters minus their prior mean.
    n_output
        Outputs; the observations are numbered output by output.
    """

    def __init__(
        self,
        slope: Tensor,  # (n_member, n_parameter, n_observation)
        residual: Tensor,  # (n_member, n_observation)
        prior: Tensor,  # (n_member, n_parameter)
        away: Tensor,  # (n_member, n_parameter)
        n_output: int,
    ) -> None:
        self.slope, self.prior, self.n_output = slope, prior, n_output
        self.primal = slope.shape[1] <= slope.shape[2]
        fit = torch.bmm(slope, residual[:, :, None])[:, :, 0]
        self.gradient = fit - away / prior
        self.curvature = slope.square().sum(2) + 1.0 / prior
        self.grams: list[Tensor] = []
        self.gram: Tensor | None = None
        if self.primal:
            # output by output: the leverages want them so, at no extra cost
            parts = slope.chunk(n_output, dim=2)
            self.grams = [torch.bmm(part, part.transpose(1, 2)) for part in parts]
            self.gram = torch.stack(self.grams).sum(0)

    def step(self, damping: Tensor) -> Tensor:  # (K, P)
        """Solve (J'J + 1/prior + damping * diagonal) d = gradient."""
        diagonal = 1.0 / self.prior + damping[:, None] * self.curvature
        if self.gram is not None:
            root = _root(self.gram + torch.diag_embed(diagonal))
            return torch.cholesky_solve(self.gradient[:, :, None], root)[:, :, 0]
        scaled = self.gradient / diagonal
        root = _root(self._kernel(1.0 / diagonal))
        seen = torch.bmm(self.slope.transpose(1, 2), scaled[:, :, None])
        back = torch.bmm(self.slope, torch.cholesky_solve(seen, root))[:, :, 0]
        return scaled - back / diagonal

    def posterior(self) -> tuple[Tensor, Tensor]:
        """Return posterior variances (K, P) and leverage by output (K, n_output)."""
        members, _, count = self.slope.shape
        if self.gram is not None:
            root = _root(self.gram + torch.diag_embed(1.0 / self.prior))
            covariance = torch.cholesky_inverse(root)
            variance = torch.diagonal(covariance, dim1=1, dim2=2)
            by_output = [(covariance * gram).sum((1, 2)) for gram in self.grams]
            return variance.clamp(min=0.0), torch.stack(by_output, dim=1)

        root = _root(self._kernel(self.prior))
        # half = L^-1 J: its column sums of squares are J' (kernel)^-1 J
        half = torch.linalg.solve_triangular(
            root, self.slope.transpose(1, 2), upper=False
        )
        variance = self.prior - self.prior.square() * half.square().sum(1)
        inverse = torch.cholesky_inverse(root)
        leverage = 1.0 - torch.diagonal(inverse, dim1=1, dim2=2)
        grid = leverage.view(members, self.n_output, count // self.n_output)
        return variance.clamp(min=0.0), grid.sum(2)

    def log_volume(self) -> Tensor:  # (n_member,)
        """Return log |J'J + 1/prior| + log |prior|."""
        if self.gram is not None:
            root = _root(self.gram + torch.diag_embed(1.0 / self.prior))
        else:
            root = _root(self._kernel(self.prior))
        volume = 2 * torch.diagonal(root, dim1=1, dim2=2).log().sum(1)
        return volume + self.prior.log().sum(1) if self.primal else volume

    def _kernel(self, variance: Tensor) -> Tensor:  # (K, N, N)
        scaled = self.slope * variance[:, :, None]
        kernel = torch.bmm(self.slope.transpose(1, 2), scaled)
        return kernel + torch.eye(kernel.shape[1], dtype=kernel.dtype)


def _root(matrix: Tensor) -> Tensor:
    root, fault = torch.linalg.cholesky_ex(matrix)
    if bool((fault > 0).any()):
        jitter = 1e-8 * torch.diagonal(matrix, dim1=1, dim2=2).mean(1)
        size = torch.eye(matrix.shape[1], dtype=matrix.dtype)
        root = torch.linalg.cholesky(matrix + jitter[:, None, None] * size)
    return root
