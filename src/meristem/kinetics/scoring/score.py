"""Score millions of sites: a stream of pairs in, a stream of rows out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
import torch

from meristem.errors import DataError
from meristem.kinetics.cas9.bulges import encode_sites
from meristem.kinetics.cas9.channels import (
    kinetic_channels,
    pair_features,
    pair_weights,
)
from meristem.kinetics.cas9.encode import count_edits
from meristem.kinetics.cas9.pam import Pam
from meristem.kinetics.cas9.sites import Sites, iter_sites, refuse_misfits
from meristem.kinetics.network.fit import Solver
from meristem.kinetics.network.kinn import LN10, Kinn
from meristem.kinetics.scheme.scheme import Scheme
from meristem.records import FloatArray
from meristem.text.files import count_lines, replacing

CHUNK = 50_000
"""Sites in memory at a time."""


@dataclass(frozen=True)
class SiteScores:
    """What an ensemble says about sites.

    Attributes
    ----------
    log10_rate
        Mean over the members of log10 of the observable (1/s).
    spread
        Standard deviation over the members.
    edits
        Mismatches and gaps, the PAM's included.
    log10_rates
        Mean log10 of every rate constant.
    probability
        Of being active, where the networks were corrected with labelled sites.
    """

    log10_rate: FloatArray  # (n,)
    spread: FloatArray  # (n,)
    edits: np.ndarray  # (n,)
    log10_rates: FloatArray  # (n, n_reaction)
    probability: FloatArray | None = None  # (n,)


class SiteScorer(Protocol):
    """Whatever scores sites: kinetic networks, as they are or corrected."""

    scheme: Scheme
    pam: Pam

    def score_sites(self, sites: Sites) -> SiteScores:
        """Return the scores of pairs."""


class Scorer:
    """An ensemble laid out for speed: one matrix product for all members.

    Members with hidden units take the slower way through `Kinn` itself.
    """

    def __init__(self, kinns: Sequence[Kinn]) -> None:
        self.kinns = tuple(kinns)
        self.scheme = kinns[0].scheme
        self.solver = Solver(self.scheme)
        self.plain = not any(kinn.hidden for kinn in kinns)
        self.channels = kinns[0].channels
        self.pam = kinns[0].pam
        spread = [pair_weights(k.weights, k.channels) for k in kinns]
        weights = np.concatenate([w.reshape(len(w), -1) for w in spread])
        self.weights = torch.from_numpy(np.ascontiguousarray(weights.T)).float()
        self.bias = torch.from_numpy(np.concatenate([k.bias for k in kinns])).float()

    def score(
        self,
        x: np.ndarray,  # (n, 25, 13)
    ) -> SiteScores:
        """Return the scores of encoded pairs."""
        n, n_member = len(x), len(self.kinns)
        if self.plain:
            flat = torch.from_numpy(pair_features(x).reshape(n, -1).astype(np.float32))
            log_rates = (flat @ self.weights + self.bias).reshape(n, n_member, -1)
        else:
            edits = kinetic_channels(x, self.channels)
            parts = [kinn.log_rates(edits) for kinn in self.kinns]
            log_rates = torch.from_numpy(np.stack(parts, axis=1)).float()
        value = self.solver(log_rates).double().numpy()
        return SiteScores(
            log10_rate=value.mean(axis=1),
            spread=value.std(axis=1),
            edits=count_edits(x),
            log10_rates=log_rates.mean(dim=1).double().numpy() / LN10,
        )

    def score_sites(self, sites: Sites) -> SiteScores:
        """Return the scores of pairs; unequal lengths and hidden bulges are aligned."""
        return self.score(encode_sites(sites.guide, sites.target, self.pam))


def score_table(
    scorer: SiteScorer, sites: Sites, *, rates: bool = False
) -> pd.DataFrame:
    """Return the scores of one chunk as a table."""
    scores = scorer.score_sites(sites)
    table = pd.DataFrame({"guide": sites.guide, "target": sites.target})
    if (sites.place != "").any():
        table["place"] = sites.place
    table["edits"] = scores.edits
    table["log10_rate"] = scores.log10_rate
    table["spread"] = scores.spread
    if scores.probability is not None:
        table["probability"] = scores.probability
    if rates:
        for index, name in enumerate(scorer.scheme.reaction_names):
            table[f"log10_{name}"] = scores.log10_rates[:, index]
    return table


def iter_scores(
    scorer: SiteScorer,
    path: str | Path,
    *,
    guide: str | None = None,
    rates: bool = False,
    pam: Pam | None = None,
    chunk: int = CHUNK,
) -> Iterator[pd.DataFrame]:
    """Read, encode and score a file of any size, chunk by chunk."""
    for sites, table in iter_sites(path, guide=guide, rows=chunk):
        if not len(table):
            continue
        first_line = int(table.index[0]) + 2
        refuse_misfits(
            sites, where=str(path), first_line=first_line, pam=pam or scorer.pam
        )
        yield score_table(scorer, sites, rates=rates)


def score_file(
    scorer: SiteScorer,
    source: str | Path,
    target: str | Path,
    *,
    guide: str | None = None,
    rates: bool = False,
    pam: Pam | None = None,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Score a file of sites into a tab-separated file, in constant memory.

    Parameters
    ----------
    scorer
        The ensemble.
    source
        Table of sites, or Cas-OFFinder output (see `off_target.iter_sites`).
    target
        File to write; nothing is left behind if it cannot be finished.
    guide
        One guide for all rows.
    rates
        Write log10 of every rate constant too.
    pam
        What guides have as their PAM; that of the networks if not given.
    progress
        Called after each chunk with the number of rows done.

    Returns
    -------
    int
        Number of sites scored.

    Raises
    ------
    DataError
        If the source cannot be read, or the target cannot be written.
    """
    done = 0
    with replacing(target) as temporary, temporary.open("w", encoding="utf-8") as out:
        for table in iter_scores(scorer, source, guide=guide, rates=rates, pam=pam):
            table.to_csv(
                out, sep="\t", index=False, header=done == 0, float_format="%.5g"
            )
            done += len(table)
            if progress is not None:
                progress(done)
        if done == 0:
            raise DataError("holds no site", where=source, remedy="add rows")
    return done


def count_rows(path: str | Path) -> int:
    """Return the number of lines of a plain or gzipped file, for progress."""
    return count_lines(path)
