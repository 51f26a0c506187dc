"""Binding as a second measurement: what the enzyme does while it cannot cut.

Tables of cleavage rates often come with apparent binding affinities of the same
targets, measured with an enzyme that binds and does not cut. The scheme without its
observed steps relaxes to an equilibrium of the same rate constants, so that binding
says something about targets whose rate lies below the detection limit.
"""

from __future__ import annotations

import torch
from torch import Tensor

from meristem.errors import ConfigError
from meristem.kinetics.scheme.scheme import Scheme
from meristem.kinetics.scheme.solve import tree_log_weights
from meristem.kinetics.scheme.trees import spanning_trees


class Affinity:
    """Log ratio of bound to unbound enzyme at equilibrium; the first state is unbound.

    Raises
    ------
    ConfigError
        If the steps that are not observed do not hold the states together.

    Examples
    --------
    >>> from meristem.kinetics.scheme.catalog import cas9
    >>> round(float(Affinity(cas9(4))(torch.zeros(7)).exp()), 4)  # three bound states
    3.0
    """

    def __init__(self, scheme: Scheme) -> None:
        cycle = scheme if scheme.observable == "flux" else scheme.closed()
        self.trees = spanning_trees(cycle)
        kept = self.trees.pattern[:, list(cycle.observed)].sum(axis=1) == 0
        self.bound = torch.from_numpy((kept & (self.trees.root > 0)).nonzero()[0])
        self.free = torch.from_numpy((kept & (self.trees.root == 0)).nonzero()[0])
        if not (len(self.bound) and len(self.free)):
            raise ConfigError(
                "has no binding equilibrium: its states fall apart without the "
                "observed steps",
                where=f"scheme {scheme.name!r}",
                remedy="set the weight of binding to 0, or make the steps reversible",
            )

    def __call__(
        self,
        log_rates: Tensor,  # (..., n_reaction)
    ) -> Tensor:  # (...,)
        """Return the log of bound over unbound."""
        return self.of_weights(tree_log_weights(log_rates, self.trees))

    def of_weights(
        self,
        weight: Tensor,  # (..., n_tree) of all trees of the closed scheme
    ) -> Tensor:  # (...,)
        """Return the same from tree weights that are known already."""
        bound = torch.logsumexp(weight.index_select(-1, self.bound), dim=-1)
        return bound - torch.logsumexp(weight.index_select(-1, self.free), dim=-1)


def binding_loss(
    affinity: Tensor,  # (..., n) log affinity
    matched: Tensor,  # (..., 1) of the matched target
    background: Tensor,  # (..., 1) log affinity that looks like none
) -> Tensor:  # (..., n)
    """Return the normalised loss of binding: 0 as the matched target, 1 no binding.

    The instrument cannot tell an affinity below the background from none.

    Examples
    --------
    >>> ends = torch.tensor([4.0, -90.0])
    >>> binding_loss(ends, torch.tensor([4.0]), torch.tensor([-2.0])).tolist()
    [0.0, 1.0]
    """
    top = torch.logaddexp(matched, background)
    return (top - torch.logaddexp(affinity, background)) / (top - background)
