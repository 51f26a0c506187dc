"""Run folders that were cut, changed by hand, or are none: report, predict, explain."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.malformed.hostile import (
    PNG,
    Case,
    Spoil,
    call,
    cut,
    each,
    folder_at,
    gone,
    header,
    link,
    nothing,
    pipe,
    put,
    record,
    refused_in_copy,
)

from meristem.simulate.shoot_branching import simulate_shoot_branching
from meristem.simulate.write import write_shoot_branching

MODELS = """[explain]
null_fits = 0
folds = 0
permutations = 2

[[models]]
kind = "gblup"

[[models]]
kind = "binn"
omics = "soft"
seeds = 1
inner_folds = 2
rounds = 3
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with inputs and `run`, the finished run of two small models."""
    population = simulate_shoot_branching(
        n_train=20, n_test=2, h2=0.8, labels=0.5, rng=np.random.default_rng(2)
    )
    folder = tmp_path_factory.mktemp("hostile") / "good"
    path = write_shoot_branching(population, folder)
    text = path.read_text(encoding="utf-8")
    text = text[: text.index("[[models]]")].replace("jobs = 2", "jobs = 1")
    text = text.replace("folds = 5", "folds = 2\ninner_folds = 2")
    path.write_text(text + MODELS, encoding="utf-8")
    outcome = call("run meristem.toml --quiet", folder)
    assert outcome.code == 0, outcome.err
    return folder


def unlisted(*spoils: Spoil) -> Spoil:
    """Spoil, in a folder of a version that kept no checksums."""
    return each(record("run/run.json", lambda run: run.pop("artefacts")), *spoils)


def shorter(name: str) -> Spoil:
    """Cut the last row of a table off."""

    def spoil(folder: Path) -> None:
        rows = (folder / name).read_bytes().splitlines(keepends=True)
        (folder / name).write_bytes(b"".join(rows[:-1]))

    return spoil


PREDICT = "predict run --genotypes candidates.vcf.gz --out new.csv"
REPORT = "report run"
EXPLAIN = "explain run --quiet"
LOST = "ghost/run"


def _config(run: dict, **update: object) -> None:
    run["config"].update(update)


TABLES = (
    "scores",
    "predictions",
    "structure",
    "nodes",
    "variants",
    "genes",
    "latents",
    "candidates",
    "intervals",
    "evidence",
    "interactions",
    "stability",
    "attribution",
    "line_explanations",
    "agreement_by_sensitivity",
    "latent_validation",
    "parts",
)
CASES: dict[str, Case] = {}
for name in TABLES:
    at = f"run/{name}.csv"
    CASES[f"{name} without its last row"] = (REPORT, shorter(at), f"{name}.csv")
CASES |= {
    "scores header alone, listed": (REPORT, header("run/scores.csv"), "scores.csv"),
    "scores a folder": (REPORT, folder_at("run/scores.csv"), "scores.csv"),
    "scores a loop of links": (
        REPORT,
        link("run/scores.csv", "scores.csv"),
        "scores.csv",
    ),
    "scores a link to another": (
        REPORT,
        link("run/scores.csv", "nodes.csv"),
        "scores.csv",
    ),
    "scores gone": (REPORT, gone("run/scores.csv"), "scores.csv"),
    "scores a pipe": (REPORT, pipe("run/scores.csv"), "scores.csv"),
    "predictions a folder": (
        PREDICT,
        folder_at("run/predictions.csv"),
        "predictions.csv",
    ),
    "predictions gone": (PREDICT, gone("run/predictions.csv"), "predictions.csv"),
    "predictions cut, predict": (
        PREDICT,
        cut("run/predictions.csv"),
        "predictions.csv",
    ),
    "predictions header alone in an old folder": (
        PREDICT,
        unlisted(header("run/predictions.csv")),
        "lists no artefacts",
    ),
    "network a list": (
        REPORT,
        unlisted(put("run/network.json", "[]")),
        "lists no artefacts",
    ),
    "network nested deep": (
        REPORT,
        unlisted(put("run/network.json", "[" * 200_000)),
        "lists no artefacts",
    ),
    "record empty": (REPORT, put("run/run.json", b""), "run.json"),
    "record null": (REPORT, put("run/run.json", "null"), "run.json"),
    "record cut": (PREDICT, cut("run/run.json"), "run.json"),
    "record PNG": (EXPLAIN, put("run/run.json", PNG), "run.json"),
    "record an empty object": (REPORT, put("run/run.json", "{}"), "run.json"),
    "record UTF-16": (REPORT, put("run/run.json", "{}".encode("utf-16")), "run.json"),
    "record a folder": (REPORT, folder_at("run/run.json"), "run"),
    "record a pipe": (REPORT, pipe("run/run.json"), "run"),
    "record with inputs of nothing": (
        REPORT,
        record("run/run.json", lambda r: r.update(inputs=[{}])),
        "run.json",
    ),
    "record with timings of nothing": (
        REPORT,
        record("run/run.json", lambda r: r.update(timings=[{}])),
        "run.json",
    ),
    "record with timings of text": (
        REPORT,
        record(
            "run/run.json",
            lambda r: r.update(timings=[{"stage": 1, "seconds": "long"}]),
        ),
        "run.json",
    ),
    "record with models of text": (
        REPORT,
        record("run/run.json", lambda r: r.update(models="gblup")),
        "run.json",
    ),
    "record with models of numbers": (
        REPORT,
        record("run/run.json", lambda r: r.update(models=[1])),
        "run.json",
    ),
    "record with checksums of numbers": (
        REPORT,
        record("run/run.json", lambda r: r.update(artefacts={"scores.csv": 5})),
        "",
    ),
    "record of another contract": (
        REPORT,
        record("run/run.json", lambda r: r.update(contract_version=99)),
        "run.json",
    ),
    "record of a kinetic run": (
        PREDICT,
        record("run/run.json", lambda r: r.update(kind="kinetics")),
        "run.json",
    ),
    "record without configuration": (
        PREDICT,
        record("run/run.json", lambda r: r.pop("config")),
        "run.json",
    ),
    "record without models": (
        PREDICT,
        record("run/run.json", lambda r: _config(r, models=[])),
        "",
    ),
    "record with an unknown model": (
        PREDICT,
        record("run/run.json", lambda r: _config(r, models=[{"kind": "oracle"}])),
        "run.json",
    ),
    "record with a reference gone": (
        PREDICT,
        record("run/run.json", lambda r: r["config"]["evaluate"].update(reference="x")),
        "",
    ),
    "record with outputs of numbers": (
        PREDICT,
        each(
            record("run/run.json", lambda r: r.update(outputs={"a": 1})),
            put("new.csv", "x"),
        ),
        "new.csv",
    ),
    "record with a negative seed": (
        EXPLAIN,
        record("run/run.json", lambda r: r["config"]["run"].update(seed=-5)),
        "run.json",
    ),
    "models cut": (PREDICT, cut("run/models/binn.json"), "binn.json"),
    "weights cut": (PREDICT, cut("run/models/binn.safetensors"), "binn.safetensors"),
    "weights of another": (
        PREDICT,
        unlisted(
            lambda f: shutil.copy(
                f / "run/models/gblup.safetensors", f / "run/models/binn.safetensors"
            )
        ),
        "lists no artefacts",
    ),
    "model gone": (PREDICT, gone("run/models/gblup.json"), "gblup.json"),
    "weights gone": (
        PREDICT,
        gone("run/models/gblup.safetensors"),
        "gblup.safetensors",
    ),
    "weights a folder": (
        PREDICT,
        folder_at("run/models/gblup.safetensors"),
        "gblup.safetensors",
    ),
    "data set cut": (PREDICT, cut("run/work/dataset/phenotypes.parquet"), ""),
    "data set without its genotypes": (
        PREDICT,
        lambda f: shutil.rmtree(f / "run/work/dataset/genotypes.zarr"),
        "",
    ),
    "run folder absent": ("report nowhere", nothing, "nowhere"),
    "run folder a file": ("report phenotypes.csv", nothing, "phenotypes.csv"),
    "run folder a configuration": (
        "explain meristem.toml --quiet",
        nothing,
        "meristem.toml",
    ),
    "run folder empty": ("predict . --genotypes candidates.vcf.gz", nothing, "run"),
    "run folder a loop": ("report loop", link("loop", "loop"), "loop"),
    "run folder with zero byte": ("report 'a\0b'", nothing, ""),
    "run folder of a very long name": (f"report {'x' * 5000}", nothing, ""),
}
NEW: dict[str, tuple[str, Spoil, str]] = {
    "PNG as genotypes": (
        "predict run --genotypes a.png --out new.csv",
        put("a.png", PNG),
        "a.png",
    ),
    "PNG called VCF": (
        "predict run --genotypes a.vcf --out new.csv",
        put("a.vcf", PNG),
        "a.vcf",
    ),
    "phenotypes as genotypes": (
        "predict run --genotypes phenotypes.csv --out new.csv",
        nothing,
        "phenotypes.csv",
    ),
    "folder as genotypes": (
        "predict run --genotypes run --out new.csv",
        nothing,
        "run",
    ),
    "pipe as genotypes": (
        "predict run --genotypes p.vcf --out new.csv",
        pipe("p.vcf"),
        "p.vcf",
    ),
    "zeros as genotypes": (
        "predict run --genotypes /dev/zero --format vcf --out new.csv",
        nothing,
        "/dev/zero",
    ),
    "bed without bim": (
        "predict run --genotypes a.bed --out new.csv",
        put("a.bed", b"\x6c\x1b\x01\x00"),
        "a.fam",
    ),
    "header of a VCF": (
        "predict run --genotypes a.vcf --out new.csv",
        put(
            "a.vcf",
            "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts1\n",
        ),
        "a.vcf",
    ),
    "VCF without samples": (
        "predict run --genotypes a.vcf --out new.csv",
        put(
            "a.vcf",
            "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n1\t1\tqtl_1\tA\tG\t.\t.\t.\n",
        ),
        "a.vcf",
    ),
    "VCF of one variant": (
        "predict run --genotypes a.vcf --out new.csv",
        put(
            "a.vcf",
            '##fileformat=VCFv4.2\n##contig=<ID=1>\n##FORMAT=<ID=GT,Number=1,Type=String,Description="G">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts1\n1\t1\tqtl_1\tA\tG\t.\t.\t.\tGT\t0/1\n',
        ),
        "variants",
    ),
    "haploid VCF": (
        "predict run --min-overlap 0 --genotypes a.vcf --out new.csv",
        put(
            "a.vcf",
            '##fileformat=VCFv4.2\n##contig=<ID=1>\n##FORMAT=<ID=GT,Number=1,Type=String,Description="G">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts1\n1\t1\tqtl_1\tA\tG\t.\t.\t.\tGT\t1\n',
        ),
        "ploid",
    ),
    "format of another file": (
        PREDICT + " --format hapmap",
        nothing,
        "candidates.vcf.gz",
    ),
    "format unknown": (PREDICT + " --format xlsx", nothing, "xlsx"),
    "format empty": (PREDICT + " --format ''", nothing, "--format"),
    "overlap not a number": (PREDICT + " --min-overlap nan", nothing, "min-overlap"),
    "overlap above one": (PREDICT + " --min-overlap 1.5", nothing, "min-overlap"),
    "overlap of text": (PREDICT + " --min-overlap half", nothing, "min-overlap"),
    "unknown model": (PREDICT + " --model oracle", nothing, "oracle"),
    "empty model": (PREDICT + " --model ''", nothing, "model"),
    "unknown option": (PREDICT + " --speed 3", nothing, "--speed"),
    "crosses absent": (PREDICT + " --hybrids none.csv", nothing, "none.csv"),
    "crosses PNG": (PREDICT + " --hybrids a.png", put("a.png", PNG), "a.png"),
    "crosses of strangers": (
        PREDICT + " --hybrids h.csv",
        put("h.csv", "sample,parent_1,parent_2\nx,ghost,spook\n"),
        "ghost",
    ),
    "crosses header alone": (
        PREDICT + " --hybrids h.csv",
        put("h.csv", "sample,parent_1,parent_2\n"),
        "h.csv",
    ),
    "out is a folder": (
        "predict run --genotypes candidates.vcf.gz --out run",
        nothing,
        "run",
    ),
    "out is a new folder": (
        "predict run --genotypes candidates.vcf.gz --out run --force",
        nothing,
        "run",
    ),
    "out below a file": (
        "predict run --genotypes candidates.vcf.gz --out phenotypes.csv/a.csv",
        nothing,
        "phenotypes.csv",
    ),
    "out is an input": (
        "predict run --genotypes candidates.vcf.gz --out phenotypes.csv",
        nothing,
        "phenotypes.csv",
    ),
    "out is the record": (
        "predict run --genotypes candidates.vcf.gz --out run/run.json",
        nothing,
        "run.json",
    ),
    "out is the record, forced": (
        "predict run --genotypes candidates.vcf.gz --out run/run.json --force",
        nothing,
        "run.json",
    ),
    "out is a model, forced": (
        "predict run --genotypes candidates.vcf.gz --out run/models/gblup.json --force",
        nothing,
        "gblup.json",
    ),
    "out empty": (
        "predict run --genotypes candidates.vcf.gz --out ''",
        nothing,
        "is there already",
    ),
    "out long": (
        f"predict run --genotypes candidates.vcf.gz --out {'y' * 300}.csv",
        nothing,
        "yyy",
    ),
    "no genotypes": ("predict run", nothing, "--genotypes"),
    "report of two": ("report run run", nothing, "run"),
    "explain json of nothing": ("explain --json", nothing, "Usage"),
}
CASES |= NEW


@pytest.mark.parametrize("case", CASES)
def test_damaged_runs(case: str, finished: Path, tmp_path: Path) -> None:
    refused_in_copy(CASES[case], finished, tmp_path)
