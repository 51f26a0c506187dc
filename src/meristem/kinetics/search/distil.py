"""One network that says what an ensemble says, also of guides nobody measured.

An ensemble predicts better than its members and is harder to read. A single network is
fitted to the measured rows and, beside them, to what the ensemble says of the same
edits in random guides: same places and kinds of edit, other bases. No measurement of
another guide is involved.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from meristem.errors import ConfigError
from meristem.kinetics.cas9.channels import kinetic_channels
from meristem.kinetics.cas9.encode import INSERTED, REFERENCE, SUBSTITUTED, Encoding
from meristem.kinetics.cas9.pam import CAS9, Pam
from meristem.kinetics.network.ensemble import predict_ensemble
from meristem.kinetics.network.fit import fit_kinns
from meristem.kinetics.network.kinn import Architecture, FitOptions, Kinn, Measurements
from meristem.kinetics.search.folds import sequence_folds


def random_guides(
    encoding: Encoding,  # (n, 25, 13)
    rng: np.random.Generator,
    pam: Pam = CAS9,
) -> Encoding:  # (n, 25, 13)
    """Return the same edits in random guides, each row with a guide of its own.

    Every substitution, insertion and deletion keeps its place; the guide's base and
    the base it changes to, or that is inserted, are drawn anew. The fixed bases of the
    PAM (two of NGG) and their substitutions stay.
    """
    n, n_position = encoding.shape[:2]
    letters = np.eye(4, dtype=np.uint8)
    known = encoding[:, :, REFERENCE].max(axis=2, keepdims=True)
    changed = encoding[:, :, SUBSTITUTED].max(axis=2, keepdims=True)
    inserted = encoding[:, :, INSERTED].max(axis=2, keepdims=True)
    base = rng.integers(0, 4, (n, n_position))
    other = (base + rng.integers(1, 4, (n, n_position))) % 4
    extra = rng.integers(0, 4, (n, n_position))
    out = encoding.copy()
    out[:, :, REFERENCE] = letters[base] * known
    out[:, :, SUBSTITUTED] = letters[other] * changed
    out[:, :, INSERTED] = letters[extra] * inserted
    out[:, : pam.fixed] = encoding[:, : pam.fixed]
    return out


def distil(
    teachers: Sequence[Kinn],
    architecture: Architecture,
    train: Measurements,
    encoding: Encoding,  # (n, 25, 13) of the rows of train
    *,
    rng: np.random.Generator,
    options: FitOptions,
    guides: int = 2,
) -> Kinn:
    """Fit one network to the measured rows and to an ensemble's word on other guides.

    Parameters
    ----------
    teachers
        The ensemble, fitted to the same rows.
    architecture
        Windows of the single network.
    train, encoding
        Measured rows, and the same as pairs.
    rng
        Guides, the tenth of the rows that stops the training, order of batches.
    options
        How to train.
    guides
        Random guides per measured row.

    Returns
    -------
    Kinn

    Raises
    ------
    ConfigError
        If rows and pairs do not match.

    References
    ----------
    Hinton, Vinyals & Dean 2015, arXiv 1503.02531 (distillation).
    """
    if len(encoding) != len(train.y) or not train.channels:
        raise ConfigError(
            f"{len(train.y)} rows and {len(encoding)} pairs do not belong together",
            remedy="give the encoded pairs of the training rows",
        )
    held = sequence_folds(train, 10, rng)[0]
    kept = encoding[held == 0]
    drawn = np.concatenate([random_guides(kept, rng, train.pam) for _ in range(guides)])
    x = kinetic_channels(drawn, train.channels)
    teaching = predict_ensemble(teachers, x)
    low = options.limits[0]
    rows = Measurements(
        np.concatenate([train.x, x]),
        np.concatenate([train.y, teaching]),
        np.concatenate([train.censored, teaching <= low + 0.01]),
        np.arange(len(train.y) + len(teaching)),
        train.channels,
        None
        if train.binding is None
        else np.append(train.binding, np.full(len(teaching), np.nan)),
        train.pam,
    )
    more = np.zeros(len(teaching))
    fit = fit_kinns(
        teachers[0].scheme,
        [architecture],
        rows,
        np.append(1 - held, more + 1)[None],
        np.append(held, more)[None],
        rng=rng,
        options=options,
    )
    return fit.kinns[0]
