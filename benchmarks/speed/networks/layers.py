"""Sparse layers against their rivals: goals 1 to 10 and 12.

One step = zero_grad, forward, backward, Adam. Both sides in one process, one thread,
rounds interleaved, median process CPU time. The compiled rival is built with g++ into
a temporary folder; its rows are left out where there is no compiler.

    python benchmarks/speed/networks/layers.py --json layers.json
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from rivals.compiled import Compiled
from rivals.levels import LevelByLevel, TermByTerm
from torch import nn

from meristem.nn.dag import NodeShape, PlanNetwork
from meristem.nn.sparse import edge_product, expand_edges, index_add_product
from meristem.records import NetworkPlan, PlanLevel, VariantTable
from meristem.train import DosageBatches

# name: sources, targets, mean fan-in, input gradient
LAYERS = {
    "i": (20_000, 5_000, 5.2, False),
    "ii": (500_000, 20_000, 32.5, False),
    "iii": (5_000, 800, 36.2, True),
}
SIZES = {"small": 0.02, "large": 1.0}


def fan_edges(n_in, n_out, mean, rng, local):
    """Return an edge list with a long-tailed number of parents per node."""
    fan = np.clip(rng.geometric(1 / mean, n_out), 1, n_in)
    row = np.repeat(np.arange(n_out), fan)
    if local:  # variants stand in genome order, as in a real file
        start = np.sort(rng.integers(0, max(n_in - fan.max(), 1), n_out))
        col = np.concatenate(
            [s + np.arange(f) for s, f in zip(start, fan, strict=True)]
        )
    else:
        col = np.concatenate([rng.choice(n_in, f, replace=False) for f in fan])
    return row.astype(np.int64), col.astype(np.int64)


def make_step(parameters, compute, *, fused=True):
    """Return one training step as a function."""
    optimiser = torch.optim.Adam(parameters, lr=1e-3, fused=fused)

    def step():
        optimiser.zero_grad(set_to_none=True)
        compute().square().mean().backward()
        optimiser.step()

    return step


def layer_steps(name, batch, h, scale, compiled, rivals):
    """Return named steps of one layer; the input is (batch, n_in) float32."""
    n_in, n_out, mean, input_gradient = LAYERS[name]
    n_in, n_out = max(int(n_in * scale), 200), max(int(n_out * scale), 50)
    rng = np.random.default_rng(1)
    row, col = fan_edges(n_in, n_out, mean, rng, local=name != "iii")
    x = torch.randn(batch, n_in)
    x.requires_grad_(input_gradient)
    wide = expand_edges(
        row, col, (n_out, n_in), members=1, units_out=h, shared_input=True
    )
    weight = torch.randn(wide.n_edge)
    steps = {}

    def own():
        return nn.Parameter(weight.clone())

    # every formulation with Adam in its CPU default, as the fact sheet measured
    w = own()
    steps["ours"] = make_step(
        [w], lambda: edge_product(x.t().contiguous(), w, wide), fused=False
    )
    if compiled is not None and "compiled" in rivals:
        narrow = expand_edges(row, col, (n_out, n_in), members=1, shared_input=True)
        c = nn.Parameter(torch.randn(narrow.n_edge * h))
        steps["compiled"] = make_step(
            [c], lambda: compiled.product(x.t().contiguous(), c, narrow, h), fused=False
        )
    if "index_add" in rivals:
        a = own()

        def batch_major():
            zero = x.new_zeros(batch, wide.n_out)
            return zero.index_add(1, wide.row, x[:, wide.col] * a)

        steps["index_add"] = make_step([a], batch_major, fused=False)
    if "dense" in rivals:
        mask = torch.zeros(wide.n_out, n_in)
        mask[wide.row, wide.col] = 1.0
        d = nn.Parameter(torch.randn(wide.n_out, n_in) * mask)
        steps["dense"] = make_step(
            [d], lambda: nn.functional.linear(x, d * mask), fused=False
        )
    if "coo" in rivals:
        s = own()
        index = torch.stack([wide.row, wide.col])

        def coo():
            matrix = torch.sparse_coo_tensor(
                index, s, (wide.n_out, n_in), check_invariants=False
            )
            return torch.sparse.mm(matrix, x.t())

        steps["coo"] = make_step([s], coo, fused=False)
    return steps


def first_layer_steps(h, scale, batch=64):
    """Steps that start at int8 dosages: batch preparation included."""
    n_in, n_out, mean, _ = LAYERS["ii"]
    n_in, n_out = max(int(n_in * scale), 200), max(int(n_out * scale), 50)
    rng = np.random.default_rng(2)
    row, col = fan_edges(n_in, n_out, mean, rng, local=True)
    wide = expand_edges(
        row, col, (n_out, n_in), members=1, units_out=h, shared_input=True
    )
    n_batch = 10
    dosage = rng.integers(0, 3, (batch * n_batch, n_in), dtype=np.int8)
    rows8 = torch.from_numpy(dosage)
    weight = torch.randn(wide.n_edge)
    batches = DosageBatches(dosage, torch.zeros(n_in), batch)
    state = {"epoch": iter(())}

    def following():
        found = next(state["epoch"], None)
        if found is None:
            state["epoch"] = batches.epoch(rng)
            found = next(state["epoch"])
        return found[0]

    def gathered():
        index = torch.from_numpy(rng.permutation(rows8.shape[0])[:batch])
        return rows8[index].float().t().contiguous()

    ours, same, added = (nn.Parameter(weight.clone()) for _ in range(3))
    buffer, source = torch.empty(n_in, batch), torch.randn(n_in, batch)
    return {
        "ours": make_step([ours], lambda: edge_product(following(), ours, wide)),
        "gather + product": make_step(
            [same], lambda: edge_product(gathered(), same, wide)
        ),
        "gather + index_add": make_step(
            [added], lambda: index_add_product(gathered(), added, wide)
        ),
        "copy of the buffer": lambda: buffer.copy_(source),
    }, n_batch


def dag_plan(scale, rng):
    """Return levels of 1,200, 500, 200, 80, 20 and 1 terms over 5,000 genes."""
    n_gene = max(int(5_000 * scale), 200)
    sizes = [max(int(s * scale), 1) for s in (1_200, 500, 200, 80, 20, 1)]
    levels, first = [], 0
    for number, size in enumerate(sizes):
        gene_fan = np.clip(rng.geometric(1 / 10, size), 2, n_gene)
        variant_row = np.repeat(np.arange(size), gene_fan)
        variant_col = np.concatenate(
            [np.sort(rng.choice(n_gene, f, replace=False)) for f in gene_fan]
        )
        node_row = node_col = np.zeros(0, dtype=np.int64)
        if number:
            fan = np.clip(rng.geometric(1 / 3, size), 2, first)
            node_row = np.repeat(np.arange(size), fan)
            node_col = np.concatenate(
                [np.sort(rng.choice(first, f, replace=False)) for f in fan]
            )
        levels.append(
            PlanLevel(
                first,
                size,
                variant_row.astype(np.int64),
                variant_col.astype(np.int64),
                node_row.astype(np.int64),
                node_col.astype(np.int64),
            )
        )
        first += size
    genes = np.array([f"g{i}" for i in range(n_gene)])
    table = VariantTable(
        genes,
        np.full(n_gene, "1"),
        np.arange(n_gene),
        np.full(n_gene, ""),
        np.full(n_gene, ""),
    )
    level_of = np.repeat(np.arange(len(sizes)), sizes)
    names = np.array([f"t{i}" for i in range(first)])
    return NetworkPlan(
        table,
        names,
        np.full(first, "term"),
        level_of,
        tuple(levels),
        np.array([first - 1]),
    )


def dag_steps(scale, compiled, batch=64, h=6):
    plan = dag_plan(scale, np.random.default_rng(3))
    x = torch.randn(batch, plan.variants.n_variant)
    ours = LevelByLevel(plan, h, "ours")
    steps = {"ours": make_step(ours.parameters(), lambda: ours(x.t().contiguous()))}
    if compiled is not None:
        other = LevelByLevel(plan, h, "compiled", compiled)
        steps["compiled"] = make_step(
            other.parameters(), lambda: other(x.t().contiguous())
        )
    dense = LevelByLevel(plan, h, "dense")
    steps["dense"] = make_step(
        dense.parameters(), lambda: dense(x.t().contiguous()), fused=False
    )
    single = TermByTerm(plan, h)
    steps["one Linear per term"] = make_step(
        single.parameters(), lambda: single(x), fused=False
    )
    network = PlanNetwork(
        plan, NodeShape((h,)), n_target=1, members=1, generator=torch.Generator()
    )
    used = torch.from_numpy(network.used_variant)
    steps["PlanNetwork"] = make_step(
        network.parameters(), lambda: network(x.t()[used].contiguous()).value
    )
    return steps


def adam_steps(scale):
    size = max(int(650_000 * scale), 1_000)
    steps = {}
    for fused in (True, False):
        p = nn.Parameter(torch.randn(size))
        p.grad = torch.randn(size)
        optimiser = torch.optim.Adam([p], fused=fused)
        steps["fused" if fused else "default"] = optimiser.step
    return steps


def measure(steps, rounds, repeat=1):
    """Return the median CPU seconds of each step, rounds interleaved."""
    for step in steps.values():
        step()
    seconds = {name: [] for name in steps}
    names = list(steps)
    for number in range(rounds):
        at = number % len(names)
        for name in names[at:] + names[:at]:
            start = time.process_time()
            for _ in range(repeat):
                steps[name]()
            seconds[name].append((time.process_time() - start) / repeat)
    return {name: float(np.median(values)) for name, values in seconds.items()}


def extra_memory(scale):
    """Peak MB above import of two Adam steps of layer (i)."""
    code = (
        "import sys, resource, pathlib\n"
        "sys.path.insert(0, 'benchmarks/speed/networks')\n"
        "from layers import layer_steps\n"
        "def peak():\n"
        "    words = pathlib.Path('/proc/self/status').read_text().split()\n"
        "    return int(words[words.index('VmHWM:') + 1]) / 1024\n"
        "import torch; torch.set_num_threads(1)\n"
        "layer_steps('i', 64, 1, 0.01, None, ())['ours']()\n"
        "before = peak()\n"
        f"step = layer_steps('i', 64, 1, {scale}, None, ())['ours']\n"
        "step(); step(); print(peak() - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def judge(number, what, against, value, sign, goal):
    met = value <= goal if sign == "<=" else value >= goal
    return {
        "goal": number,
        "what": what,
        "against": against,
        "ratio": round(value, 3),
        "wanted": f"{sign} {goal:g}",
        "met": bool(met),
    }


def run(scale, rounds, compiled):
    records, seconds = [], {}

    def keep(label, found):
        seconds[label] = found
        gc.collect()
        return found

    few = max(rounds // 3, 2)
    t = keep(
        "layer i dense",
        measure(layer_steps("i", 64, 1, scale, None, ("dense", "coo")), few),
    )
    own = keep(
        "layer i",
        measure(
            layer_steps("i", 64, 1, scale, compiled, ("compiled", "index_add")),
            rounds,
            5,
        ),
    )
    records.append(
        judge(1, "layer i", "dense mask", t["dense"] / own["ours"], ">=", 300)
    )
    records.append(judge(2, "layer i", "torch COO", t["coo"] / own["ours"], ">=", 80))
    for name, h, goal in (("i", 1, 1.5), ("ii", 1, 3.5), ("ii", 4, 10), ("iii", 1, 3)):
        label = f"layer {name}, h {h}"
        many = few if name == "ii" else rounds
        found = (
            own
            if (name, h) == ("i", 1)
            else keep(
                label,
                measure(
                    layer_steps(
                        name, 64, h, scale, compiled, ("compiled", "index_add")
                    ),
                    many,
                ),
            )
        )
        ratio = found["index_add"] / found["ours"]
        records.append(judge(4, label, "index_add", ratio, ">=", goal))
        if compiled is not None:
            ratio = found["ours"] / found["compiled"]
            records.append(judge(3, label, "compiled", ratio, "<=", 1.6))
    records.append(judge(5, "layer i, MB", "import", extra_memory(scale), "<=", 25))
    for h, six, seven in ((1, 3, 9), (4, 2, 16)):
        steps, n_batch = first_layer_steps(h, scale)
        found = keep(f"step from int8, h {h}", measure(steps, few, n_batch))
        label = f"step from int8, h {h}"
        ours = found["ours"]
        ratio = found["gather + product"] / ours
        records.append(judge(6, label, "gather + product", ratio, ">=", six))
        ratio = found["gather + index_add"] / ours
        records.append(judge(7, label, "gather + index_add", ratio, ">=", seven))
        if h == 1:
            ratio = ours / found["copy of the buffer"]
            records.append(judge(8, label, "copy of the buffer", ratio, "<=", 6.5))
    found = keep("dag", measure(dag_steps(scale, compiled), few))
    if compiled is not None:
        ratio = found["ours"] / found["compiled"]
        records.append(judge(9, "DAG", "compiled", ratio, "<=", 1.5))
    ratio = found["one Linear per term"] / found["ours"]
    records.append(judge(10, "DAG", "one Linear per term", ratio, ">=", 7))
    ratio = found["dense"] / found["ours"]
    records.append(judge(10, "DAG", "dense mask per level", ratio, ">=", 90))
    found = keep("Adam", measure(adam_steps(scale), rounds, 20))
    ratio = found["default"] / found["fused"]
    records.append(judge(12, "Adam", "default Adam", ratio, ">=", 3))
    return records, seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", choices=SIZES, default="large")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        compiled = Compiled(folder) if shutil.which("g++") else None
        records, seconds = run(SIZES[arguments.size], arguments.rounds, compiled)
    print("goal what                    against                 ratio  wanted")
    for row in records:
        verdict = "met" if row["met"] else "MISSED"
        print(
            f"{row['goal']:<5}{row['what']:<24}{row['against']:<22}"
            f"{row['ratio']:8.2f}  {row['wanted']}: {verdict}"
        )
    if arguments.json is not None:
        content = {
            "benchmark": "layers",
            "size": arguments.size,
            "machine": platform.platform(),
            "torch": torch.__version__,
            "seconds": seconds,
            "goals": records,
        }
        arguments.json.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
