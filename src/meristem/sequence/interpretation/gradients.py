"""Attributions from gradients, and how far they are from adding up.

All are of one network output in units of its task (the logit of a binary task, the
logarithm of a rate of counts), averaged over strands and members.

References
----------
Simonyan, Vedaldi & Zisserman 2014, ICLR (saliency); Sundararajan, Taly & Yan 2017,
ICML (integrated gradients); Shrikumar, Greenside & Kundaje 2017, ICML (DeepLIFT);
Majdandzic et al. 2023, Genome Biol 24:109 (centred gradients).
"""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from meristem.errors import ConfigError
from meristem.records import FloatArray
from meristem.sequence.inputs.onehot import OneHot
from meristem.sequence.models.catalog import find_kind
from meristem.sequence.models.networks.blocks import Exponential
from meristem.sequence.models.networks.ensemble import NetworkEnsemble
from meristem.sequence.models.protocol import SequenceModel
from meristem.sequence.training.losses import Loss

_LOG = logging.getLogger(__name__)

Method = Literal["saliency", "input_x_gradient", "integrated", "deeplift"]
METHODS: tuple[Method, ...] = ("saliency", "input_x_gradient", "integrated", "deeplift")

TOLERANCE = 1e-3
"""Largest share of the change that attributions may miss."""

_FIRST_PARTS, _MOST_PARTS = 64, 16_384  # of the path of integrated gradients
_AT_ONCE = 64  # parts that are halved together


@dataclass(frozen=True)
class Attribution:
    """What every base adds to a prediction."""

    method: str
    value: FloatArray  # (n, 4, length) zero where a base is not there
    gap: FloatArray  # (n,) share of the change that is missed; NaN: no such promise


class TaskView(nn.Module):
    """One task of a network, averaged over strands."""

    def __init__(self, network: nn.Module, loss: Loss, task: int, both: bool) -> None:
        super().__init__()
        self.network = network
        self.task = task
        self.both = both
        self.by_bins = loss.name == "bins"
        if self.by_bins:
            self.shape = loss.bins.shape
            self.softmax = nn.Softmax(dim=-1)
            self.bins = nn.Linear(loss.bins.shape[1], 1, bias=False)
            self.bins.weight.data = torch.tensor(
                loss.bins[task][None], dtype=torch.float32
            )
        self.scale = float(loss.scale[task]) if loss.name == "regression" else 1.0

    def forward(self, x: Tensor) -> Tensor:  # (n, 4, length) -> (n, 1)
        """Return the output."""
        n = len(x)
        if self.both:
            # One pass: a module that is called twice loses its bookkeeping. The strands
            # of a sequence stand together, so that halves of the batch (DeepLIFT: the
            # sequences and their references) stay halves.
            x = torch.stack([x, x.flip(1, 2)], dim=1).flatten(0, 1)
        raw = self.network(x)
        if self.by_bins:
            raw = self.bins(self.softmax(raw.unflatten(-1, self.shape)[:, self.task]))
        else:
            raw = raw[:, self.task : self.task + 1]
        raw = raw * self.scale
        return raw.view(n, 2, 1).mean(1) if self.both else raw


def attribute(
    model: SequenceModel,
    onehot: OneHot,  # (n, 4, length)
    task: int,
    method: Method,
    seed: int = 0,
) -> Attribution:
    """Return attributions of an ensemble of networks.

    Parameters
    ----------
    model
        An ensemble without an offset.
    onehot
        Sequences in the window of the model.
    task
        Number of the task.
    method
        ``saliency``: gradient, centred over bases, at the base that is there;
        ``input_x_gradient``: the same without centring; ``integrated``: from equal
        bases to the sequence; ``deeplift``: against shuffles that keep pairs of bases
        (needs tangermeme).
    seed
        Of the shuffles.

    Raises
    ------
    ConfigError
        If the model has no gradients, or its layers do not pass contributions on.
    """
    if not isinstance(model, NetworkEnsemble) or model.offset is not None:
        what = (
            "has no gradients"
            if not isinstance(model, NetworkEnsemble)
            else ("adds to a motif model, which gradients do not see")
        )
        raise ConfigError(
            f"a model of kind {model.kind!r} {what}",
            where="method",
            remedy="use method 'ism', which takes any model",
        )
    if method == "deeplift" and not find_kind(model.kind).propagates:
        raise ConfigError(
            f"contributions cannot be propagated through a {model.kind!r} network",
            where="method",
            remedy="use 'integrated' or 'ism'",
        )
    both = model.train.strands == "both"
    values, gaps = [], []
    for network in model.networks:
        view = TaskView(network, model.loss, task, both).eval()
        value, gap = _one(view, onehot, method, seed)
        values.append(value)
        gaps.append(gap)
    gap = np.max(gaps, axis=0)
    if (n_missed := int((gap > TOLERANCE).sum())) > 0:
        _LOG.warning(
            "%s: the maps of %d sequences miss up to %.2g of the change they should "
            "add up to",
            method,
            n_missed,
            np.nanmax(gap),
        )
    return Attribution(method, np.mean(values, axis=0), gap)


