"""The published network, 25 at once: 5 seeds x 5 folds, against one after the other.

1,000 genes of 20 variants, h = 128 hidden units per gene and in the integrator, 600
lines, minibatches. Wall and CPU time of `--threads` threads after a first epoch; the
whole training is `--train-epochs` times one epoch, a check in five included.

    python benchmarks/speed/networks/networks.py --json networks.json
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from pathlib import Path

import numpy as np

os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

import torch

from meristem.nn.dag import NodeShape, PlanNetwork
from meristem.nn.losses import trait_error, trait_loss
from meristem.records import NetworkPlan, PlanLevel, VariantTable
from meristem.train import DosageBatches, FitSettings, Losses, fit_network

SIZES = {"small": (100, 20, 32, 200), "large": (1_000, 20, 128, 600)}
SEEDS, FOLDS = 5, 5
LIMIT_MINUTES = 3.0


def make_plan(n_gene, fan):
    """Return genes of `fan` variants each under one integrator."""
    n_variant = n_gene * fan
    names = np.array([f"v{i}" for i in range(n_variant)])
    text = np.full(n_variant, "")
    nodes = np.array([*(f"g{i}" for i in range(n_gene)), "integrator"])
    none = np.zeros(0, dtype=np.int64)
    return NetworkPlan(
        VariantTable(names, text, np.arange(n_variant), text, text),
        nodes,
        np.repeat(["gene", "term"], [n_gene, 1]),
        np.repeat([0, 1], [n_gene, 1]),
        (
            PlanLevel(
                0,
                n_gene,
                np.repeat(np.arange(n_gene), fan),
                np.arange(n_variant),
                none,
                none,
            ),
            PlanLevel(
                n_gene,
                1,
                none,
                none,
                np.zeros(n_gene, dtype=np.int64),
                np.arange(n_gene),
            ),
        ),
        np.array([n_gene]),
    )


def fit(plan, hidden, dosage, y, members, epochs, threads, batch):
    """Train `members` networks; return wall and CPU seconds per epoch."""
    shape = NodeShape((hidden,), (hidden,), activation="sigmoid")
    network = PlanNetwork(
        plan,
        shape,
        n_target=1,
        members=members,
        generator=torch.Generator().manual_seed(0),
    )
    n = dosage.shape[0]
    fold = torch.arange(n) % FOLDS
    held = torch.stack([(fold == k % FOLDS).float() for k in range(members)])
    weight = torch.ones_like(y)
    used = network.used_variant
    network.standardise(torch.ones(used.size), torch.ones(used.size))

    def objective(x, rows, epoch):
        value = network(x).value
        part = (y[:, rows], weight[:, rows])
        error, total = trait_error(value.detach(), *part, held[:, rows])
        return Losses(trait_loss(value, *part, 1 - held[:, rows]), error, total)

    batches = DosageBatches(dosage[:, used], torch.ones(used.size), batch)
    taken = []
    for count in (1, epochs):  # the first one pays for fresh memory
        settings = FitSettings(learning_rate=3e-3, epochs=count, threads=threads)
        wall, cpu = time.perf_counter(), time.process_time()
        fit_network(network, batches, objective, settings, rng=np.random.default_rng(0))
        taken = [time.perf_counter() - wall, time.process_time() - cpu]
    return [seconds / epochs for seconds in taken]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", choices=SIZES, default="large")
    parser.add_argument("--epochs", type=int, default=5, help="epochs measured")
    parser.add_argument("--train-epochs", type=int, default=30)
    parser.add_argument("--batch", type=int, default=150)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    rng = np.random.default_rng(1)
    n_gene, fan, hidden, n = SIZES[arguments.size]
    plan = make_plan(n_gene, fan)
    dosage = rng.integers(0, 3, (n, n_gene * fan), dtype=np.int8)
    y = torch.from_numpy(rng.normal(size=(1, n))).float()
    rest = (arguments.epochs, arguments.threads, arguments.batch)
    members = SEEDS * FOLDS
    alone = fit(plan, hidden, dosage, y, 1, *rest)
    together = fit(plan, hidden, dosage, y, members, *rest)
    minutes = [seconds * arguments.train_epochs / 60 for seconds in together]
    record = {
        "what": f"{members} networks in one tensor",
        "against": "one after the other",
        "ratio": round(together[1] / (members * alone[1]), 3),
        "minutes": round(minutes[0], 2),
        "cpu_minutes": round(minutes[1], 2),
        "wanted": f"< {LIMIT_MINUTES:g} minutes",
        "met": minutes[0] < LIMIT_MINUTES,
    }
    wall, cpu = together
    print(f"{record['what']}: {wall:.2f} s ({cpu:.2f} s CPU) an epoch;")
    print(f"{arguments.train_epochs} epochs {minutes[0]:.1f} minutes ", end="")
    print(f"({minutes[1]:.1f} CPU), {record['wanted']}: ", end="")
    print("met" if record["met"] else "MISSED")
    print(f"one after the other: {members * alone[1]:.2f} s CPU an epoch, ", end="")
    print(f"ratio {record['ratio']:.2f}")
    if arguments.json is not None:
        content = {
            "benchmark": "networks",
            "size": arguments.size,
            "machine": platform.platform(),
            "torch": torch.__version__,
            "threads": arguments.threads,
            "train_epochs": arguments.train_epochs,
            "seconds": {"together": together, "alone": alone},
            "goals": [record],
        }
        arguments.json.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
