"""The commands `fit` and `search`: from a configuration to a run folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd

from meristem.errors import ConfigError
from meristem.kinetics.commands.assay import fit_assay
from meristem.kinetics.commands.describe import describe_model
from meristem.kinetics.commands.enough_rows import LEAST_TEST, refuse_few, say_if_few
from meristem.kinetics.commands.report import begin_run, build_kinetics_report
from meristem.kinetics.commands.settings import (
    MODEL_FILES,
    KineticsSettings,
    load_scheme,
)
from meristem.kinetics.commands.sources import Source, load_source
from meristem.kinetics.network.ensemble import fit_ensemble, predict_ensemble
from meristem.kinetics.network.kinn import Architecture, Kinn
from meristem.kinetics.network.store import write_kinns
from meristem.kinetics.scheme.scheme import Scheme
from meristem.kinetics.scoring.assess import score_predictions
from meristem.kinetics.search.choose import Chosen, SearchPlan, search_architectures
from meristem.kinetics.search.distil import distil
from meristem.kinetics.search.posterior import covers_truth, window_posterior
from meristem.kinetics.search.space import (
    GENERAL,
    SPACES,
    Space,
    find_space,
    general_space,
    simulated_space,
)
from meristem.kinetics.transfer.baselines import ridge_prediction
from meristem.runs.destination import Destination, in_locked_folder
from meristem.runs.record import Run, plan_run
from meristem.tune.optimisers import Trial


def _plan_run(settings: KineticsSettings, to: Destination, question: str) -> Run:
    named = {"data": settings.data.path, "test data": settings.data.test_path}
    scheme = Path(settings.scheme)
    if scheme.suffix in (".toml", *MODEL_FILES):
        named["scheme"] = scheme
    return plan_run(
        to,
        title=settings.title,
        question=question,
        config=settings.model_dump(mode="json"),
        seed=settings.seed,
        inputs=[(role, path) for role, path in named.items() if path is not None],
    )


@in_locked_folder
def fit_run(
    settings: KineticsSettings,
    to: Destination,
) -> Path:
    """Fit the windows of the configuration and write a run folder.

    Raises
    ------
    MeristemError
        If the data cannot be read or the windows do not fit the scheme.
    """
    if settings.data.kind == "assay":
        question = "How fast is each step, and what do the conditions do to it?"
        return fit_assay(settings, _plan_run(settings, to, question))
    question = "How fast is each step, and what does each edit do to it?"
    _refuse_searched_members(settings)
    run = _plan_run(settings, to, question)
    scheme = _scheme(settings)
    rng = np.random.default_rng(settings.seed)
    with run.timed("read"):
        source = load_source(settings.data, rng)
    scheme = _planted(source) or scheme
    architecture = settings.architecture(scheme)
    _check(settings, source)
    begin_run(run)
    members = settings.ensemble.copies
    with run.timed("fit"):
        to.notify("fit", 0, members)
        kinns = _ensemble(run, settings, source, scheme, [architecture], rng)
        to.notify("fit", members, members)
    return _finish(run, settings, source, kinns, rng)


def _refuse_searched_members(settings: KineticsSettings) -> None:
    """Refuse members that a search makes, unless the file serves `search` as well."""
    named = {"architectures", "smooth"} & settings.ensemble.model_fields_set
    if named and "search" not in settings.model_fields_set:
        raise ConfigError(
            "`fit` reads the windows of the file alone",
            where=f"ensemble.{min(named)}",
            remedy="leave it out, or use `meristem kinetics search`",
        )


def _planted(source: Source) -> Scheme | None:
    return None if source.simulation is None else source.simulation.scheme


def _scheme(settings: KineticsSettings) -> Scheme:
    """Return the scheme that is named; simulated data come with their own."""
    scheme = load_scheme(settings)
    named = sorted({"scheme", "observable"} & settings.model_fields_set)
    if settings.data.kind == "simulated" and named:
        raise ConfigError(
            "simulated data come with their own scheme (four states, seven rates), "
            f"and {getattr(settings, named[-1])!r} would not be used",
            where=named[-1],
            remedy="leave it out, or give data of kind 'table' or 'mpkp'",
        )
    return scheme


def _check(settings: KineticsSettings, source: Source) -> None:
    """Refuse rows that cannot be learned from or tested on."""
    data = settings.data
    where = data.path or "data.rows"
    refuse_few(source.train, where=where)
    train = settings.train
    weighed = "binding" in train.model_fields_set and train.binding > 0
    if weighed and source.train.binding is None:
        raise ConfigError(
            "the data hold no measured binding",
            where="train.binding",
            remedy="leave it out, or give a column 'binding'",
        )
    if source.test is not None:
        refuse_few(source.test, where=data.test_path or where, least=LEAST_TEST)


def _ensemble(
    run: Run,
    settings: KineticsSettings,
    source: Source,
    scheme: Scheme,
    architectures: Sequence[Architecture],
    rng: np.random.Generator,
) -> tuple[Kinn, ...]:
    kinns = fit_ensemble(
        scheme,
        architectures,
        source.train,
        copies=settings.ensemble.copies,
        rng=rng,
        options=settings.train.options(source.limit),
        bootstrap=settings.ensemble.bootstrap,
        held_out=settings.ensemble.held_out,
    )
    if not all(
        np.isfinite(k.weights).all() and np.isfinite(k.bias).all() for k in kinns
    ):
        raise ConfigError(
            "the training ran away: weights are no finite numbers",
            where="train",
            remedy=f"lower train.learning_rate ({settings.train.learning_rate:g})",
        )
    caution = say_if_few(source.train, architectures)
    run.note("cautions", {"cautions": [caution] if caution else []})
    return kinns


@in_locked_folder
def search_run(
    settings: KineticsSettings,
    to: Destination,
) -> Path:
    """Search architectures within the training rows, fit the best, test once.

    A search that was killed continues from ``search.json`` in the folder.
    """
    if settings.data.kind == "assay":
        raise ConfigError(
            "an assay holds no sequences, whose windows could be searched",
            where="data.kind",
            remedy="use `meristem kinetics fit`",
        )
    question = "Which windows does each step read, and how well does that transfer?"
    run = _plan_run(settings, to, question)
    scheme = _scheme(settings)
    rng = np.random.default_rng(settings.seed)
    with run.timed("read"):
        source = load_source(settings.data, rng)
    space = _space(settings, source, scheme)
    if settings.windows:
        settings.architecture(space.scheme)
    _check(settings, source)
    _check_folds(settings, source)
    begin_run(run)
    total = settings.search.generations

    def report_generation(done: int, best: float) -> None:
        to.notify(f"search, best {best:.3f}", done, total)

    with run.timed("search"):
        chosen = search_architectures(
            space,
            source.train,
            _plan(settings, source),
            rng=rng,
            state=run.folder.file("search.json"),
            about=_about(settings, source),
            progress=report_generation,
        )
    _write_trials(run, space, chosen)
    _write_posterior(run, space, chosen.trials, source, settings.search.posterior)
    architectures = [
        *chosen.architectures[: settings.ensemble.architectures],
        *(space.smooth(order) for order in settings.ensemble.smooth),
    ]
    with run.timed("fit"):
        to.notify("fit", 0, len(architectures) * settings.ensemble.copies)
        kinns = _ensemble(run, settings, source, space.scheme, architectures, rng)
        to.notify("fit", len(kinns), len(kinns))
    return _finish(run, settings, source, kinns, rng)


def _about(settings: KineticsSettings, source: Source) -> str:
    """Return a fingerprint of what the rewards of a search rest on, budget aside."""
    content = settings.model_dump(mode="json")
    content["data"] |= {"path": "", "test_path": ""}  # the rows count, not their place
    for name in ("title", "ensemble"):
        del content[name]
    for name in ("generations", "shortlist", "apart", "posterior"):
        del content["search"][name]
    digest = sha256(json.dumps(content, sort_keys=True).encode())
    for rows in (source.train.x, source.train.y, source.train.censored):
        digest.update(np.ascontiguousarray(rows).tobytes())
    return digest.hexdigest()


def _plan(settings: KineticsSettings, source: Source) -> SearchPlan:
    search = settings.search
    options = settings.train.options(source.limit)
    return SearchPlan(
        method=search.method,
        generations=search.generations,
        size=search.size,
        folds=search.folds,
        kind_folds=search.kind_folds,
        shortlist=search.shortlist,
        apart=search.apart,
        options=replace(options, epochs=search.epochs),
    )


def _check_folds(settings: KineticsSettings, source: Source) -> None:
    n, folds = len(np.unique(source.train.group)), settings.search.folds
    if folds > n:
        raise ConfigError(
            f"{n} different sequences cannot make {folds} folds",
            where="search.folds",
            remedy=f"use 2 to {n}",
        )


def _space(settings: KineticsSettings, source: Source, scheme: Scheme) -> Space:
    if source.simulation is not None:
        starts = tuple(rate.start for rate in source.simulation.rates)
        return simulated_space(source.simulation.scheme, starts)
    if settings.search.space not in (*SPACES, GENERAL):
        raise ConfigError(
            f"there is no architecture space {settings.search.space!r}",
            where="search.space",
            remedy=f"use {', '.join((*SPACES, GENERAL))}",
        )
    if settings.search.space == GENERAL:
        return general_space(scheme)
    space = find_space(settings.search.space, source.train.pam.length)
    named = sorted({"scheme", "observable"} & settings.model_fields_set)
    if named and scheme != space.scheme:
        same = scheme.reactions == space.scheme.reactions
        where = "observable" if same else named[-1]
        raise ConfigError(
            f"the space {settings.search.space!r} searches windows of the scheme "
            f"{space.scheme.name!r} ({space.scheme.observable}), and "
            f"{getattr(settings, where)!r} would not be used",
            where=where,
            remedy="leave it out, or set search.space = 'general', which takes any "
            "scheme",
        )
    return space


def _write_trials(run: Run, space: Space, chosen: Chosen) -> None:
    rows = [
        {"generation": t.generation, "reward": t.reward} | t.point
        for t in chosen.trials
    ]
    run.table("trials", pd.DataFrame(rows))
    best = [
        {"rank": rank, "cross_validated": value, "reward": trial.reward} | trial.point
        for rank, (trial, value) in enumerate(
            zip(chosen.shortlist, chosen.value, strict=True), 1
        )
    ]
    run.table("shortlist", pd.DataFrame(best))


def _write_posterior(
    run: Run, space: Space, trials: Sequence[Trial], source: Source, top: int
) -> None:
    posterior = window_posterior(space, trials, top=top)
    if source.simulation is None:
        run.table("windows", posterior.intervals())
    else:
        truth = [(rate.start, rate.stop) for rate in source.simulation.rates]
        run.table("windows", covers_truth(posterior, truth))
    grid = np.indices(posterior.inclusion.shape).reshape(2, -1)
    table = pd.DataFrame(
        {
            "reaction": np.array(posterior.reactions)[grid[0]],
            "position": grid[1],
            "inclusion": posterior.inclusion.ravel(),
        }
    )
    run.table("inclusion", table)


def _finish(
    run: Run,
    settings: KineticsSettings,
    source: Source,
    kinns: tuple[Kinn, ...],
    rng: np.random.Generator,
) -> Path:
    with run.folder.writing("model.json") as temporary:
        write_kinns(kinns, temporary)
    single = None
    if settings.ensemble.distil:
        with run.timed("distil"):
            single = _distil(settings, source, kinns, rng)
        with run.folder.writing("single.json") as temporary:
            write_kinns([single], temporary)
    with run.timed("test"):
        if source.test is not None and source.test_edits is not None:
            _write_test(run, source, kinns, single, rng)
    with run.timed("describe"):
        describe_model(run, kinns, source.train)
    return run.finish(build_kinetics_report)


def _distil(
    settings: KineticsSettings,
    source: Source,
    kinns: tuple[Kinn, ...],
    rng: np.random.Generator,
) -> Kinn:
    assert source.encoding is not None  # refused for simulated rows by the settings
    return distil(
        kinns,
        kinns[0].architecture,
        source.train,
        source.encoding,
        rng=rng,
        options=settings.train.options(source.limit),
    )


def _write_test(
    run: Run,
    source: Source,
    kinns: tuple[Kinn, ...],
    single: Kinn | None,
    rng: np.random.Generator,
) -> None:
    test, edits = source.test, source.test_edits
    if test is None or edits is None:
        return
    predictions = {
        "kinetic network (ensemble)": predict_ensemble(kinns, test.x),
        "kinetic network (first member)": kinns[0].predict(test.x),
        "ridge": ridge_prediction(source.train, test),
        "edit count": -edits,
    }
    if single is not None:
        predictions["one network, distilled"] = single.predict(test.x)
    scores = score_predictions(test.y, test.group, predictions, rng=rng)
    no_unit = (scores["model"] == "edit count") & (scores["metric"] == "rmse")
    run.table("scores", scores[~no_unit])
    run.table(
        "predictions",
        pd.DataFrame({"observed": test.y, "censored": test.censored} | predictions),
    )