def _one(
    view: TaskView, onehot: OneHot, method: Method, seed: int
) -> tuple[FloatArray, FloatArray]:
    none = np.full(len(onehot), np.nan)
    if method == "integrated":
        return _integrated(view, onehot)
    if method == "deeplift":
        return _deeplift(view, onehot, seed)
    gradient = _gradient(view, torch.from_numpy(onehot)).numpy().astype(np.float64)
    if method == "saliency":
        gradient = gradient - gradient.mean(axis=1, keepdims=True)
    return gradient * onehot, none


def _gradient(view: TaskView, x: Tensor) -> Tensor:
    x = x.clone().requires_grad_(True)
    with torch.backends.cudnn.flags(enabled=False):
        (found,) = torch.autograd.grad(view(x).sum(), x)
    return found.detach()


def _integrated(view: TaskView, onehot: OneHot) -> tuple[FloatArray, FloatArray]:
    """Return integrated gradients along paths divided until they add up."""
    values, gaps = np.zeros(onehot.shape), np.zeros(len(onehot))
    for row in range(len(onehot)):
        x = torch.from_numpy(onehot[row])
        base = 0.25 * x.sum(0, keepdim=True).expand(4, -1)
        total, gaps[row] = _path(view, x, base)
        # what the four bases of a position add is written at the base that is there
        values[row] = total * onehot[row]
    return values, gaps


def _path(view: TaskView, x: Tensor, base: Tensor) -> tuple[FloatArray, float]:
    """Return what every position adds from base to x (length,), and the share missed.

    The gradient jumps where a unit switches on or another becomes the maximum: parts
    of the path whose gradient misses their change most are halved, so that steps are
    short at the jumps alone.
    """
    ends = torch.linspace(0, 1, _FIRST_PARTS + 1, dtype=torch.float64)
    left, right = ends[:-1], ends[1:]
    height = _heights(view, x, base, ends)
    change = height.diff()
    wanted = float(height[-1] - height[0])
    added = _added(view, x, base, left, right)  # (n_part, length)
    while True:
        missed = added.sum(1) - change
        gap = abs(float(missed.sum())) / max(abs(wanted), 1e-2)
        if gap < TOLERANCE / 2 or len(left) >= _MOST_PARTS:
            return added.sum(0).numpy(), gap
        order = missed.abs().argsort(descending=True)[:_AT_ONCE]
        share = missed.abs()[order].cumsum(0)
        worst = order[share <= max(float(share[-1]) / 2, float(share[0]))]
        low, high = left[worst], right[worst]
        middle = (low + high) / 2
        inner = _heights(view, x, base, torch.cat([low, middle, high])).view(3, -1)
        rest = torch.ones(len(left), dtype=torch.bool)
        rest[worst] = False
        left = torch.cat([left[rest], low, middle])
        right = torch.cat([right[rest], middle, high])
        change = torch.cat([change[rest], *inner.diff(dim=0)])
        n_new = 2 * len(worst)
        new = _added(view, x, base, left[-n_new:], right[-n_new:])
        added = torch.cat([added[rest], new])


def _points(x: Tensor, base: Tensor, at: Tensor) -> Tensor:
    return base + at.float()[:, None, None] * (x - base)


@torch.no_grad()
def _heights(view: TaskView, x: Tensor, base: Tensor, at: Tensor) -> Tensor:  # (n,)
    """Return predictions along the path; `at` from 0 to 1."""
    parts = [view(_points(x, base, part))[:, 0].double() for part in at.split(128)]
    return torch.cat(parts)


def _added(
    view: TaskView, x: Tensor, base: Tensor, left: Tensor, right: Tensor
) -> Tensor:  # (n_part, length)
    """Return what every position adds in every part, by the gradient in its middle."""
    middle = ((left + right) / 2).split(128)
    slope = torch.cat([_gradient(view, _points(x, base, part)) for part in middle])
    return ((slope * (x - base)).sum(1) * (right - left)[:, None]).double()


def _deeplift(
    view: TaskView, onehot: OneHot, seed: int
) -> tuple[FloatArray, FloatArray]:
    try:
        from tangermeme import _deep_lift_utils, deep_lift_shap  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            "DeepLIFT needs the package tangermeme, which is not installed",
            where="method",
            remedy="pip install 'meristem[sequence]', or use 'integrated'",
        ) from error
    if (onehot.sum(axis=1) < 0.5).any():
        raise ConfigError(
            "DeepLIFT takes no unknown bases or padding",
            where="method",
            remedy="use 'integrated', or give sequences as long as the window",
        )
    x = torch.from_numpy(onehot)
    rules: Any = {Exponential: _deep_lift_utils._nonlinear}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = deep_lift_shap.deep_lift_shap(
            view,
            x,
            n_shuffles=20,
            return_references=True,
            device="cpu",
            random_state=seed,
            additional_nonlinear_ops=rules,
            warning_threshold=1.0,
        )
    value, references = found[0].double(), found[1]
    with torch.no_grad():
        own = view(x)[:, 0].double()
        shuffled = view(references.float().flatten(0, 1))[:, 0].double()
    wanted = own - shuffled.view(len(x), -1).mean(1)
    gap = (value.sum((1, 2)) - wanted).abs() / wanted.abs().clamp(min=1e-2)
    return value.numpy(), gap.numpy()
