"""The command `transfer`: correct a kinetic network with labelled sites, test by guide.

Guides, not rows, are held out: a fifth for the test, and a fifth of the others to stop
training and to calibrate. Beside the corrected ensemble stand the kinetic network as it
is, the same trunk without it, and the edit count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.kinetics.align import BASES
from meristem.kinetics.attribution import base_effects
from meristem.kinetics.encode import (
    EDIT_NAMES,
    Encoding,
    count_edits,
    encode_pairs,
)
from meristem.kinetics.hidden_bulges import encode_sites
from meristem.kinetics.kinn import LN10, Kinn
from meristem.kinetics.metrics import compare_scores
from meristem.kinetics.off_target import Sites, join_sites, read_sites, spacer
from meristem.kinetics.report import build_kinetics_report
from meristem.kinetics.runs import Run, open_run
from meristem.kinetics.score import Scorer
from meristem.kinetics.settings import TransferSettings
from meristem.kinetics.store import read_kinns
from meristem.kinetics.transfer import (
    Calibration,
    TransferFit,
    TransferNet,
    calibrate,
    mean_logits,
    reliability,
    train_transfer,
)
from meristem.kinetics.transfer_store import write_transfer
from meristem.kinetics.trunk import Trunk
from meristem.kinetics.trunk_search import search_trunks
from meristem.records import FloatArray

Notify = Callable[[str, int, int], None]


def _silent(stage: str, done: int, total: int) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class LabelledSites:
    """Distinct labelled pairs, encoded.

    Attributes
    ----------
    x
        Encoded pairs.
    label
        1 where any row of the pair was active.
    guide
        Spacer: one name per guide, whatever its gaps and PAM.
    gapped
        True for bulges.
    """

    x: Encoding  # (n, 25, 13)
    label: NDArray[np.int64]  # (n,)
    guide: NDArray[np.str_]  # (n,)
    gapped: NDArray[np.bool_]  # (n,)


def label_sites(sites: Sites, *, most_mismatches: int) -> LabelledSites:
    """Encode labelled sites, equal pairs once, far ones left out.

    Ungapped pairs with more mismatches than the negatives were screened for are left
    out: there more mismatches would mean active.
    """
    if (sites.label < 0).any():
        raise DataError(
            "some sites have no label", remedy="give a column label with 0 and 1"
        )
    pairs = np.char.add(np.char.add(sites.guide, " "), sites.target)
    _, first, place = np.unique(pairs, return_index=True, return_inverse=True)
    label = np.zeros(len(first), dtype=np.int64)
    np.maximum.at(label, place, sites.label)
    kept = sites.take(first)
    written = encode_pairs(kept.guide, kept.target)
    gapped = kept.gapped
    near = (count_edits(written[:, 3:]) <= most_mismatches) | gapped
    x = encode_sites(kept.guide, kept.target)
    return LabelledSites(x[near], label[near], spacer(kept.guide)[near], gapped[near])


def hold_out_guides(
    guide: NDArray[np.str_], share: float, rng: np.random.Generator
) -> NDArray[np.bool_]:  # (n,)
    """Return True for the rows of a random share of the guides (at least one)."""
    names = np.unique(guide)
    if len(names) < 2:
        raise DataError(
            "there is one guide only, so that none can be held out",
            remedy="give tables with several guides",
        )
    n_held = min(max(1, round(share * len(names))), len(names) - 1)
    held = rng.choice(names, n_held, replace=False)
    return np.isin(guide, held)


def transfer_run(
    settings: TransferSettings, folder: str | Path, notify: Notify = _silent
) -> Path:
    """Train the correction, test it on guides held out, write a run folder.

    Returns
    -------
    Path
        The report.
    """
    run = open_run(
        folder,
        title=settings.title,
        question="Which sites are cut in cells, and what do cells change?",
        config=settings.model_dump(mode="json"),
        seed=settings.seed,
        inputs=[settings.model, *settings.tables],
    )
    rng = np.random.default_rng(settings.seed)
    kinns = read_kinns(settings.model)
    with run.stage("read"):
        sites = join_sites([read_sites(path) for path in settings.tables])
        data = label_sites(sites, most_mismatches=settings.most_mismatches)
    test = hold_out_guides(data.guide, settings.test_share, rng)
    rest = np.flatnonzero(~test)
    valid = hold_out_guides(data.guide[rest], settings.test_share, rng)
    trunk = settings.trunk.trunk()
    if settings.search_trials:
        with run.stage("search"):
            trunk, trials = search_trunks(
                kinns[0],
                data.x[rest],
                data.label[rest],
                valid,
                n_trial=settings.search_trials,
                rng=rng,
                options=settings.train.options(),
            )
            run.table("trials", trials)
    fits = {}
    for name, frozen in (("corrected", kinns), ("trunk alone", None)):
        with run.stage(f"train {name}"):
            fits[name] = _train(settings, trunk, frozen, data, rest, valid, rng, notify)
    _write(run, kinns, fits, data, test, rest[valid], settings, rng)
    write_transfer(fits["corrected"], run.folder / "transfer")
    run.finish()
    return build_kinetics_report(run.folder)


def _train(
    settings: TransferSettings,
    trunk: Trunk,
    kinns: tuple[Kinn, ...] | None,
    data: LabelledSites,
    rest: NDArray[np.int64],
    valid: NDArray[np.bool_],
    rng: np.random.Generator,
    notify: Notify,
) -> list[TransferFit]:
    fits = []
    stage = "trunk alone" if kinns is None else "corrected network"
    for member in range(settings.members):
        notify(stage, member, settings.members)
        kinn = None if kinns is None else kinns[member % len(kinns)]
        net = TransferNet(trunk, kinn, seed=int(rng.integers(2**31)))
        fits.append(
            train_transfer(
                net,
                data.x[rest],
                data.label[rest],
                valid,
                rng=rng,
                options=settings.train.options(),
            )
        )
    notify(stage, settings.members, settings.members)
    return fits


def _write(
    run: Run,
    kinns: tuple[Kinn, ...],
    fits: dict[str, list[TransferFit]],
    data: LabelledSites,
    test: NDArray[np.bool_],
    held: NDArray[np.int64],
    settings: TransferSettings,
    rng: np.random.Generator,
) -> None:
    x, label = data.x[test], data.label[test]
    logit = mean_logits(fits["corrected"], x)
    scores: dict[str, FloatArray] = {
        "corrected network": logit,
        "kinetic network as it is": Scorer(kinns).score(x).log10_rate,
        "same trunk, no kinetics": mean_logits(fits["trunk alone"], x),
        "edit count": -count_edits(x).astype(float),
    }
    tables = []
    for reference in ("edit count", "kinetic network as it is", *list(scores)[2:3]):
        found = compare_scores(
            label,
            scores,
            reference=reference,
            rng=rng,
            n_bootstrap=settings.bootstraps,
        )
        tables.append(found.assign(reference=reference))
    ranking = pd.concat(tables)
    run.table("ranking", ranking)
    run.table("ranking_parts", _parts(data, test, scores, rng, settings.bootstraps))
    calibration = calibrate(
        mean_logits(fits["corrected"], data.x[held]), data.label[held]
    )
    _write_calibration(run, calibration, logit, label)
    _write_shift(run, kinns, fits["corrected"], x, label)
    _write_attribution(run, fits["corrected"], x, label)
    guides = np.unique(data.guide[test]).tolist()
    run.note("held_out", {"guides": guides, "rows": int(test.sum())})


def _parts(
    data: LabelledSites,
    test: NDArray[np.bool_],
    scores: dict[str, FloatArray],
    rng: np.random.Generator,
    n_bootstrap: int,
) -> pd.DataFrame:
    """Return the ranking of ungapped and gapped sites apart."""
    label, gapped = data.label[test], data.gapped[test]
    tables = []
    for name, part in (("ungapped", ~gapped), ("gapped", gapped)):
        if len(np.unique(label[part])) < 2:
            continue
        found = compare_scores(
            label[part],
            {key: value[part] for key, value in scores.items()},
            reference="edit count",
            rng=rng,
            n_bootstrap=n_bootstrap,
        )
        tables.append(found.assign(part=name))
    return pd.concat(tables) if tables else pd.DataFrame()


def _write_calibration(
    run: Run, calibration: Calibration, logit: FloatArray, label: NDArray[np.int64]
) -> None:
    probability = calibration.apply(logit)
    curve = reliability(probability, label)
    table = pd.DataFrame(curve, columns=["predicted", "observed", "rows"])
    run.table("calibration", table)
    run.note("calibration", {"slope": calibration.slope, "offset": calibration.offset})


def _write_shift(
    run: Run,
    kinns: tuple[Kinn, ...],
    fits: list[TransferFit],
    x: Encoding,
    label: NDArray[np.int64],
) -> None:
    """Write the mean correction of every rate, for active and inactive sites."""
    names = kinns[0].scheme.reaction_names
    total = np.mean([fit.corrections(x) for fit in fits], axis=0) / LN10
    rows = [
        {
            "reaction": name,
            "active": float(total[label == 1, index].mean()),
            "inactive": float(total[label == 0, index].mean()),
        }
        for index, name in enumerate(names)
    ]
    run.table("shift", pd.DataFrame(rows))


_EXPLAINED = 500  # active sites whose attributions are averaged


def _write_attribution(
    run: Run,
    fits: list[TransferFit],
    x: Encoding,
    label: NDArray[np.int64],
) -> None:
    """Write the mean attribution of active sites, by position and channel."""
    active = np.flatnonzero(label == 1)[:_EXPLAINED]
    effect = base_effects(fits, x, active)
    names = [f"guide_{base}" for base in BASES] + list(EDIT_NAMES)
    grid = np.indices(effect.shape).reshape(2, -1)
    run.table(
        "attribution",
        pd.DataFrame(
            {
                "position": grid[0],
                "edit": np.array(names)[grid[1]],
                "change": effect.ravel(),
            }
        ),
    )
