"""Score sites by a corrected ensemble, as a kinetic network scores them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from meristem.errors import DataError
from meristem.kinetics.cas9.bulges import encode_sites
from meristem.kinetics.cas9.edit_sums import edit_tensor
from meristem.kinetics.cas9.encode import Encoding, count_edits
from meristem.kinetics.cas9.pam import CAS9
from meristem.kinetics.cas9.sites import Sites
from meristem.kinetics.network.kinn import LN10
from meristem.kinetics.network.store import read_pair_kinns
from meristem.kinetics.scoring.score import Scorer, SiteScorer, SiteScores
from meristem.kinetics.transfer.net import Calibration, TransferFit, bulged, spread
from meristem.kinetics.transfer.store import MAIN_FILE, read_transfer

_BLOCK = 2000
"""Pairs at a time: the arrays of a member stay in the cache."""


class CorrectedScorer:
    """An ensemble of corrected networks.

    Rates are the corrected ones; `probability` is that of a site being active in the
    assays that were learned from, for a guide like theirs: in another assay only its
    order counts.
    """

    def __init__(
        self, fits: Sequence[TransferFit], calibration: Calibration | None = None
    ) -> None:
        if not fits or not fits[0].net.kinns:
            raise DataError("a network without kinetics does not score rates")
        self.fits = tuple(fits)
        self.scheme = fits[0].net.kinns[0].scheme
        self.pam = CAS9
        self.calibration = calibration or Calibration(1.0, 0.0)

    def score(
        self,
        x: Encoding,  # (n, 25, 13)
    ) -> SiteScores:
        """Return the scores of encoded pairs.

        The spread is over the members and the kinetic networks in each.
        """
        starts = range(0, len(x), _BLOCK)
        parts = [self._block(x[i : i + _BLOCK]) for i in starts]
        value, squared, log_rates, probability = (
            np.concatenate(part, axis=1).mean(axis=0)
            for part in zip(*parts, strict=True)
        )
        # the logit of the mean probability, as the calibration was fitted to logits
        mean = np.clip(probability, 1e-300, 1 - 1e-16)
        logit = np.log(mean) - np.log1p(-mean)
        return SiteScores(
            log10_rate=value,
            spread=np.sqrt(np.maximum(squared - value**2, 0.0)),
            edits=count_edits(x),
            log10_rates=log_rates / LN10,
            probability=self.calibration.apply(logit),
        )

    def _block(self, x: Encoding) -> tuple[np.ndarray, ...]:
        """Return log10 rate, its square, log rate constants, probability by member."""
        out = []
        with torch.no_grad():
            given = torch.from_numpy(x).float()
            edits, gaps = edit_tensor(given), bulged(given)
            first = self.fits[0].net
            assert first.kinetic is not None
            # every member corrects the same networks and reads the same sums
            frozen, sums = first.kinetic.log_rates(edits), first.sums(given, edits)
            for fit in self.fits:
                net, layer = fit.net, fit.net.kinetic
                assert layer is not None
                shares = layer.shares().double()
                parts = net.scale * net.parts(given, edits, sums)
                rates = net.rates(frozen, parts, gaps).double()
                constants = torch.einsum("nkr,k->nr", frozen.double(), shares)
                mean = rates @ shares
                found = (
                    mean,
                    rates**2 @ shares,
                    constants + spread(parts),
                    torch.sigmoid(net.link(mean)),
                )
                out.append([each.numpy() for each in found])
        return tuple(np.stack(each) for each in zip(*out, strict=True))

    def score_sites(self, sites: Sites) -> SiteScores:
        """Return the scores of pairs; unequal lengths and hidden bulges are aligned."""
        return self.score(encode_sites(sites.guide, sites.target))


def read_scorer(path: str | Path) -> SiteScorer:
    """Read whatever scores sites: ``model.json``, or the folder of a transfer.

    Parameters
    ----------
    path
        A file of kinetic networks, the run folder of a transfer, or the folder
        ``transfer`` within.

    Raises
    ------
    DataError
        If it is neither, or its networks do not read guide-target pairs.
    """
    path = Path(path)
    for folder in (path, path / "transfer"):
        if (folder / MAIN_FILE).exists():
            return CorrectedScorer(*read_transfer(folder))
    if path.is_dir():
        raise DataError(
            "holds no corrected network",
            where=path,
            remedy="name the folder of a transfer, or a model.json",
        )
    return Scorer(read_pair_kinns(path))
