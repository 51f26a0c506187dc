"""Commands that simulate populations as real files, ready to be analysed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from meristem.cli.console import say

app = typer.Typer(help="Simulate a population as real files.", no_args_is_help=True)

Out = Annotated[Path, typer.Option("--out", help="Folder to write.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed.")]
Lines = Annotated[int, typer.Option(min=10, max=1_000_000, help="Phenotyped lines.")]
Candidates = Annotated[
    int, typer.Option(min=1, max=1_000_000, help="Lines to predict.")
]
H2 = Annotated[float, typer.Option(help="Heritability.")]
Force = Annotated[bool, typer.Option("--force", help="Replace an old simulation.")]


class Effects(StrEnum):
    """How the effects of the loci are drawn."""

    uniform = "uniform"
    equal = "equal"
    simplex = "simplex"


class Linkage(StrEnum):
    """Whether the loci lie on a map."""

    unlinked = "unlinked"
    linked = "linked"


@app.command("shoot-branching")
def shoot_branching(
    out: Out,
    n: Lines = 300,
    candidates: Candidates = 50,
    h2: H2 = 0.6,
    labels: Annotated[float, typer.Option(help="Share with metabolites.")] = 0.5,
    noise: Annotated[
        float,
        typer.Option(min=0.0, max=1000.0, help="Metabolite noise, sd / genetic sd."),
    ] = 0.3,
    null: Annotated[
        int, typer.Option(min=0, max=100_000, help="Loci without effect.")
    ] = 40,
    effects: Effects = Effects.uniform,
    linkage: Linkage = Linkage.unlinked,
    seed: Seed = 1,
    force: Force = False,
) -> None:
    """Simulate an F2 whose bud delay runs through four hormones and an integrator."""
    import numpy as np

    from meristem.simulate.shoot_branching import simulate_shoot_branching
    from meristem.simulate.write import write_shoot_branching

    population = simulate_shoot_branching(
        n_train=n,
        n_test=candidates,
        h2=h2,
        labels=labels,
        metabolite_noise=noise,
        n_null=null,
        effects=effects.value,
        linkage=linkage.value,
        rng=np.random.default_rng(seed),
    )
    config = write_shoot_branching(population, out, seed=seed, force=force)
    say(f"written: {config}")


@app.command()
def additive(
    out: Out,
    n: Lines = 500,
    variants: Annotated[
        int, typer.Option(min=10, max=10_000_000, help="Variants.")
    ] = 2000,
    h2: H2 = 0.5,
    seed: Seed = 1,
    force: Force = False,
) -> None:
    """Simulate a purely additive trait: a network should tie with GBLUP."""
    import numpy as np

    from meristem.simulate.additive import simulate_additive
    from meristem.simulate.write import write_additive

    rng = np.random.default_rng(seed)
    population = simulate_additive(n=n, n_variant=variants, h2=h2, rng=rng)
    config = write_additive(population, out, rng=rng, seed=seed, force=force)
    say(f"written: {config}")


@app.command()
def recovery(
    out: Out,
    n: Lines = 450,
    candidates: Candidates = 100,
    h2: H2 = 0.5,
    labels: Annotated[float, typer.Option(help="Share with expression.")] = 1.0,
    genes: Annotated[int, typer.Option(min=60, max=100_000, help="Genes.")] = 2000,
    pathways: Annotated[
        int, typer.Option(min=5, max=100_000, help="Pathways of 20 genes.")
    ] = 100,
    variants: Annotated[
        int,
        typer.Option(
            min=20, max=1_000_000, help="Variants on each of ten chromosomes."
        ),
    ] = 2000,
    seed: Seed = 1,
    force: Force = False,
) -> None:
    """Simulate lines whose trait runs through genes, their expression and pathways."""
    import numpy as np

    from meristem.simulate.recovery import RecoveryConfig, simulate_recovery
    from meristem.simulate.recovery_files import write_recovery

    config = RecoveryConfig(
        n_train=n,
        n_test=candidates,
        h2=h2,
        measured_share=labels,
        n_gene=genes,
        n_pathway=pathways,
        variants_per_chromosome=variants,
    )
    panel = simulate_recovery(config, rng=np.random.default_rng(seed))
    say(f"written: {write_recovery(panel, out, seed=seed, force=force)}")


@app.command()
def enzyme(
    out: Out,
    noise: Annotated[
        float, typer.Option(min=0.0, max=10.0, help="Sd of the log of a rate.")
    ] = 0.05,
    repeats: Annotated[
        int, typer.Option(min=1, max=1000, help="Measurements of every condition.")
    ] = 1,
    seed: Seed = 1,
    force: Force = False,
) -> None:
    """Simulate rates of an enzyme with two substrates and an inhibitor."""
    from meristem.kinetics.commands.enzyme_files import write_enzyme

    config = write_enzyme(out, noise=noise, repeats=repeats, seed=seed, force=force)
    say(f"written: {config}")


@app.command()
def regulatory(
    out: Out,
    n: Lines = 300,
    candidates: Candidates = 100,
    h2: H2 = 0.5,
    genes: Annotated[int, typer.Option(min=10, max=100_000, help="Genes.")] = 250,
    variants: Annotated[
        int, typer.Option(min=100, max=1_000_000, help="Variants.")
    ] = 15_000,
    factors: Annotated[int, typer.Option(min=1, max=1000, help="Factors.")] = 8,
    share: Annotated[
        float, typer.Option(help="Share of the genetic variance through motifs.")
    ] = 0.7,
    labels: Annotated[float, typer.Option(help="Share with expression.")] = 0.5,
    seed: Seed = 1,
    force: Force = False,
) -> None:
    """Simulate genome, genes and lines whose trait runs through promoter motifs."""
    import numpy as np

    from meristem.sequence.simulation.regulatory import (
        RegulatoryConfig,
        simulate_regulatory,
    )
    from meristem.sequence.simulation.regulatory_files import write_regulatory

    config = RegulatoryConfig(
        n_train=n,
        n_test=candidates,
        n_gene=genes,
        n_causal_gene=max(1, genes // 2),
        n_chromosome=min(5, genes),
        n_variant=variants,
        n_factor=factors,
        regulatory_share=share,
        measured_share=labels,
        h2=h2,
    )
    panel = simulate_regulatory(config, rng=np.random.default_rng(seed))
    say(f"written: {write_regulatory(panel, out, seed=seed, force=force)}")


@app.command()
def sequences(
    out: Out,
    families: Annotated[
        int, typer.Option(min=10, max=1_000_000, help="Original sequences.")
    ] = 400,
    mutants: Annotated[
        int, typer.Option(min=0, max=1000, help="Variants of each, one base changed.")
    ] = 4,
    length: Annotated[int, typer.Option(min=40, max=10_000, help="Length, bp.")] = 100,
    noise: Annotated[
        float, typer.Option(min=0.0, max=1000.0, help="Noise, sd / sd of the truth.")
    ] = 0.4,
    missing: Annotated[
        float, typer.Option(min=0.0, max=0.9, help="Share missing of the second task.")
    ] = 0.2,
    seed: Seed = 1,
    force: Force = False,
) -> None:
    """Simulate DNA whose activity runs through planted motifs and their spacing."""
    import numpy as np

    from meristem.simulate.sequence_files import write_sequences
    from meristem.simulate.sequences import simulate_sequences

    drawn = simulate_sequences(
        families=families,
        mutants=mutants,
        length=length,
        noise=noise,
        missing=missing,
        rng=np.random.default_rng(seed),
    )
    say(f"written: {write_sequences(drawn, out, seed=seed, force=force)}")
