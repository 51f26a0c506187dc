"""Saturation mutagenesis and variant effects by a network, beside tangermeme.

The same network with random weights, one thread, rounds interleaved, median process
CPU time. Effects are those of SNPs far apart, one window of 110 bp around each.

    python benchmarks/speed/sequence/mutagenesis.py --json mutagenesis.json
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import tangermeme
import torch
from tangermeme.saturation_mutagenesis import saturation_mutagenesis
from tangermeme.variant_effect import substitution_effect
from torch import nn

from meristem.sequence.inputs.onehot import encode
from meristem.sequence.interpretation.gradients import TaskView
from meristem.sequence.interpretation.mutagenesis import saturate
from meristem.sequence.models.networks.attention import build_attention
from meristem.sequence.models.networks.cnn import build_cnn
from meristem.sequence.models.networks.dilated import build_dilated
from meristem.sequence.models.networks.ensemble import NetworkEnsemble
from meristem.sequence.models.networks.recurrent import build_recurrent
from meristem.sequence.models.networks.residual import build_residual
from meristem.sequence.models.options import NetworkOptions
from meristem.sequence.training.losses import Loss
from meristem.sequence.training.options import TrainOptions
from meristem.sequence.variants.model_effects import ModelScorer
from meristem.sequence.variants.occupancy import Change

WINDOW, SEQUENCES, SNPS, ROUNDS = 110, 4, 1000, 7
BUILDS = {
    "cnn": build_cnn,
    "dilated": build_dilated,
    "residual": build_residual,
    "attention": build_attention,
    "recurrent": build_recurrent,
}


def ensemble(kind: str) -> NetworkEnsemble:
    """Return one network with weights drawn at random, ready to predict."""
    torch.manual_seed(1)
    options = NetworkOptions()
    network = BUILDS[kind](options, WINDOW, 1).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    loss = Loss("regression", np.zeros(1), np.ones(1), np.zeros((1, 1)))
    train = TrainOptions(members=1)
    return NetworkEnsemble(
        kind, options, train, ("y",), WINDOW, "both", loss, (network,)
    )


def ratios(jobs: dict, rounds: int) -> dict[str, float]:
    """Return median CPU seconds of every job, and the median ratio of the rounds."""
    for job in jobs.values():
        job()
    spent: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            begin = time.process_time()
            job()
            spent[name].append(time.process_time() - begin)
    median = {name: float(np.median(own)) for name, own in spent.items()}
    pairs = np.array(spent["tangermeme"]) / np.array(spent["meristem"])
    return {**median, "ratio": float(np.median(pairs))}


def main() -> None:
    """Print CPU seconds of both, and how often ours fits into theirs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    words = parser.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    letters = rng.choice(list("ACGT"), (SEQUENCES, WINDOW))
    onehot = encode(["".join(row) for row in letters])
    contig = np.frombuffer(b"ACGT", np.uint8)[rng.integers(0, 4, SNPS * 300)]
    place = np.arange(SNPS) * 300 + 150
    alt = [chr(b) for b in rng.choice(list(b"ACGT"), SNPS)]
    changes = [Change(int(p), int(p) + 1, a) for p, a in zip(place, alt, strict=True)]
    middle = WINDOW // 2  # where the scorer puts one window
    windows = contig[place[:, None] - middle + np.arange(WINDOW)]
    x = torch.from_numpy(encode([row.tobytes().decode() for row in windows]))
    asked = torch.tensor([[i, middle, "ACGT".index(a)] for i, a in enumerate(alt)])
    found: dict[str, object] = {"tangermeme": tangermeme.__version__}
    for kind in BUILDS:
        model = ensemble(kind)
        view = TaskView(model.networks[0], model.loss, 0, both=True).eval()
        scorer = ModelScorer(model, "x", WINDOW, 1)

        def theirs(view: nn.Module = view) -> np.ndarray:
            made = saturation_mutagenesis(
                view, torch.from_numpy(onehot), raw_outputs=True, device="cpu"
            )
            return (made[1] - made[0][:, None, None])[..., 0].numpy()

        def effects(view: nn.Module = view) -> np.ndarray:
            with torch.no_grad():
                made = substitution_effect(view, x, asked, device="cpu")
            return (made[1] - made[0])[:, 0].numpy()

        def ours(model: NetworkEnsemble = model) -> np.ndarray:
            return saturate(model, onehot)[..., 0]

        def scored(scorer: ModelScorer = scorer) -> list[float]:
            return [one[0].score for one in scorer.effects(contig, changes)]

        assert np.allclose(theirs(), ours(), atol=1e-5)
        assert np.allclose(effects(), scored(), atol=1e-5)
        found[kind] = {
            "saturation": ratios(
                {"tangermeme": theirs, "meristem": ours}, words.rounds
            ),
            "effects": ratios(
                {"tangermeme": effects, "meristem": scored}, words.rounds
            ),
        }
    print(json.dumps(found, indent=1))
    if words.json:
        words.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
