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
from meristem.kinetics.cas9.sites import Sites
from meristem.kinetics.network.kinn import LN10
from meristem.kinetics.network.store import read_pair_kinns
from meristem.kinetics.scoring.score import Scorer, SiteScorer, SiteScores
from meristem.kinetics.transfer.net import Calibration, TransferFit
from meristem.kinetics.transfer.store import MAIN_FILE, read_transfer

_BLOCK = 10_000


class CorrectedScorer:
    """An ensemble of corrected networks.

    Rates are the corrected ones; `probability` is that of a site being active in the
    assays that were learned from, for a guide like theirs: in another assay only its
    order counts.
    """

    def __init__(
        self, fits: Sequence[TransferFit], calibration: Calibration | None = None
    ) -> None:
        kinns = [fit.net.kinn for fit in fits]
        if not fits or kinns[0] is None:
            raise DataError("a network without kinetics does not score rates")
        self.fits = tuple(fits)
        self.scheme = kinns[0].scheme
        self.calibration = calibration or Calibration(1.0, 0.0)

    def score(
        self,
        x: Encoding,  # (n, 25, 13)
    ) -> SiteScores:
        """Return the scores of encoded pairs."""
        starts = range(0, len(x), _BLOCK)
        parts = [self._block(x[i : i + _BLOCK]) for i in starts]
        value, log_rates, probability = (
            np.concatenate(part, axis=1) for part in zip(*parts, strict=True)
        )
        # the logit of the mean probability, as the calibration was fitted to logits
        mean = np.clip(probability.mean(axis=0), 1e-300, 1 - 1e-16)
        logit = np.log(mean) - np.log1p(-mean)
        return SiteScores(
            log10_rate=value.mean(axis=0),
            spread=value.std(axis=0),
            edits=count_edits(x),
            log10_rates=log_rates.mean(axis=0) / LN10,
            probability=self.calibration.apply(logit),
        )

    def _block(self, x: Encoding) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return log10 rates, log rate constants and probabilities by member."""
        values, constants, probabilities = [], [], []
        with torch.no_grad():
            given = torch.from_numpy(x).float()
            edits = edit_tensor(given)
            for fit in self.fits:
                layer = fit.net.kinetic
                assert layer is not None
                log_rates = layer.log_rates(edits) + fit.net.correction(given)
                value = layer.solver(log_rates)
                values.append(value.double().numpy())
                constants.append(log_rates.double().numpy())
                logit = fit.net.link(value).double()
                probabilities.append(torch.sigmoid(logit).numpy())
        return np.stack(values), np.stack(constants), np.stack(probabilities)

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
