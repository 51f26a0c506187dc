"""The command `represent`: from a configuration to tables and a page."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import numpy as np
import pandas as pd

from meristem.config.neighbours import NeighboursConfig
from meristem.config.represent import RepresentOptions
from meristem.config.stages import OmicsConfig, RepresentConfig, StackConfig
from meristem.records import FloatArray, OmicsTable
from meristem.representation.architecture.search import Place
from meristem.representation.choose import HiddenValues, choose_shape
from meristem.representation.commands.describe import (
    explained,
    explained_together,
    factor_confounders,
    factor_sets,
    factor_stability,
    factor_traits,
    own_values,
)
from meristem.representation.commands.inputs import Inputs, found_rows, read_inputs
from meristem.representation.commands.neighbours import (
    fixed_networks,
    judge_networks,
    refuse_blind_smoothing,
    refuse_unjudgeable,
    refuse_unknown,
    refuse_unsmoothable,
    smooth_table,
)
from meristem.representation.commands.removal import Removal, removals
from meristem.representation.commands.report import build_represent_report
from meristem.representation.confound.confounders import confounders_of
from meristem.representation.generate import generate, judge_samples
from meristem.representation.impute.choose import NAMES, Imputed, impute
from meristem.representation.impute.methods import (
    Sources,
    genomic_kernel,
    omics_kernel,
)
from meristem.representation.possible import refuse_impossible
from meristem.representation.represented import (
    Represented,
    fit_representation,
    most_factors,
)
from meristem.representation.sets.activity import active_sets
from meristem.representation.sets.membership import FeatureSets, feature_sets
from meristem.runs.destination import Destination, in_locked_folder
from meristem.runs.keys import digest
from meristem.runs.progress import Notify
from meristem.runs.record import Run, configured_run, input_file
from meristem.runs.seeds import derived_rng

SUMMARY = ("tables.csv", "aligned.csv", "reconstruction.csv", "report.html")
_STEPS = 4


def table_files(name: str) -> dict[str, str]:
    """Return the files of one table by what they hold."""
    stem = quote(name, safe="")
    parts = (
        *("factors", "loadings", "cleaned", "imputed", "half_width"),
        *("sets", "traits", "confounders", "confounding", "imputation", "active"),
        *("samples", "realism", "about", "trials"),
        *("neighbours", "network_traits", "smoothed", "smoothing"),
    )
    return {part: f"{stem}.{part}.csv" for part in parts}


@in_locked_folder
def represent_run(
    config: RepresentConfig,
    to: Destination,
) -> Path:
    """Represent every table that asks for it and write a run folder.

    Parameters
    ----------
    config
        Tables, and what is known of their samples and features.
    """
    inputs = read_inputs(config)
    if config.neighbours is not None and config.neighbours.smooth:
        represented = [one.name for one in inputs.options if one.represent != "none"]
        refuse_blind_smoothing(config.neighbours, represented)
    for options, table in zip(inputs.options, inputs.tables, strict=True):
        refuse_impossible(table, options, inputs.groups, inputs.sets)
        if config.neighbours is not None and options.represent != "none":
            refuse_unjudgeable(table, inputs.network)
            fixed_networks(table, inputs, config.neighbours)
            if config.neighbours.smooth:
                refuse_unsmoothable(inputs.named(config.neighbours.smooth), table)
    refuse_unknown(inputs.network, inputs.tables)
    run = _plan(config, to)
    asked = [one for one in inputs.options if one.represent != "none"]
    files = [file for one in asked for file in table_files(one.name).values()]
    run.folder.refuse_foreign((*SUMMARY, *files))
    run.write(finished=False)
    for file in files:
        run.folder.drop(file)
    about, recon = [], []
    for number, (options, table) in enumerate(
        zip(inputs.options, inputs.tables, strict=True)
    ):
        if options.represent == "none":
            continue
        with run.timed(f"represent {options.name}"):
            to.notify("tables", number, len(inputs.options))
            work = _Work(config, options, table, inputs, run, to.notify)
            work.run()
        about.append(work.about)
        recon += work.reconstruction
    to.notify("tables", len(inputs.options), len(inputs.options))
    run.folder.drop("aligned.csv")
    if inputs.aligned is not None:
        run.table("aligned", inputs.aligned)
    run.table("tables", pd.DataFrame(about))
    run.table("reconstruction", pd.DataFrame(recon))
    return run.finish(build_represent_report)


def _plan(config: RepresentConfig, to: Destination) -> Run:
    named = [(f"omics {one.name}", one.path) for one in config.omics]
    named += [
        (f"node map {one.name}", one.node_map)
        for one in config.omics
        if one.node_map is not None
    ]
    for role in ("genotypes", "phenotypes", "groups", "network"):
        section = getattr(config, role)
        if section is not None:
            named.append((role, section.path))
    if config.knowledge is not None:
        for role in ("genes", "ontology", "annotation", "graph", "labels"):
            path = getattr(config.knowledge, role)
            if path is not None:
                named.append((role, path))
        named += [("gene sets", path) for path in config.knowledge.gene_sets]
    question = "What do the omics have in common, and what is it?"
    inputs = [input_file(role, path) for role, path in named if path.exists()]
    return configured_run(config, to, question, inputs, "representation")


class _Work:
    """One table on its way."""

    def __init__(
        self,
        config: RepresentConfig,
        options: OmicsConfig | StackConfig,
        table: OmicsTable,
        inputs: Inputs,
        run: Run,
        notify: Notify,
    ) -> None:
        self.config, self.options, self.table = config, options, table
        self.inputs, self.run_record, self.notify = inputs, run, notify
        self.files = table_files(options.name)
        self.confounders = confounders_of(inputs.groups, options.confounders)
        self.sets: FeatureSets | None = None
        if inputs.sets and any(
            node in genes for genes in inputs.sets.values() for node in table.node_name
        ):
            self.sets = feature_sets(table, inputs.sets, inputs.set_label)
        self.about: dict[str, object] = {}
        self.reconstruction: list[dict[str, object]] = []

    def rng(self, *purpose: str) -> np.random.Generator:
        return derived_rng(self.config.run.seed, self.options.name, *purpose)

    def run(self) -> None:
        """Choose, fit, describe, fill."""
        name = self.options.name
        self.notify(name, 0, _STEPS)
        k = self._choose()
        found = fit_representation(
            self.table,
            self.options,
            rng=self.rng("fit"),
            k=k,
            confounders=self.confounders,
            sets=self.sets,
        )
        self.notify(name, 1, _STEPS)
        factors = found.factors(self.table, self.confounders)
        self._write_tables(found, factors)
        self.notify(name, 2, _STEPS)
        self._describe(found, factors, k)
        self.notify(name, 3, _STEPS)
        filled = self._fill()
        if self.config.samples:
            self._generate(found, k)
        if self.config.neighbours is not None:
            self._judge_networks(self.config.neighbours)
        known = ~np.isnan(self.table.value)
        self.about = {
            "table": name,
            "kind": self.options.represent,
            "samples": int(known.any(axis=1).sum()),
            "features": int(known.shape[1]),
            "missing_share": float(1 - known[known.any(axis=1)].mean()),
            "factors": found.n_factor,
            "explained": self._explained(found),
            "confounders": ", ".join(self.options.confounders),
            "deconfound": self.options.deconfound if self.options.removes else "",
            "filled": 0 if filled is None else int((~known).sum()),
        }
        self.notify(name, _STEPS, _STEPS)

    def _explained(self, found: Represented) -> float:
        """Return the share of the table's variance that factors tell."""
        x = found.cleaned_values(self.table, self.confounders)
        said = found.reconstruct(x[~np.isnan(x).all(axis=1)])
        return explained_together(own_values(found, self.table, self.confounders), said)

    def _search(self) -> int:
        """Search the shape; keep its options, write what was tried, return k."""
        tune = self.options.tune
        assert tune is not None
        rests_on = (self.options, self.table.value, self.confounders, self.sets)
        seed = int(self.rng("shape").integers(2**31))
        place = Place(
            digest(*rests_on, seed),
            seed,
            60 * (tune.minutes or 0.0),
            self.run_record.folder.file("work/shapes"),
        )
        shape, tried = choose_shape(
            self.table,
            self.options,
            place,
            confounders=self.confounders,
            sets=self.sets,
        )
        frame = pd.DataFrame(
            [{"generation": one.generation} | one.options for one in tried]
        )
        frame["rmse"] = [-one.reward for one in tried]
        frame["chosen"] = [one.chosen for one in tried]
        self._write("trials", frame)
        names = RepresentOptions.model_fields
        found = {name: getattr(shape.options, name) for name in names}
        self.options = self.options.model_copy(update=found | {"tune": None})
        return shape.k

    def _choose(self) -> int:
        if self.options.tune is not None:
            found = self._search()
            k = self.options.k + ((found,) if found not in self.options.k else ())
            self._compare(self.options.model_copy(update={"k": k}))
            return found
        return self._compare(self.options)

    def _compare(self, options: OmicsConfig | StackConfig) -> int:
        """Compare numbers of factors, components beside them; return the best.

        Components of counts are those of the same normalised logarithms, so that the
        errors of both have one unit.
        """
        most = most_factors(self.table)
        ranks = sorted({min(k, most) for k in options.k})
        kinds = dict.fromkeys((options.represent, "pca"), ranks)
        if options.represent == "sets" and self.sets is not None:
            ranks = [self.sets.name.size]
            kinds = {"sets": ranks, "pca": [k for k in ranks if k <= most]}
        rng = self.rng("hidden values")
        hidden = HiddenValues(self.table, self.confounders, self.sets, rng)
        errors = {
            (kind, k): hidden.error(options.model_copy(update={"represent": kind}), k)
            for kind, several in kinds.items()
            for k in several
        }
        self.reconstruction = [
            {"table": options.name, "kind": kind, "k": k, "rmse": error}
            for (kind, k), error in errors.items()
        ]
        return min(ranks, key=lambda k: errors[options.represent, k])

    def _write(self, part: str, frame: pd.DataFrame) -> None:
        self.run_record.folder.write_table(self.files[part], frame)

    def _write_tables(self, found: Represented, factors: OmicsTable) -> None:
        self._write("factors", _frame(factors.value, factors))
        loadings = pd.DataFrame(found.loading, columns=found.factor_name.tolist())
        loadings.insert(0, "feature", self.table.feature_id)
        loadings.insert(1, "node", self.table.node_name)
        self._write("loadings", loadings)
        cleaned = found.cleaned(self.table, self.confounders)
        self._write("cleaned", _frame(cleaned.value, cleaned))

    def _describe(self, found: Represented, factors: OmicsTable, k: int) -> None:
        inputs, name = self.inputs, found.factor_name.tolist()
        about = pd.DataFrame(
            {
                "factor": name,
                "explained": explained(
                    own_values(found, self.table, self.confounders),
                    factors.value[~np.isnan(factors.value).any(axis=1)],
                ),
                "stability": factor_stability(
                    found, self.table, self.confounders, self.rng("stability")
                ),
            }
        )
        if inputs.sets and self.options.represent != "sets" and self.sets is not None:
            sets = factor_sets(found, self.table, inputs.sets, inputs.set_label)
            self._write("sets", sets)
        if self.options.represent == "sets" and self.sets is not None:
            about.insert(1, "label", self.sets.label)
            about = self._active(found, about)
        self._write("about", about)
        if inputs.trait_name:
            traits = factor_traits(name, factors.value, inputs.trait_name, inputs.trait)
            self._write("traits", traits)
        if self.confounders:
            told = factor_confounders(name, factors.value, self.confounders)
            self._write("confounders", told)
            if self.options.removes:
                self._write("confounding", self._removals(k))

    def _removals(self, k: int) -> pd.DataFrame:
        """Judge ways to remove the confounders on the rows that hold values."""
        rows = np.flatnonzero(~np.isnan(self.table.value).all(axis=1))
        removal = Removal(
            self.table.take_samples(rows),
            self.options,
            k,
            [one.take(rows) for one in self.confounders],
            self.sets,
            int(self.rng("probe").integers(2**62)),
        )
        return removals(removal, self.inputs.line[rows], self.rng("probe folds"))

    def _active(self, found: Represented, about: pd.DataFrame) -> pd.DataFrame:
        assert self.sets is not None
        x = found.cleaned_values(self.table, self.confounders)
        x = x[~np.isnan(x).all(axis=1)]
        x = np.where(np.isnan(x), found.reconstruct(x), x)
        tests = active_sets(x, self.sets.member, rng=self.rng("random sets"))
        tests["set"] = self.sets.name
        tests.insert(1, "label", self.sets.label)
        outside = getattr(found.code, "outside_share", None)
        if outside is not None:
            tests["written_outside"] = outside(self.sets.member)
        self._write("active", tests.sort_values("p", kind="stable"))
        return about.assign(active=tests["active"].to_numpy())

    def _generate(self, found: Represented, k: int) -> None:
        drawn = generate(
            found,
            self.table,
            self.config.samples,
            rng=self.rng("samples"),
            confounders=self.confounders,
        )
        self._write("samples", _frame(drawn.value, drawn))
        judged = judge_samples(
            self.table,
            self.options,
            k,
            rng=self.rng("realism"),
            confounders=self.confounders,
            sets=self.sets,
        )
        names = ("distance", "correlation", "classifier")
        rows = [
            {
                "check": name,
                "samples": getattr(judged, name),
                "real_rows": getattr(judged, f"{name}_real"),
            }
            for name in names
        ]
        self._write("realism", pd.DataFrame(rows))

    def _judge_networks(self, asked: NeighboursConfig) -> None:
        seed = int(self.rng("networks").integers(2**31))
        genes, traits = judge_networks(
            self.table, self.options, self.inputs, asked, seed
        )
        self._write("neighbours", genes)
        if not traits.empty:
            self._write("network_traits", traits)
        if asked.smooth and (
            asked.share is not None or asked.smooth != self.table.name
        ):
            other = self.inputs.named(asked.smooth)
            smoothed, told = smooth_table(other, self.table, self.inputs, asked, seed)
            self._write("smoothed", _frame(smoothed.value, smoothed))
            if other.name != self.table.name:
                self._write("smoothing", told)

    def _fill(self) -> Imputed | None:
        known = ~np.isnan(self.table.value)
        if known.all():
            return None
        sources = self._sources()
        counts = self.options.likelihood != "gaussian"
        filled = impute(self.table, sources, rng=self.rng("gaps"), counts=counts)
        self._write("imputed", _frame(filled.table.value, self.table))
        self._write("half_width", _frame(filled.half_width, self.table))
        rows = []
        for kind, label in enumerate(NAMES):
            if np.isnan(filled.rmse[kind]).all():
                continue
            for method, weight, error in zip(
                (*filled.method, "mixture"),
                (*filled.weight[kind], np.nan),
                filled.rmse[kind],
                strict=True,
            ):
                rows.append(
                    {
                        "gaps": label,
                        "method": method,
                        "rmse": error,
                        "weight": weight,
                        "coverage": filled.coverage[kind]
                        if method == "mixture"
                        else np.nan,
                    }
                )
        self._write("imputation", pd.DataFrame(rows))
        return filled

    def _sources(self) -> Sources:
        n = self.inputs.sample_id.size
        genotypes = self.inputs.genotypes
        kernel = None
        if genotypes is not None:
            kernel = np.eye(n)
            rows, place = found_rows(genotypes.sample_id, self.inputs.line)
            known = genomic_kernel(genotypes)
            kernel[np.ix_(rows, rows)] = known[np.ix_(place, place)]
        others = [
            (table, options.likelihood != "gaussian")
            for table, options in zip(
                self.inputs.tables, self.inputs.options, strict=True
            )
            if table.name != self.table.name
        ]
        network = self.inputs.network
        return Sources(
            kernel,
            omics_kernel(others, n) if others else None,
            None if network is None else network.onto(self.table.node_name),
        )


def _frame(value: FloatArray, table: OmicsTable) -> pd.DataFrame:
    frame = pd.DataFrame(np.round(value, 6), columns=table.feature_id.tolist())
    frame.insert(0, "sample_id", table.sample_id)
    return frame
