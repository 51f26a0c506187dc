"""Ten networks in one tensor against the same code run ten times: goal 11.

Net 20,000 -> 5,000 -> 800 -> 1, n = 600, minibatches of 64 from int8; process CPU time
per replica and epoch, one thread, both sides in one run.

    python benchmarks/speed/networks/replicas.py --json replicas.json
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from pathlib import Path

import numpy as np

# both sides ask for large pages: fresh tensors cost page faults otherwise
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

import torch

from meristem.nn.dag import NodeShape, PlanNetwork
from meristem.nn.losses import trait_error, trait_loss
from meristem.records import NetworkPlan, PlanLevel, VariantTable
from meristem.train import DosageBatches, FitSettings, Losses, fit_network

SIZES = {"small": (500, 120, 20, 100), "large": (20_000, 5_000, 800, 600)}


def make_plan(n_variant, n_gene, n_term, rng):
    """Return genes of about 5 neighbouring variants, terms of about 36 genes."""
    fan = np.clip(rng.geometric(1 / 5.2, n_gene), 1, 40)
    start = np.sort(rng.integers(0, n_variant - 40, n_gene))
    variant_row = np.repeat(np.arange(n_gene), fan)
    variant_col = np.concatenate(
        [s + np.arange(f) for s, f in zip(start, fan, strict=True)]
    )
    size = np.clip(rng.geometric(1 / 36.2, n_term), 2, n_gene)
    node_row = np.repeat(np.arange(n_term), size)
    node_col = np.concatenate(
        [np.sort(rng.choice(n_gene, s, replace=False)) for s in size]
    )
    none = np.zeros(0, dtype=np.int64)
    names = np.array([f"v{i}" for i in range(n_variant)])
    text = np.full(n_variant, "")
    nodes = np.array([f"n{i}" for i in range(n_gene + n_term)])
    return NetworkPlan(
        VariantTable(names, text, np.arange(n_variant), text, text),
        nodes,
        np.full(nodes.size, "node"),
        np.repeat([0, 1], [n_gene, n_term]),
        (
            PlanLevel(0, n_gene, variant_row, variant_col, none, none),
            PlanLevel(n_gene, n_term, none, none, node_row, node_col),
        ),
        n_gene + np.arange(n_term),
    )


def fit(plan, dosage, y, members, epochs):
    """Train `members` networks; return CPU seconds per replica and epoch."""
    network = PlanNetwork(
        plan,
        NodeShape(hidden=()),
        n_target=1,
        members=members,
        generator=torch.Generator().manual_seed(0),
    )
    used = network.used_variant
    n = dosage.shape[0]
    fold = torch.arange(n) % 5
    held = torch.stack([(fold == k % 5).float() for k in range(members)])
    weight = torch.ones_like(y)
    network.standardise(torch.ones(used.size), torch.ones(used.size))

    def objective(x, rows, epoch):
        value = network(x).value
        part = (y[:, rows], weight[:, rows])
        error, total = trait_error(value.detach(), *part, held[:, rows])
        return Losses(trait_loss(value, *part, 1 - held[:, rows]), error, total)

    batches = DosageBatches(dosage[:, used], torch.ones(used.size), 64)
    # a check evaluates all rows once: the last epoch alone pays for it
    settings = FitSettings(epochs=epochs, check_every=10**6)
    start = time.process_time()
    fit_network(network, batches, objective, settings, rng=np.random.default_rng(0))
    return (time.process_time() - start) / members / epochs


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", choices=SIZES, default="large")
    parser.add_argument("--members", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    n_variant, n_gene, n_term, n = SIZES[arguments.size]
    plan = make_plan(n_variant, n_gene, n_term, rng)
    dosage = rng.integers(0, 3, (n, n_variant), dtype=np.int8)
    y = torch.from_numpy(rng.normal(size=(1, n))).float()
    together, alone = [], []
    for _ in range(arguments.rounds):
        together.append(fit(plan, dosage, y, arguments.members, arguments.epochs))
        alone.append(
            np.mean([fit(plan, dosage, y, 1, arguments.epochs) for _ in range(3)])
        )
    ours, rival = float(np.median(together)), float(np.median(alone))
    record = {
        "goal": 11,
        "what": f"{arguments.members} in one tensor",
        "against": "one after the other",
        "ratio": round(ours / rival, 3),
        "wanted": "<= 1",
        "met": ours <= rival,
    }
    print(
        "goal what               against               ours s  rival s  ratio  wanted"
    )
    print(
        f"{record['goal']:<5}{record['what']:<19}{record['against']:<20}"
        f"{ours:8.3f}{rival:9.3f}{record['ratio']:7.2f}  {record['wanted']}: "
        f"{'met' if record['met'] else 'MISSED'}"
    )
    if arguments.json is not None:
        content = {
            "benchmark": "replicas",
            "size": arguments.size,
            "machine": platform.platform(),
            "torch": torch.__version__,
            "seconds": {"together": together, "alone": alone},
            "goals": [record],
        }
        arguments.json.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
