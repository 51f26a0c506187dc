"""The command that writes genotypes as a store, to be read in blocks."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from meristem.cli.console import say, say_json


class Format(StrEnum):
    """Formats of genotypes; auto: by the name of the file."""

    auto = "auto"
    vcf = "vcf"
    bed = "bed"
    pgen = "pgen"
    hapmap = "hapmap"
    dosage = "dosage"
    zarr = "zarr"


def store(
    genotypes: Annotated[
        Path, typer.Argument(help="Genotypes of any format, or a PLINK prefix.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder to write: NAME.zarr.")],
    genotype_format: Annotated[
        Format, typer.Option("--format", help="File format.")
    ] = Format.auto,
    force: Annotated[
        bool, typer.Option("--force", help="Replace an older store.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write genotypes as a Zarr store, which runs read in blocks.

    PLINK sets pass block by block, whatever their size; other formats once through
    memory.
    """
    from meristem.config.stages import GenotypeConfig
    from meristem.errors import ConfigError
    from meristem.io.genotypes.read import find_genotypes, read_genotypes
    from meristem.io.stores.genotypes import write_genotypes
    from meristem.runs.outputs import refuse_overwriting

    if out.suffix != ".zarr":
        raise ConfigError(
            "is no name of a store", where=out, remedy="end its name in .zarr"
        )
    config = GenotypeConfig(path=genotypes, format=genotype_format.value)
    refuse_overwriting(out, inputs=[find_genotypes(genotypes)], force=force)
    found = read_genotypes(config, streamed=True)
    write_genotypes(found, out)
    size = {"lines": found.n_sample, "variants": found.n_variant, "out": str(out)}
    if as_json:
        say_json(size)
        return
    say(f"{found.n_sample} lines, {found.n_variant} variants: {out}")


def attach(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(store)
