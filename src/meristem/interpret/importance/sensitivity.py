"""Clamping: hold latents at high and low values and see what the prediction does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from meristem.errors import ConfigError
from meristem.models.protocol import FittedNetwork
from meristem.records import FloatArray, Genotypes, StrArray

Progress = Callable[[int, int], None]

TAIL = 0.025
"""Members left out on either side of a stated range."""


@dataclass(frozen=True)
class Sensitivity:
    """Effect on the prediction of moving each latent, in units of the trait.

    `published` averages over samples before the absolute value, as the published
    algorithm does: effects that cancel between samples vanish. `absolute` takes the
    absolute value of each sample first, and is never smaller.
    """

    node_name: StrArray  # (n_node,)
    clamp_sd: float  # sds of the latent it was moved by
    published: FloatArray  # (n_member, n_node, n_target)
    absolute: FloatArray  # (n_member, n_node, n_target)

    def mean(self) -> FloatArray:  # (n_node, n_target)
        """Return the published sensitivity, averaged over members."""
        return self.published.mean(axis=0)

    def interval(self) -> tuple[FloatArray, FloatArray]:  # each (n_node, n_target)
        """Return the central 95 % range of the members' published sensitivity."""
        return member_range(self.published)


def clamping_sensitivity(
    fitted: FittedNetwork,
    genotypes: Genotypes,
    *,
    nodes: tuple[str, ...] = (),
    clamp_sd: float = 1.0,
    progress: Progress | None = None,
) -> Sensitivity:
    """Return the sensitivity of the prediction to every latent.

    For member m and node j, with mean mu and standard deviation sigma of the latent
    over the samples and a = `clamp_sd`: y+ is the mean prediction with the latent held
    at mu + a sigma in all samples, y- the same at mu - a sigma, y0 the mean
    prediction as it is. Published sensitivity: ``(|y+ - y0| + |y- - y0|) / 2``. The
    absolute form takes the mean over samples of the absolute differences.

    Parameters
    ----------
    fitted
        A fitted network.
    genotypes
        Samples over which the latents vary, best lines the network has not seen.
    nodes
        Names; empty: all nodes.
    clamp_sd
        a, the size of the step.
    progress
        Called as `progress(done, total)` after every node.

    Returns
    -------
    Sensitivity
        One value per member, node and target.

    References
    ----------
    Kontolati et al. 2025, arXiv 2510.14970, Methods 4.3, Algorithm 1.
    """
    index, latent = chosen_latents(fitted, genotypes, nodes)
    mean, sd = latent.mean(axis=1), latent.std(axis=1)  # (n_member, n_node)
    change_of = fitted.hold(genotypes)
    n_member, n_target = latent.shape[0], fitted.predict(genotypes).trait_name.size
    published = np.zeros((n_member, index.size, n_target))
    absolute = np.zeros_like(published)
    names = fitted.nodes[index]
    for place, name in enumerate(map(str, names)):
        for step in (clamp_sd, -clamp_sd):
            value = mean[:, [place]] + step * sd[:, [place]]
            change = change_of((name,), value)
            published[:, place] += np.abs(change.mean(axis=1)) / 2
            absolute[:, place] += np.abs(change).mean(axis=1) / 2
        if progress is not None:
            progress(place + 1, names.size)
    return Sensitivity(names, clamp_sd, published, absolute)


def member_range(
    value: FloatArray,  # (n_member, ...)
) -> tuple[FloatArray, FloatArray]:  # each (...)
    """Return the central 95 % range over members; NaN where there is one alone.

    Members share the data: this is the range over seeds and inner folds, not an
    interval for further data.
    """
    if value.shape[0] == 1:
        return np.full(value.shape[1:], np.nan), np.full(value.shape[1:], np.nan)
    low, high = np.quantile(value, [TAIL, 1 - TAIL], axis=0)
    return low, high


def chosen_latents(
    fitted: FittedNetwork, genotypes: Genotypes, nodes: tuple[str, ...]
) -> tuple[np.ndarray, FloatArray]:  # (n_chosen,), (n_member, n_sample, n_chosen)
    """Return number and latents of the chosen nodes, in the order asked for."""
    known = {str(name): number for number, name in enumerate(fitted.nodes)}
    chosen = nodes or tuple(known)
    unknown = [name for name in chosen if name not in known]
    if unknown:
        raise ConfigError(
            f"the network has no node called {', '.join(unknown[:5])}",
            remedy="use names of the plan, as nodes.csv lists them",
        )
    index = np.array([known[name] for name in chosen], dtype=np.int64)
    return index, fitted.member_latents(genotypes)[:, :, index]
