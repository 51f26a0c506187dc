"""Networks fitted again as controls: on shuffled labels, and without a fold of lines.

Each is a lean copy of the network explained (one seed, two inner splits): as important
on average, more variable, and so a cautious control. Results are kept one by one; a
killed run continues from them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter

import numpy as np

from meristem.evaluate.fold import learned_targets
from meristem.evaluate.splits import inner_splits
from meristem.interpret.attribution.gradients import member_signs
from meristem.interpret.importance.held_out import HeldOut
from meristem.interpret.importance.sensitivity import clamping_sensitivity
from meristem.interpret.importance.shuffled_labels import shuffle_labels
from meristem.models.protocol import FittedNetwork, Predictor, as_network
from meristem.pipeline.analysis import Analysis
from meristem.pipeline.checking.cost import LEAN_SPLITS
from meristem.plan.off_graph import has_off_graph
from meristem.prepare.training import training_set
from meristem.records import Dataset, FloatArray, Genotypes, Split, Splits, StrArray
from meristem.runs.keys import digest
from meristem.runs.revision import revision_of
from meristem.runs.tasks import Arrays, Task, run_tasks

MOST_LINES = 1000
"""Lines over which latents are moved; more would not change the averages."""

STEPS = 16
"""Points on the path of contributions; their error falls with its square."""

REFITS = "work/refits"
"""Where the result of every control is kept."""


@dataclass(frozen=True)
class Refitting:
    """What all controls of one network share."""

    predictor: Predictor
    dataset: Dataset  # training rows of the network explained
    node_name: StrArray  # (n_node,) of the network explained
    clamp_sd: float


@dataclass(frozen=True)
class NullFits:
    """What networks of shuffled labels make of their nodes, and of the trait."""

    importance: FloatArray  # (n_null, n_node, n_target)
    spread: FloatArray  # (n_null, n_target) sd over lines of what the network says


def spread_lines(genotypes: Genotypes) -> Genotypes:
    """Return evenly spread lines, at most as many as sensitivities need."""
    n = genotypes.n_sample
    if n <= MOST_LINES:
        return genotypes
    return genotypes.take_samples(np.linspace(0, n - 1, MOST_LINES).astype(np.int64))


def refitting(
    analysis: Analysis, label: str, train: Dataset, fitted: FittedNetwork
) -> Refitting:
    """Return the lean specification of the network called `label`."""
    options = next(o for o in analysis.config.models if o.label == label)
    # the same nodes in every control: the data of a control do not decide on them
    beside = "always" if has_off_graph(fitted.plan) else "none"
    options = options.changed(seeds=1, off_graph=beside)
    predictor = analysis.build(options, analysis.plan)
    clamp_sd = analysis.config.explain.clamp_sd
    return Refitting(predictor, train, fitted.plan.node_name, clamp_sd)


def null_importances(analysis: Analysis, label: str, refit: Refitting) -> NullFits:
    """Return the sensitivities of networks trained on shuffled labels."""
    evaluate = analysis.config.evaluate
    inner = inner_splits(refit.dataset, evaluate, analysis.rng("inner", label))
    purposes = [
        ("null", label, str(number))
        for number in range(analysis.config.explain.null_fits)
    ]
    arguments = [(refit, inner[:LEAN_SPLITS])] * len(purposes)
    found = _run(analysis, "null network", _null_network, arguments, purposes)
    return NullFits(
        np.stack([arrays["importance"] for arrays in found]),
        np.stack([arrays["spread"] for arrays in found]),
    )


def held_out_contributions(
    analysis: Analysis, label: str, refit: Refitting, fitted: FittedNetwork
) -> HeldOut:
    """Return what the nodes add to lines that their network was not trained on."""
    config, dataset = analysis.config, refit.dataset
    asked = config.evaluate.model_copy(update={"inner_folds": config.explain.folds})
    splits = inner_splits(dataset, asked, analysis.rng("held out", label))
    reference = fitted.latents(dataset.genotypes).value
    arguments = [
        (
            refit,
            inner_splits(
                dataset.take(split.train),
                config.evaluate,
                analysis.rng("held out", label, f"inner {number}"),
            )[:LEAN_SPLITS],
            split,
            reference,
        )
        for number, split in enumerate(splits)
    ]
    purposes = [("held out", label, f"fit {number}") for number in range(len(splits))]
    name = f"network without a fold of {len(splits)}"
    n_node, n_target = refit.node_name.size, dataset.phenotypes.n_target
    fold = np.full(dataset.n_sample, -1, dtype=np.int64)
    contribution = np.zeros((dataset.n_sample, n_node, n_target))
    latent = np.zeros((dataset.n_sample, n_node))
    importance = []
    for number, arrays in enumerate(
        _run(analysis, name, _fold_network, arguments, purposes)
    ):
        test = splits[number].test
        # schemes may test a line in several folds: the first one counts
        new = fold[test] < 0
        rows = test[new]
        fold[rows] = number
        contribution[rows] = arrays["contribution"][new]
        latent[rows] = arrays["latent"][new]
        importance.append(arrays["importance"])
    return HeldOut(refit.node_name, fold, contribution, latent, np.stack(importance))


def _null_network(rng: np.random.Generator, refit: Refitting, inner: Splits) -> Arrays:
    shuffled = shuffle_labels(refit.dataset, rng)
    fitted = _fit(refit, shuffled, inner, rng)
    n_node, n_target = refit.node_name.size, shuffled.phenotypes.n_target
    if fitted is None:
        nothing = np.zeros((n_node, n_target))
        return {"importance": nothing, "spread": np.zeros(n_target)}
    lines = spread_lines(refit.dataset.genotypes)
    moved = clamping_sensitivity(fitted, lines, clamp_sd=refit.clamp_sd)
    return {
        "importance": _by_name(refit, fitted, moved.mean(), axis=0),
        "spread": fitted.network_value(lines).std(axis=0),
    }


def _fold_network(
    rng: np.random.Generator,
    refit: Refitting,
    inner: Splits,
    split: Split,
    reference: FloatArray,  # (n_sample, n_node) latents of the network explained
) -> Arrays:
    train, _ = training_set(refit.dataset, split.train)
    targets = learned_targets(refit.dataset, split.train)
    fitted = _fit(refit, train.take_targets(targets), inner, rng)
    if fitted is None:
        return _no_part(refit, split.test.size)
    test = refit.dataset.genotypes.take_samples(split.test)
    contribution = fitted.contributions(test, steps=STEPS).node
    latent = _scaled(fitted, test, train.genotypes)
    latent = _by_name(refit, fitted, latent, axis=2)
    sign = member_signs(latent, reference[split.test])
    importance = np.abs(contribution).mean(axis=0)
    found = _no_part(refit, split.test.size)
    found["contribution"][..., targets] = _by_name(refit, fitted, contribution, axis=1)
    found["latent"] = (sign[:, None] * latent).mean(axis=0)
    found["importance"][..., targets] = _by_name(refit, fitted, importance, axis=0)
    return found


def _scaled(
    fitted: FittedNetwork, genotypes: Genotypes, reference: Genotypes
) -> FloatArray:  # (n_member, n_sample, n_node)
    """Return latents in sds from the mean of the lines the network was trained on."""
    known = fitted.member_latents(reference)
    sd = known.std(axis=1, keepdims=True)
    moved = fitted.member_latents(genotypes) - known.mean(axis=1, keepdims=True)
    return np.divide(moved, sd, out=np.zeros_like(moved), where=sd > 0)


def _fit(
    refit: Refitting, dataset: Dataset, inner: Splits, rng: np.random.Generator
) -> FittedNetwork | None:
    """Return the network; None where nothing but the linear path was left of it.

    A graph learned from shuffled labels may be empty.
    """
    network = as_network(refit.predictor.fit(dataset, rng=rng, inner=inner))
    return None if network is None else network.alone()


def _no_part(refit: Refitting, n_line: int) -> Arrays:
    """Return what a fit without nodes adds to lines left out: nothing."""
    n_node, n_target = refit.node_name.size, refit.dataset.phenotypes.n_target
    return {
        "contribution": np.zeros((n_line, n_node, n_target)),
        "latent": np.zeros((n_line, n_node)),
        "importance": np.zeros((n_node, n_target)),
    }


def _by_name(
    refit: Refitting, fitted: FittedNetwork, value: FloatArray, axis: int
) -> FloatArray:
    """Return values in the order of the network explained; 0 for nodes not there.

    A learned graph may hold other nodes in every fit.
    """
    place = {str(name): k for k, name in enumerate(fitted.plan.node_name)}
    found = np.array([place.get(str(name), -1) for name in refit.node_name])
    shape = list(value.shape)
    shape[axis] = found.size
    out = np.moveaxis(np.zeros(shape), axis, 0)
    out[found >= 0] = np.moveaxis(value, axis, 0)[found[found >= 0]]
    return np.moveaxis(out, 0, axis)


def _run(
    analysis: Analysis,
    name: str,
    call: Callable[..., Arrays],
    arguments: Sequence[tuple[object, ...]],
    purposes: Sequence[tuple[str, ...]],
) -> list[Arrays]:
    """Return the results in order, from the run folder or computed.

    A call gets the generator of its purpose, then its arguments, which make its key.
    """
    refit = arguments[0][0]
    seed = analysis.config.run.seed
    base = digest(refit, seed, revision_of(call, refit))
    tasks = [
        Task(
            name,
            digest(base, given[1:], purpose),
            call,
            (analysis.rng(*purpose), *given),
        )
        for given, purpose in zip(arguments, purposes, strict=True)
    ]
    found = run_tasks(
        tasks,
        jobs=analysis.config.run.jobs,
        folder=analysis.folder.file(REFITS),
        progress=lambda done, total: analysis.notify(name, done, total),
    )
    return [arrays for _, arrays in sorted(found, key=itemgetter(0))]
