"""Why a line is predicted where it is: what each latent adds to its prediction."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meristem.interpret.importance.sensitivity import chosen_latents
from meristem.models.protocol import FittedNetwork
from meristem.records import FloatArray, Genotypes, Phenotypes

COLUMNS = (
    "sample_id",
    "trait",
    "environment",
    "node",
    "latent_sd",
    "contribution",
    "rank",
)


def line_contributions(
    fitted: FittedNetwork,
    genotypes: Genotypes,
    reference: Genotypes,
    *,
    nodes: tuple[str, ...] = (),
) -> FloatArray:  # (n_sample, n_node, n_target)
    """Return how much each prediction would fall if a latent were average.

    Parameters
    ----------
    fitted
        A fitted network.
    genotypes
        The lines to explain.
    reference
        The lines that define the average latent: the training lines, say.
    nodes
        Names; empty: all nodes.

    Returns
    -------
    ndarray
        Prediction minus the prediction with the latent held at the reference's mean,
        averaged over members, in units of the trait. Contributions of nodes on one
        path overlap, and do not add up to the prediction.
    """
    index, latent = chosen_latents(fitted, reference, nodes)
    mean = latent.mean(axis=1)  # (n_member, n_node)
    change_of = fitted.hold(genotypes)
    n_target = fitted.predict(genotypes).trait_name.size
    contribution = np.zeros((genotypes.n_sample, index.size, n_target))
    for place, name in enumerate(map(str, fitted.nodes[index])):
        # averaged over members
        contribution[:, place] = -change_of((name,), mean[:, [place]]).mean(axis=0)
    return contribution


def line_table(
    fitted: FittedNetwork,
    genotypes: Genotypes,
    reference: Genotypes,
    phenotypes: Phenotypes,
    *,
    nodes: tuple[str, ...] = (),
    top: int = 5,
) -> pd.DataFrame:
    """Return the `top` latents that move each line's prediction most.

    Parameters
    ----------
    fitted, genotypes, reference, nodes
        See `line_contributions`.
    phenotypes
        Names of the targets, in the order of the network's outputs.
    top
        Rows per line and target.

    Returns
    -------
    DataFrame
        sample_id, trait, environment, node, latent_sd (the line's latent in sds of the
        reference, ensemble sign), contribution (units of the trait), rank.
    """
    index, _ = chosen_latents(fitted, reference, nodes)
    names = fitted.nodes[index]
    contribution = line_contributions(fitted, genotypes, reference, nodes=nodes)
    average = fitted.latents(reference).value[:, index]
    own = fitted.latents(genotypes).value[:, index]
    sd = average.std(axis=0)
    score = (own - average.mean(axis=0)) / np.where(sd > 0, sd, 1.0)
    top = min(top, names.size)
    frames = []
    for target in range(contribution.shape[2]):
        size = np.abs(contribution[:, :, target])
        order = np.argsort(-size, axis=1, kind="stable")[:, :top]
        line = np.repeat(np.arange(genotypes.n_sample), top)
        node = order.ravel()
        frames.append(
            pd.DataFrame(
                {
                    "sample_id": genotypes.sample_id[line],
                    "trait": str(phenotypes.trait_name[target]),
                    "environment": str(phenotypes.environment_name[target]),
                    "node": names[node],
                    "latent_sd": score[line, node],
                    "contribution": contribution[line, node, target],
                    "rank": np.tile(np.arange(1, top + 1), genotypes.n_sample),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)[list(COLUMNS)]
