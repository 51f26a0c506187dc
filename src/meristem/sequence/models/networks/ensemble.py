"""A fitted ensemble of networks, averaged over both strands."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from meristem.errors import ConfigError
from meristem.records import FloatArray, IntArray
from meristem.sequence.features.occupancy import log_odds
from meristem.sequence.inputs.onehot import (
    COMPLEMENT,
    OneHot,
    Pad,
    flip,
    hard_codes,
    one_hot,
    substitute,
)
from meristem.sequence.models.closed_form import (
    ClosedForm,
    fit_closed_form,
    restore_closed_form,
)
from meristem.sequence.models.networks.lean import Lean, lean
from meristem.sequence.models.networks.local import changed_outputs
from meristem.sequence.models.options import MotifOptions, NetworkOptions
from meristem.sequence.models.protocol import SequenceModel
from meristem.sequence.models.store import write_model
from meristem.sequence.motifs.motif import Motif
from meristem.sequence.training.fit import Course, Rows, run_network, train_network
from meristem.sequence.training.losses import Loss, make_loss
from meristem.sequence.training.options import TrainOptions
from meristem.stats.folds import grouped_folds

Build = Callable[[NetworkOptions, int, int], nn.Sequential]

_OFFSET_FOLDS = 5
_BASES = 8192  # of sequences at a time, which fit into a cache
_CHANGED_BASES = 32_768  # of sequences whose maps are kept for their changes


@dataclass(frozen=True)
class NetworkEnsemble:
    """Networks of other seeds that predict together.

    Attributes
    ----------
    kind, options, train
        Of the networks, and how they were trained.
    tasks, window, pad
        As of `protocol.SequenceModel`.
    loss
        What their outputs mean.
    networks
        The members, ready to predict.
    offset
        Model whose predictions they add to; None without.
    courses
        Losses by epoch, one per member; empty once restored.
    """

    kind: str
    options: NetworkOptions
    train: TrainOptions
    tasks: tuple[str, ...]
    window: int
    pad: Pad
    loss: Loss
    networks: tuple[nn.Sequential, ...]
    offset: ClosedForm | None = None
    courses: tuple[Course, ...] = field(default=(), compare=False)

    def predict(self, onehot: OneHot) -> FloatArray:  # (n, n_task)
        """Return the mean over members and strands."""
        return self.ensemble(onehot).mean(axis=0)

    def ensemble(self, onehot: OneHot) -> FloatArray:  # (n_member, n, n_task)
        """Return predictions of every member."""
        _refuse_length(onehot, self.window)
        found = np.zeros((len(self.networks), len(onehot), len(self.tasks)))
        step = max(_BASES // self.window, 1)
        for start in range(0, len(onehot), step):
            cut = slice(start, start + step)
            found[:, cut] = self._some(onehot[cut])
        if self.offset is not None and len(onehot):
            found += self.offset.predict(onehot) - self.loss.centre
        return found

    @cached_property
    def lean(self) -> tuple[Lean, ...]:
        """The members as they predict."""
        return tuple(lean(network) for network in self.networks)

    @property
    def n_strand(self) -> int:
        """Strands that predictions are averaged over."""
        return 1 if self.train.strands == "given" else 2

    @torch.inference_mode()
    def _some(self, onehot: OneHot) -> FloatArray:  # (n_member, n, n_task)
        codes = hard_codes(onehot)
        members: Sequence[Callable[[Tensor], Tensor]] = self.networks
        if codes is None:  # shares of bases, which no table holds
            both = [onehot, flip(onehot)]
            x = torch.from_numpy(np.concatenate(both[: self.n_strand]))
        else:
            members = self.lean
            x = torch.from_numpy(_strands(codes, self.n_strand))
        value = torch.stack([self.loss.value(member(x)) for member in members])
        strands = (
            value.numpy()
            .astype(np.float64)
            .reshape(len(members), self.n_strand, len(onehot), -1)
        )
        return np.asarray(strands.mean(axis=1))

    def substituted(
        self,
        codes: NDArray[np.uint8],  # (n, window)
        row: IntArray,  # (m,) of the sequences
        place: IntArray,  # (m,) of known bases
        base: IntArray,  # (m,) 0 to 3
    ) -> FloatArray:  # (n_member, m, n_task)
        """Return predictions with one base replaced minus without, of every member.

        Only what the base reaches is computed anew.
        """
        _refuse_length(codes, self.window)
        found = np.zeros((len(self.networks), len(row), len(self.tasks)))
        # Sequences that are changed at the same place stand together: few phases each.
        where = np.full(len(codes), self.window)
        where[row[::-1]] = place[::-1]
        together = np.argsort(where, kind="stable")
        rank = np.argsort(together)[row]
        order = np.argsort(rank, kind="stable")
        step = max(_CHANGED_BASES // self.window, 1)
        for start in range(0, len(codes), step):
            ends = np.searchsorted(rank, (start, start + step), sorter=order)
            own = order[slice(*ends)]
            if own.size:
                asked = rank[own] - start, place[own], base[own]
                some = codes[together[start : start + step]]
                found[:, own] = self._changed(some, asked)
        if self.offset is not None and len(row):
            onehot = one_hot(codes)
            made = substitute(onehot, row, place, base)
            found += self.offset.predict(made) - self.offset.predict(onehot)[row]
        return found

    @torch.inference_mode()
    def _changed(
        self, codes: NDArray[np.uint8], asked: tuple[IntArray, IntArray, IntArray]
    ) -> FloatArray:  # (n_member, m, n_task)
        """Return what the networks make of changes: of row, place and base."""
        row, place, base = asked
        other = row + len(codes), self.window - 1 - place, 3 - base
        both = [
            torch.from_numpy(np.concatenate(pair[: self.n_strand]).astype(np.int64))
            for pair in zip(asked, other, strict=True)
        ]
        strands = torch.from_numpy(_strands(codes, self.n_strand))
        found = []
        for member in self.lean:
            plain, changed = changed_outputs(member, strands, *both)
            value = self.loss.value(changed) - self.loss.value(plain)[both[0]]
            found.append(value.view(self.n_strand, len(row), -1).mean(0))
        return np.asarray(torch.stack(found).numpy(), dtype=np.float64)

    def hidden(self, onehot: OneHot) -> NDArray[np.float32]:  # (n, n_hidden)
        """Return the units before the output, of all members, mean over strands."""
        _refuse_length(onehot, self.window)
        views = [onehot] if self.train.strands == "given" else [onehot, flip(onehot)]
        parts = []
        for network in self.networks:
            trunk = network[:-1]
            read = [run_network(trunk, view).numpy() for view in views]
            parts.append(np.mean(read, axis=0))
        return np.concatenate(parts, axis=1).astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write the model into a folder; that of the offset inside it."""
        arrays: dict[str, NDArray] = {
            f"member{number}/{name}": tensor.numpy()
            for number, network in enumerate(self.networks)
            for name, tensor in network.state_dict().items()
        }
        arrays |= {
            "loss/centre": self.loss.centre,
            "loss/scale": self.loss.scale,
            "loss/bins": self.loss.bins,
        }
        record = {
            "kind": self.kind,
            "options": self.options.model_dump(mode="json"),
            "train": self.train.model_dump(mode="json"),
            "tasks": list(self.tasks),
            "window": self.window,
            "pad": self.pad,
            "members": len(self.networks),
            "offset": self.offset is not None,
        }
        if self.offset is not None:
            self.offset.save(folder / "offset")
        write_model(folder, record, arrays)


