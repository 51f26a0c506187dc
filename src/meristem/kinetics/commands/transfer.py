"""The command `transfer`: correct a kinetic network with labelled sites, test by guide.

Guides, not rows, are held out: a fifth for the test, and a fold of the others by every
member of the ensemble, to choose and to calibrate. Beside the corrected ensemble stand
the kinetic network as it is, the same correction without it, and the edit count.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meristem.errors import DataError
from meristem.kinetics.cas9.align import BASES
from meristem.kinetics.cas9.encode import EDIT_NAMES, Encoding, count_edits
from meristem.kinetics.cas9.pam import CAS9
from meristem.kinetics.cas9.sites import read_sites
from meristem.kinetics.commands.report import begin_run, build_kinetics_report
from meristem.kinetics.commands.settings import TransferSettings
from meristem.kinetics.network.kinn import LN10, Kinn
from meristem.kinetics.network.store import read_pair_kinns
from meristem.kinetics.scoring.score import Scorer, count_rows
from meristem.kinetics.transfer.attribution import base_effects
from meristem.kinetics.transfer.cross_fit import CrossFit, cross_fit
from meristem.kinetics.transfer.net import (
    Calibration,
    TransferFit,
    TransferNet,
    calibrate,
    mean_logits,
    refuse_other_schemes,
    reliability,
)
from meristem.kinetics.transfer.rows import (
    LabelledSites,
    hold_out_guides,
    label_sites,
    once_per_pair,
)
from meristem.kinetics.transfer.store import write_transfer
from meristem.kinetics.transfer.trunk import Trunk
from meristem.kinetics.transfer.trunk_search import search_trunks
from meristem.records import FloatArray
from meristem.runs.destination import Destination, in_locked_folder
from meristem.runs.progress import Notify
from meristem.runs.record import Run, plan_run
from meristem.stats.ranking import compare_scores

CORRECTED = "corrected network"
AS_IS = "kinetic network as it is"
PLAIN = "same trunk, no kinetics"
EDITS = "edit count"
MEAN = "mean of corrected and trunk"


@in_locked_folder
def transfer_run(
    settings: TransferSettings,
    to: Destination,
) -> Path:
    """Train the correction, test it on guides held out, write a run folder."""
    run = plan_run(
        to,
        title=settings.title,
        question="Which sites are cut in cells, and what do cells change?",
        config=settings.model_dump(mode="json"),
        seed=settings.seed,
        inputs=[
            *(("model", path) for path in settings.model),
            *(("labelled sites", path) for path in settings.tables),
            *(("test sites", path) for path in settings.test_tables),
        ],
    )
    rng = np.random.default_rng(settings.seed)
    kinns = tuple(kinn for path in settings.model for kinn in read_pair_kinns(path))
    _refuse_other_enzymes(kinns)
    refuse_other_schemes(kinns)
    with run.timed("read"):
        rest, test = _rows(settings, rng, to.notify)
    if settings.train.graded and not np.isfinite(rest.reads[rest.label == 1]).any():
        raise DataError(
            "no table has read counts of its active sites",
            where="train.graded",
            remedy="give a column 'reads', or set graded to 0",
        )
    begin_run(run)
    rate = _log10_rate(kinns, rest.x)
    trunk = settings.trunk.trunk()
    if settings.search_trials:
        with run.timed("search"):
            trunk, trials = search_trunks(
                kinns,
                rest,
                rate,
                n_trial=settings.search_trials,
                rng=rng,
                options=settings.options,
            )
            run.table("trials", trials)
    found = {}
    for name, frozen in ((CORRECTED, kinns), (PLAIN, ())):
        with run.timed(f"train {name}"):
            found[name] = _train(settings, trunk, frozen, rest, rate, rng, to.notify)
    _write(run, kinns, found, rest.label, test, settings.bootstraps, rng)
    return run.finish(build_kinetics_report)


def _refuse_other_enzymes(kinns: Sequence[Kinn]) -> None:
    """Refuse networks of a PAM that the sums and energies are not laid out for."""
    for kinn in kinns:
        if kinn.pam.place != CAS9.place:
            raise DataError(
                f"a network was fitted to guides with the PAM {kinn.pam.pattern} at "
                f"their {kinn.pam.side}' end",
                where="model",
                remedy="corrections are laid out for Cas9 (three bases at the 3' end); "
                "score with the network as it is",
            )


def _rows(
    settings: TransferSettings, rng: np.random.Generator, notify: Notify
) -> tuple[LabelledSites, LabelledSites]:
    """Return the rows to learn from and those of the test; they share no guide."""
    paths = [*settings.tables, *settings.test_tables]
    tables = []
    for number, path in enumerate(paths):
        total = count_rows(path)

        def told(done: int, name: str = path.name, total: int = total) -> None:
            notify(f"read {name}", min(done, total), total)

        tables.append(read_sites(path, progress=told))
        notify("read", number + 1, len(paths) + 1)
    data = label_sites(tables, most_mismatches=settings.most_mismatches)
    notify("read", len(paths) + 1, len(paths) + 1)
    if settings.test_tables:
        test = data.assay >= len(settings.tables)
        rest = ~np.isin(data.guide, data.guide[test])
        if not rest.any():
            raise DataError(
                "every guide of the tables is one of the test",
                where="test_tables",
                remedy="give tables with other guides",
            )
    else:
        test = hold_out_guides(data.guide, settings.test_share, rng)
        rest = ~test
    return data.take(rest), once_per_pair(data.take(test))


def _log10_rate(
    kinns: tuple[Kinn, ...], x: Encoding, *, block: int = 50_000
) -> FloatArray:  # (n,)
    """Return what the kinetic networks say as they are."""
    scorer = Scorer(kinns)
    starts = range(0, len(x), block)
    return np.concatenate([scorer.score(x[i : i + block]).log10_rate for i in starts])


def _train(
    settings: TransferSettings,
    trunk: Trunk,
    kinns: tuple[Kinn, ...],
    rest: LabelledSites,
    rate: FloatArray,
    rng: np.random.Generator,
    notify: Notify,
) -> CrossFit:
    stage = CORRECTED if kinns else PLAIN
    nets = [
        TransferNet(trunk, kinns, seed=int(rng.integers(2**31)))
        for _ in range(settings.members)
    ]

    jackknife = []
    if kinns and settings.test_tables and len(settings.tables) > 1:
        jackknife = [
            TransferNet(trunk, kinns, seed=int(rng.integers(2**31)))
            for _ in settings.tables
        ]

    def report_fits(done: int) -> None:
        notify(stage, done, settings.members)

    report_fits(0)
    return cross_fit(
        nets,
        rest,
        rate,
        rng=rng,
        options=settings.options,
        jackknife=jackknife,
        progress=report_fits,
    )


def _write(
    run: Run,
    kinns: tuple[Kinn, ...],
    found: dict[str, CrossFit],
    trained: NDArray[np.int64],
    test: LabelledSites,
    n_bootstrap: int,
    rng: np.random.Generator,
) -> None:
    x, label = test.x, test.label
    corrected = found[CORRECTED]
    logit = mean_logits(corrected.fits, x)
    plain = mean_logits(found[PLAIN].fits, x)
    scores: dict[str, FloatArray] = {
        CORRECTED: logit,
        AS_IS: _log10_rate(kinns, x),
        PLAIN: plain,
        MEAN: (logit + plain) / 2,
        EDITS: -count_edits(x).astype(float),
    }
    ranking = compare_scores(
        label,
        scores,
        reference=(EDITS, AS_IS, PLAIN),
        rng=rng,
        n_bootstrap=n_bootstrap,
    )
    run.table("ranking", ranking)
    run.table("ranking_parts", _parts(test, scores, rng, n_bootstrap))
    choices = [each.choices.assign(network=name) for name, each in found.items()]
    run.table("choices", pd.concat(choices))
    calibration = calibrate(corrected.logit, trained[corrected.rows], corrected.weight)
    _write_calibration(run, calibration, logit, label)
    run.folder.announce("transfer")
    write_transfer(corrected.fits, calibration, run.folder.file("transfer"))
    run.folder.note("transfer")
    _write_weights(run, corrected.fits)
    _write_shift(run, kinns, corrected.fits, x, label)
    _write_attribution(run, corrected.fits, x, label)
    guides = np.unique(test.guide).tolist()
    run.note("held_out", {"guides": guides, "rows": len(label)})


def _parts(
    test: LabelledSites,
    scores: dict[str, FloatArray],
    rng: np.random.Generator,
    n_bootstrap: int,
) -> pd.DataFrame:
    """Return the ranking of ungapped and gapped sites apart."""
    label, gapped = test.label, test.gapped
    tables = []
    for name, part in (("ungapped", ~gapped), ("gapped", gapped)):
        if len(np.unique(label[part])) < 2:
            continue
        found = compare_scores(
            label[part],
            {key: value[part] for key, value in scores.items()},
            reference=(EDITS, AS_IS, PLAIN),
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


def _write_weights(run: Run, fits: Sequence[TransferFit]) -> None:
    """Write how much every kinetic network counts, mean and range over the members."""
    layers = [fit.net.kinetic for fit in fits if fit.net.kinetic is not None]
    shares = np.array([layer.shares().detach().numpy() for layer in layers])
    columns = {
        "network": np.arange(1, shares.shape[1] + 1),
        "weight": shares.mean(axis=0),
        "low": shares.min(axis=0),
        "high": shares.max(axis=0),
    }
    run.table("weights", pd.DataFrame(columns))


def _write_shift(
    run: Run,
    kinns: tuple[Kinn, ...],
    fits: list[TransferFit],
    x: Encoding,
    label: NDArray[np.int64],
) -> None:
    """Write the mean correction of every rate, for active and inactive sites."""
    names = kinns[0].scheme.reaction_names
    inactive = np.flatnonzero(label == 0)
    few = inactive[:: len(inactive) // _INACTIVE + 1]
    rows_shown = np.concatenate([np.flatnonzero(label == 1), few])
    x, label = x[rows_shown], label[rows_shown]
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


_INACTIVE = 20_000  # inactive sites whose corrections are averaged, at most
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
