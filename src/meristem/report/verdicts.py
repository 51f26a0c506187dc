"""The answer first: one line per model, and the key numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from meristem.pages.glossary import term
from meristem.pages.numbers import count, fixed, interval, signed
from meristem.pages.page import Card
from meristem.report.metric_names import label_of
from meristem.report.view import BETTER, SAME, WORSE, Target, Verdict, View

_ITEM = Markup(
    '<li><span class="badge {}">{}</span>'
    '<span class="line"><b>{}</b>{}<span>{}</span></span></li>\n'
)
_CLASS = {BETTER: "better", WORSE: "worse"}


def verdict_lines(view: View) -> Markup:
    """Return the verdict on every model, best first, as an HTML list."""
    if not view.verdicts:
        return Markup('<div class="box"><p>{}</p></div>').format(
            "No model was compared with a reference, so there is no verdict."
        )
    labels = [label for label in view.contenders if label != view.reference]
    labels.sort(
        key=lambda label: (not view.model(label).deployable, -_rank(view, label))
    )
    items = [_reference_line(view)]
    items += [_model_line(view, label) for label in labels]
    return Markup('<ul class="verdicts">\n{}</ul>\n').format(Markup("").join(items))


def _of_targets(view: View, label: str) -> list[Verdict]:
    of_model = [verdict for verdict in view.verdicts if verdict.model == label]
    return [verdict for verdict in of_model if verdict.target in view.targets]


def _rank(view: View, label: str) -> float:
    overall = view.headline(label)
    values = [overall] if overall is not None else _of_targets(view, label)
    known = [v.difference for v in values if math.isfinite(v.difference)]
    return sum(known) / len(known) if known else -math.inf


def _reference_line(view: View) -> Markup:
    reference = view.reference
    seen: dict[str, float] = {}
    for verdict in view.verdicts:
        if verdict.target in view.targets:
            seen[verdict.target.name] = verdict.reference_mean
    known = [value for value in seen.values() if math.isfinite(value)]
    text = ""
    if known:
        mean = fixed(sum(known) / len(known))
        over = f", mean of {len(known)} {noun(view.targets)}" if len(known) > 1 else ""
        text = f"{label_of(view.metric)} {mean}{over}"
    return _ITEM.format("reference", "reference", reference, "", text)


def _model_line(view: View, label: str) -> Markup:
    overall = view.headline(label)
    by_target = _of_targets(view, label)
    tag, ceiling = Markup(""), ""
    if not view.model(label).deployable:
        shown = term("not deployable")
        tag = Markup(' <span class="tag">{}</span>').format(shown)
        ceiling = _ceiling(view, label)
    if overall is not None and math.isfinite(overall.difference):
        detail = _detail(overall)
        if len(by_target) > 1:
            detail += f"; {_tally(by_target)}"
        kind = overall.verdict
    elif by_target:
        detail = _tally(by_target)
        kinds = {verdict.verdict for verdict in by_target}
        kind = kinds.pop() if len(kinds) == 1 else "mixed"
    else:
        detail, kind = "could not be compared", "no verdict"
    words = {
        BETTER: f"better than {view.reference}",
        WORSE: f"worse than {view.reference}",
        SAME: "not distinguishable",
        "mixed": "depends on the trait",
    }.get(kind, kind)
    return _ITEM.format(_CLASS.get(kind, "same"), words, label, tag, detail + ceiling)


def _ceiling(view: View, label: str) -> str:
    """Return what share of what measured omics reach is reached from genotypes."""
    most = _mean(view, label)
    known = [
        (_mean(view, other), other)
        for other in view.contenders
        if view.model(other).deployable
    ]
    best, name = max((one for one in known if math.isfinite(one[0])), default=(0, ""))
    if not name or not most > 0:
        return ""
    if best >= most:
        return f"; {name} reaches as much from genotypes"
    return (
        f"; {name} reaches {max(best, 0) / most:.0%} of it from genotypes, the rest "
        "needs omics that are predicted better: more lines that have them"
    )


def _mean(view: View, label: str) -> float:
    """Return the mean ability of a model; of the reference, beside the first one."""
    overall = [v for v in view.verdicts if v.target not in view.targets]
    shown = overall or [v for v in view.verdicts if v.target in view.targets]
    if label == view.reference:
        seen = {v.target: v.reference_mean for v in shown}
    else:
        seen = {v.target: v.mean for v in shown if v.model == label}
    return sum(seen.values()) / len(seen) if seen else math.nan


def _detail(verdict: Verdict) -> str:
    return (
        f"{label_of(verdict.metric)} {fixed(verdict.mean)} against "
        f"{fixed(verdict.reference_mean)}: difference {signed(verdict.difference)} "
        f"(95 % interval {interval(verdict.low, verdict.high)})"
    )


def _tally(verdicts: list[Verdict]) -> str:
    parts = []
    for kind in (BETTER, SAME, WORSE):
        n_target = sum(verdict.verdict == kind for verdict in verdicts)
        if n_target:
            parts.append(f"{kind} in {n_target}")
    targets = [verdict.target for verdict in verdicts]
    if len(parts) == 1:
        return f"{verdicts[0].verdict} in each of the {len(verdicts)} {noun(targets)}"
    return f"{', '.join(parts)} of {len(verdicts)} {noun(targets)}"


def noun(targets: Sequence[Target]) -> str:
    """Return what the targets are: traits, environments, or both.

    Examples
    --------
    >>> noun([Target("yield", "A"), Target("yield", "B")])
    'environments'
    """
    if len({target.environment for target in targets}) == 1:
        return "traits"
    one_trait = len({target.trait for target in targets}) == 1
    return "environments" if one_trait else "traits and environments"


def cards(view: View) -> tuple[Card, ...]:
    """Return the key numbers of a run."""
    made: list[Card] = []
    data = view.artefacts.data or {}
    genotypes = data.get("genotypes") or {}
    if "samples" in genotypes:
        lines = genotypes.get("lines", genotypes["samples"])
        made.append(Card("lines", count(lines), "genotyped"))
    if "variants" in genotypes:
        made.append(Card("variants", count(genotypes["variants"]), _ploidy(genotypes)))
    if len(view.targets) > 1:
        made.append(Card(noun(view.targets), count(len(view.targets))))
    made += _network_cards(view)
    made += _ability_cards(view)
    return tuple(made)


def _ploidy(genotypes: dict) -> str:
    ploidy = genotypes.get("ploidy")
    return f"ploidy {ploidy}" if ploidy else ""


def _network_cards(view: View) -> list[Card]:
    network = view.artefacts.network
    if not network:
        return []
    nodes, edges = network.get("nodes") or [], network.get("edges") or []
    return [Card("network nodes", count(len(nodes)), f"{count(len(edges))} edges")]


def _ability_cards(view: View) -> list[Card]:
    """Return the reference and the best model that predicts from genotypes alone."""
    best: Verdict | None = None
    for label in view.contenders:
        verdict = view.headline(label)
        if verdict is None or not view.model(label).deployable:
            continue
        if best is None or verdict.difference > best.difference:
            best = verdict
    if best is None:
        return []
    name = label_of(best.metric)
    linked = f"[[{name}]]" if name == "predictive ability" else name
    made = [Card(f"{linked}, reference", fixed(best.reference_mean), best.reference)]
    if best.difference > 0:
        made.append(Card(f"{linked}, highest", fixed(best.mean), best.model))
    return made