def _strands(
    codes: NDArray[np.uint8],  # (n, length)
    n_strand: int,
) -> NDArray[np.uint8]:  # (n_strand * n, length)
    """Return sequences, and behind them their reverse complements."""
    return np.concatenate([codes, COMPLEMENT[codes[:, ::-1]]][:n_strand])


def _refuse_length(sequences: NDArray, window: int) -> None:  # (n, ..., length)
    length = sequences.shape[-1]
    if length != window:
        raise ConfigError(
            f"the network reads {window} bp, and the sequences have {length}",
            remedy="encode them with the window and padding of the model",
        )


@dataclass(frozen=True)
class NetworkPlan:
    """An ensemble to be trained.

    Attributes
    ----------
    kind, build
        Name in the catalogue, and what makes a network of it.
    options, train
        Shape and training.
    tasks
        Names of the columns of values.
    pad
        Kept for prediction.
    motifs
        To begin the first layer with (``options.motifs``), or for the motif model that
        is added to (``options.offset``).
    """

    kind: str
    build: Build
    options: NetworkOptions
    train: TrainOptions
    tasks: tuple[str, ...]
    pad: Pad = "both"
    motifs: tuple[Motif, ...] = ()


def fit_networks(
    plan: NetworkPlan,
    rows: Rows,
    rng: np.random.Generator,
    *,
    start: NetworkEnsemble | None = None,
    freeze: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> NetworkEnsemble:
    """Train the members of an ensemble.

    Parameters
    ----------
    plan
        What to train.
    rows
        Training rows.
    rng
        Source of the seeds.
    start
        Ensemble to continue from: all weights that fit are taken over.
    freeze
        Train the output head alone.
    progress
        Called with epochs done and in all, over members.
    """
    options, train, tasks = plan.options, plan.train, plan.tasks
    window = rows.onehot.shape[2]
    loss = make_loss(train.loss, rows.value, tasks, train.bins)
    offset = None
    if options.offset:
        offset, rows = _with_offset(rows, loss, plan, rng)
    networks, courses = [], []
    for member in range(train.members):
        torch.manual_seed(int(rng.integers(2**31)))
        network = plan.build(options, window, loss.n_output)
        if options.motifs:
            plant_motifs(network, plan.motifs, rng)
        if start is not None:
            _continue(network, start.networks[member % len(start.networks)], freeze)

        def tell(done: int, total: int, member: int = member) -> None:
            if progress is not None:
                progress(member * total + done, train.members * total)

        courses.append(train_network(network, rows, loss, train, rng, tell))
        networks.append(network)
    return NetworkEnsemble(
        plan.kind,
        options,
        train,
        tasks,
        window,
        plan.pad,
        loss,
        tuple(networks),
        offset,
        tuple(courses),
    )


def _with_offset(
    rows: Rows, loss: Loss, plan: NetworkPlan, rng: np.random.Generator
) -> tuple[ClosedForm, Rows]:
    """Return the motif model, and rows with its predictions made out of fold.

    In-sample predictions would leave residuals that are smaller than those of new
    sequences, and the networks would learn too little.
    """
    if loss.name != "regression":
        raise ConfigError(
            f"an offset needs loss = 'regression', not {loss.name!r}",
            where="model.offset",
            remedy="leave it out",
        )

    def fit(picked: NDArray[np.bool_]) -> ClosedForm:
        own = rows.take(picked)
        return fit_closed_form(
            own.onehot,
            own.value,
            own.group,
            MotifOptions(),
            tasks=plan.tasks,
            rng=rng,
            pad=plan.pad,
            motifs=plan.motifs,
        )

    number = min(_OFFSET_FOLDS, np.unique(rows.group).size)
    fold = grouped_folds(rows.group, number, rng)
    offset = np.zeros_like(rows.value)
    for place in range(number):
        out = fold == place
        offset[out] = fit(~out).predict(rows.onehot[out])
    whole = fit(np.ones(len(rows.value), dtype=bool))
    return whole, replace(rows, offset=(offset - loss.centre) / loss.scale)


def plant_motifs(
    network: nn.Sequential, motifs: Sequence[Motif], rng: np.random.Generator
) -> None:
    """Begin the filters of the first layer with the log-odds of motifs.

    Every second filter holds a motif on one of its strands, drawn at random; the
    others stay as they are, to learn what the set lacks.
    """
    first = network[0]
    if not isinstance(first, nn.Conv1d) or not motifs:
        return
    weight = first.weight.detach().clone()
    n_filter, _, width = weight.shape
    size = float(weight.norm(dim=(1, 2)).mean())
    drawn = rng.permutation(len(motifs))[: n_filter // 2]
    for row, place in enumerate(drawn):
        odds = log_odds(motifs[int(place)].probability)
        if rng.random() < 0.5:
            odds = odds[::-1, ::-1]
        spare = odds.shape[1] - width
        if spare > 0:  # keep the part that says most
            power = (odds**2).sum(axis=0)
            sums = [power[i : i + width].sum() for i in range(spare + 1)]
            begin = int(np.argmax(sums))
            odds = odds[:, begin : begin + width]
        begin = (width - odds.shape[1]) // 2
        kernel = np.zeros((4, width))
        kernel[:, begin : begin + odds.shape[1]] = odds
        kernel *= size / max(float(np.linalg.norm(kernel)), 1e-9)
        weight[2 * row] = torch.from_numpy(kernel)
    with torch.no_grad():
        first.weight.copy_(weight)


def _continue(network: nn.Sequential, earlier: nn.Sequential, freeze: bool) -> None:
    """Take over all weights of the same name and shape; the output alone may differ."""
    own, known = network.state_dict(), earlier.state_dict()
    fits = {n: v for n, v in known.items() if n in own and own[n].shape == v.shape}
    if len(fits) < len(own) - 2:
        raise ConfigError(
            "the earlier networks have another shape",
            where="models.start",
            remedy="give this model the kind, the options and the window "
            "(inputs.length) of that run",
        )
    network.load_state_dict({**own, **fits})
    if freeze:
        last = len(network) - 1
        for number, module in enumerate(network):
            if number == last or isinstance(module, nn.BatchNorm1d):
                continue
            for parameter in module.parameters():
                parameter.requires_grad_(False)


def redrawn(model: SequenceModel, seed: int) -> NetworkEnsemble:
    """Return the same networks with weights drawn anew, never trained.

    Raises
    ------
    ConfigError
        If the model is made of no networks.
    """
    if not isinstance(model, NetworkEnsemble):
        raise ConfigError(
            f"a model of kind {model.kind!r} has no weights that could be untrained",
            where="embed.model",
            remedy="name a run with a network (cnn, dilated, ...), or choose it with "
            "`label`",
        )
    networks = []
    for number, trained in enumerate(model.networks):
        torch.manual_seed(seed + number)
        network = copy.deepcopy(trained)
        for module in network.modules():
            reset = getattr(module, "reset_parameters", None)
            if callable(reset):
                reset()
                continue
            for parameter in module.parameters(recurse=False):
                nn.init.normal_(parameter, std=0.02)
        networks.append(network.eval())
    return replace(model, networks=tuple(networks), offset=None)


def restore_networks(
    record: dict,
    arrays: dict[str, NDArray],
    build: Build,
    offset: tuple[dict, dict[str, NDArray]] | None,
) -> NetworkEnsemble:
    """Return the ensemble that `NetworkEnsemble.save` wrote.

    Parameters
    ----------
    record, arrays
        As `store.read_model` gives them.
    build
        What makes a network of the kind.
    offset
        Record and arrays of the model that is added to.
    """
    options = NetworkOptions.model_validate(record["options"])
    train = TrainOptions.model_validate(record["train"])
    parts = (arrays[f"loss/{name}"] for name in ("centre", "scale", "bins"))
    loss = Loss(train.loss, *parts)
    networks = []
    for number in range(int(record["members"])):
        network = build(options, int(record["window"]), loss.n_output)
        head = f"member{number}/"
        state = {
            name.removeprefix(head): torch.from_numpy(array.copy())
            for name, array in arrays.items()
            if name.startswith(head)
        }
        network.load_state_dict(state)
        network.eval()
        networks.append(network)
    added = None
    if offset is not None:
        kind = MotifOptions.model_validate(offset[0]["options"])
        added = restore_closed_form(*offset, kind)
    return NetworkEnsemble(
        record["kind"],
        options,
        train,
        tuple(record["tasks"]),
        int(record["window"]),
        record["pad"],
        loss,
        tuple(networks),
        added,
    )
