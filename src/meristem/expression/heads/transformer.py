"""A transformer over haplotypes, trained on many genes at once or on each by itself.

The network learns what all genes share; a closed-form readout then gives every gene
trained on its own weights of the network's outputs, shrunk by leaving lines out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from meristem.config.expression.heads import TransformerOptions
from meristem.expression.heads.encoder import HaplotypeEncoder
from meristem.expression.heads.losses import within_gene_loss
from meristem.expression.heads.readout import Readout, fit_readout
from meristem.expression.heads.training import GeneRows, training_genes
from meristem.expression.panel import EmbeddedPanel
from meristem.records import FloatArray, IntArray
from meristem.train.descent import FitSettings, History, Losses, fit_network

_LARGEST = 10.0  # of a scaled delta


@dataclass(frozen=True)
class TransformerHead:
    """A trained encoder and the readouts of the genes it was trained on.

    Attributes
    ----------
    network
        Ready to predict.
    scale
        (n_channel,) what deltas are divided by.
    latent_scale
        Root mean square of the encoder's outputs, and of its effects.
    readout
        Gene -> its weights.
    history
        Losses by epoch.
    """

    network: HaplotypeEncoder
    scale: FloatArray
    latent_scale: tuple[float, float]
    readout: Mapping[str, Readout]
    history: History
    kind: str = "transformer"

    def predict(
        self, panel: EmbeddedPanel, rows: IntArray, genes: IntArray
    ) -> FloatArray:  # (n_row, n_gene)
        """Return predictions, see `protocol.FittedHead`."""
        out = np.zeros((len(rows), len(genes)))
        number = {name: i for i, name in enumerate(self.readout)}
        for column, gene in enumerate(genes):
            name = str(panel.genes[gene])
            share = panel.dosage(gene)[rows] / panel.ploidy
            deltas = torch.from_numpy(scaled_deltas(panel, gene, self.scale))
            latent, effect = _read(self.network, deltas, number.get(name, len(number)))
            own = self.readout.get(name)
            if own is None:
                out[:, column] = share @ effect
                continue
            features = self._features(latent, effect)
            out[:, column] = own.intercept + share @ (features @ own.weight)
        return out

    def _features(self, latent: FloatArray, effect: FloatArray) -> FloatArray:
        return readout_features(latent, effect, self.latent_scale)


@dataclass(frozen=True)
class TransformerPerGene:
    """Gene -> the head trained on it alone."""

    head: Mapping[str, TransformerHead]
    kind: str = "transformer"

    def predict(
        self, panel: EmbeddedPanel, rows: IntArray, genes: IntArray
    ) -> FloatArray:  # (n_row, n_gene)
        """Return predictions, see `protocol.FittedHead`; of other genes NaN."""
        out = np.full((len(rows), len(genes)), np.nan)
        for column, gene in enumerate(genes):
            own = self.head.get(str(panel.genes[gene]))
            if own is not None:
                out[:, [column]] = own.predict(panel, rows, np.array([gene]))
        return out


def fit_transformer(
    panel: EmbeddedPanel,
    expression: FloatArray,  # (n_line, n_gene)
    rows: IntArray,
    options: TransformerOptions,
    rng: np.random.Generator,
) -> TransformerHead | TransformerPerGene:
    """Train the encoder on expression standardised within genes.

    Every distinct haplotype is read once; the effect on a line is the mean over its
    copies. Some of the training lines are held out to stop in time.

    Parameters
    ----------
    panel, expression, rows
        See `training.training_genes`.
    options
        Shape and training.
    rng
        Weights, order of genes, lines held out.
    """
    genes = training_genes(panel, expression, rows)
    if options.scope == "all_genes":
        return _fit_together(panel, genes, rows, options, rng)
    return TransformerPerGene(
        {
            str(panel.genes[one.gene]): _fit_together(panel, [one], rows, options, rng)
            for one in genes
        }
    )


def _fit_together(
    panel: EmbeddedPanel,
    genes: Sequence[GeneRows],
    rows: IntArray,
    options: TransformerOptions,
    rng: np.random.Generator,
) -> TransformerHead:
    scale = channel_scale(panel, genes)
    torch.manual_seed(int(rng.integers(2**31)))
    network = HaplotypeEncoder(
        panel.channels.size, panel.positions, len(genes), options
    )
    n_held = max(1, round(options.held_out * len(rows)))
    held = rng.permutation(rows)[:n_held]
    batches = _GeneBatches(panel, genes, rows, held, scale, options.genes_at_once)

    def objective(x: Tensor, numbers: Tensor, epoch: int) -> Losses:
        batch = batches.content(numbers)
        latent = network.latent(batch.deltas)
        effect = network.effect(latent, numbers[batch.owner])
        each = torch.zeros(batch.share.shape[0], batch.share.shape[2])
        each[batch.owner, batch.slot] = effect
        predicted = torch.bmm(batch.share, each[:, :, None])[:, :, 0]
        predicted = predicted + network.intercept[numbers][:, None]
        loss = within_gene_loss(
            batch.value, predicted, batch.train, options.pairwise
        ).mean()
        residual = (batch.value - predicted) * batch.held
        count = batch.held.sum(dim=1).clamp(min=1)
        error = (residual**2).sum(dim=1) - residual.sum(dim=1) ** 2 / count
        return Losses(loss[None], error.sum()[None], batch.held.sum()[None])

    settings = FitSettings(
        learning_rate=options.learning_rate,
        weight_decay=options.weight_decay,
        epochs=options.epochs,
        patience=options.patience,
        warmup=3,
        check_every=1,
    )
    history = fit_network(network, batches, objective, settings, rng=rng)
    return _with_readouts(panel, genes, network, scale, history)


def _with_readouts(
    panel: EmbeddedPanel,
    genes: Sequence[GeneRows],
    network: HaplotypeEncoder,
    scale: FloatArray,
    history: History,
) -> TransformerHead:
    read = [
        _read(network, torch.from_numpy(scaled_deltas(panel, one.gene, scale)), number)
        for number, one in enumerate(genes)
    ]
    sizes = (
        float(np.sqrt(np.mean(np.concatenate([latent for latent, _ in read]) ** 2))),
        float(np.sqrt(np.mean(np.concatenate([effect for _, effect in read]) ** 2))),
    )
    readout = {
        str(panel.genes[one.gene]): fit_readout(
            one.share @ readout_features(latent, effect, sizes), one.y
        )
        for one, (latent, effect) in zip(genes, read, strict=True)
    }
    return TransformerHead(network, scale, sizes, readout, history)


def readout_features(
    latent: FloatArray,  # (n_haplotype, width)
    effect: FloatArray,  # (n_haplotype,)
    sizes: tuple[float, float],
) -> FloatArray:  # (n_haplotype, width + 1)
    """Return outputs of the encoder, and its effect, which weighs as much."""
    width = latent.shape[1]
    parts = (
        latent / max(sizes[0], 1e-9) / np.sqrt(width),
        effect[:, None] / max(sizes[1], 1e-9),
    )
    return np.concatenate(parts, axis=1)


@torch.no_grad()
def _read(
    network: HaplotypeEncoder, deltas: Tensor, gene: int
) -> tuple[FloatArray, FloatArray]:
    latent = network.latent(deltas)
    number = torch.full((len(deltas),), gene)
    effect = network.effect(latent, number)
    return latent.double().numpy(), effect.double().numpy()


def scaled_deltas(
    panel: EmbeddedPanel, gene: int, scale: FloatArray
) -> np.ndarray:  # (n_haplotype, n_bin, n_channel) float32
    """Return deltas of a gene by bin, divided by the scale of their channel."""
    deltas = panel.haplotypes(gene).reshape(-1, panel.n_bin, panel.channels.size)
    return np.clip(deltas / scale, -_LARGEST, _LARGEST).astype(np.float32)


def channel_scale(
    panel: EmbeddedPanel, genes: Sequence[GeneRows]
) -> FloatArray:  # (n_channel,)
    """Return the root mean square of every channel where it is not zero."""
    total, count = np.zeros(panel.channels.size), np.zeros(panel.channels.size)
    for one in genes:
        deltas = panel.haplotypes(one.gene).reshape(-1, panel.channels.size)
        total += (deltas.astype(float) ** 2).sum(axis=0)
        count += (np.abs(deltas) > 1e-6).sum(axis=0)
    return np.sqrt(np.where(count > 0, total / np.maximum(count, 1), 1.0))


@dataclass(frozen=True)
class _Batch:
    deltas: Tensor  # (n, n_bin, n_channel) haplotypes of all genes of the batch
    owner: Tensor  # (n,) gene within the batch
    slot: Tensor  # (n,) haplotype of the gene
    share: Tensor  # (n_gene, n_line, most haplotypes)
    value: Tensor  # (n_gene, n_line) standardised; 0 where not measured
    train: Tensor  # (n_gene, n_line) 1 where it counts
    held: Tensor  # (n_gene, n_line)


class _GeneBatches:
    """Genes in random order, so many at once."""

    def __init__(
        self,
        panel: EmbeddedPanel,
        genes: Sequence[GeneRows],
        rows: IntArray,
        held: IntArray,
        scale: FloatArray,
        at_once: int,
    ) -> None:
        self._panel, self._genes, self._scale = panel, genes, scale
        self._at_once = at_once
        self._place = np.full(panel.lines.size, -1)
        self._place[rows] = np.arange(len(rows))
        self._n_line = len(rows)
        self._is_held = np.isin(np.arange(panel.lines.size), held)
        self.n_batch = -(-len(genes) // at_once)

    def epoch(self, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield nothing, and the numbers of the genes of a batch."""
        order = torch.from_numpy(rng.permutation(len(self._genes)))
        for numbers in torch.split(order, self._at_once):
            yield torch.empty(0), numbers

    def content(self, numbers: Tensor) -> _Batch:
        """Return what a batch holds."""
        genes = [self._genes[int(i)] for i in numbers]
        sizes = [one.share.shape[1] for one in genes]
        deltas = [scaled_deltas(self._panel, one.gene, self._scale) for one in genes]
        shape = (len(genes), self._n_line)
        share = np.zeros((*shape, max(sizes)), np.float32)
        value, train, held = (np.zeros(shape, np.float32) for _ in range(3))
        for row, one in enumerate(genes):
            at = self._place[one.rows]
            share[row, at, : one.share.shape[1]] = one.share
            kept = ~self._is_held[one.rows]
            level, spread = one.y[kept].mean(), one.y[kept].std() or 1.0
            value[row, at] = (one.y - level) / spread
            train[row, at[kept]] = 1
            held[row, at[~kept]] = 1
        return _Batch(
            torch.from_numpy(np.concatenate(deltas)),
            torch.repeat_interleave(torch.arange(len(genes)), torch.tensor(sizes)),
            torch.cat([torch.arange(size) for size in sizes]),
            *(torch.from_numpy(array) for array in (share, value, train, held)),
        )
