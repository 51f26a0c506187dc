"""What the words of the reports mean, for breeders."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

GLOSSARY: dict[str, str] = {
    "predictive ability": (
        "Correlation (Pearson) between predicted and observed values of lines the "
        "model has not seen. 0 is guessing, 1 is perfect. It cannot exceed the square "
        "root of the heritability of the observed values."
    ),
    "GEBV": (
        "Genomic estimated breeding value: the additive value of a line, predicted "
        "from its markers by a linear model such as GBLUP."
    ),
    "predicted value": (
        "What a model expects a line to show. A network's predicted value may hold "
        "non-additive parts, so it is not called a GEBV; choose parents on additive "
        "merit."
    ),
    "GBLUP": (
        "Genomic best linear unbiased prediction: the standard linear model of "
        "genomic selection, and the reference every other model is compared with."
    ),
    "fold": (
        "One share of the lines kept aside while the model is fitted on the others, "
        "and then predicted. All models are given the same folds."
    ),
    "replicate": "One complete round of folds, with the lines shared out anew.",
    "interval": (
        "95 % bootstrap interval: the range a value would take for other lines drawn "
        "like those tested. Differences are paired: same lines, same folds."
    ),
    "not distinguishable": (
        "The interval of the difference to GBLUP includes zero: the run shows no "
        "difference. It does not show that there is none."
    ),
    "latent": (
        "The value a network computes for one of its named nodes, for one line: its "
        "idea of how active that gene, term or metabolite is."
    ),
    "sensitivity": (
        "How much the predicted trait moves when a latent is pushed up and down while "
        "all else stays. Large: the model relies on this node."
    ),
    "null": (
        "The same quantity where there is nothing to find, by permutation. A result "
        "counts only where it stands clear of its null."
    ),
    "agreement": (
        "Correlation, whatever its sign, between a latent and the measured omics of "
        "the same node, on lines the model has not seen; mean over folds."
    ),
    "slope": (
        "Regression of observed on predicted values. 1: differences between lines are "
        "predicted at their true size. Below 1: predictions are spread too far."
    ),
    "polygenic path": (
        "A linear model of all markers beside the network, for effects that the "
        "knowledge graph does not cover."
    ),
    "gene effect": (
        "Sum of the absolute effects of a gene's variants on the predicted trait."
    ),
    "spread": (
        "Standard deviation of the genetic value around its prediction, at the width "
        "of the out-of-fold errors. Large: be careful with this line."
    ),
    "posterior": (
        "What a model believes of the genetic values of all lines together: a mean "
        "for each, and how far and how jointly they may be off, at the width of the "
        "errors on lines the model has not seen."
    ),
    "chance to be among the best": (
        "How often a line is in the best share of the candidates (evaluate.top_share) "
        "among values drawn from the posterior. Empty where no width is known."
    ),
    "deviation": (
        "Predicted value minus the mean of the phenotyped lines, in units of the trait."
    ),
    "reliability": (
        "1 - error variance / genetic variance of a line: 1 is certain, 0 says no more "
        "than the mean. Its square root is the accuracy expected for that line."
    ),
    "relatedness": (
        "Largest genomic correlation of a line with a training line: of a candidate "
        "with all phenotyped lines, of a test line with those of its fold. Near 0: the "
        "model has seen nothing like it."
    ),
    "heritability": (
        "h2: share of the variance of the trait values that is genetic as the markers "
        "see it; genetic variance / (genetic + residual variance), estimated by REML."
    ),
    "accuracy": (
        "Correlation of predictions with true genetic values, estimated as predictive "
        "ability / h, h being the square root of the heritability. As uncertain as h2."
    ),
    "selection differential": (
        "Mean of the chosen lines minus the mean of all lines. Here predictions choose "
        "and the means are of observed values."
    ),
    "rank correlation": (
        "Spearman's: the correlation of ranks; single large values count less."
    ),
    "top lines found": (
        "Share of the best observed lines that are among the best predicted ones."
    ),
    "NDCG": (
        "How much of the value of the best lines stands at the top of the predicted "
        "ranking; 1 is the true order."
    ),
    "integrated gradients": (
        "A way of sharing a prediction out over nodes or variants: gradients summed "
        "along the way from the average line. DeepLIFT is another. Both add up."
    ),
    "copies": "Lines whose genotypes are identical at every marker.",
    "not deployable": (
        "Needs omics measured on the candidates themselves. It shows what measured "
        "omics could add; it cannot predict from genotypes alone."
    ),
    "control": (
        "A model that lacks one ingredient (the true graph, the omics) and is equal "
        "in all else. What the ingredient is worth is the difference to its control."
    ),
    "principal component": (
        "Main axis of the genetic differences between lines. Lines that lie close "
        "together are related."
    ),
    "held-out test": (
        "The trait of lines left out of training, regressed on what a node adds to "
        "their predictions. A node that only fits noise fails it, however important "
        "it is to the network."
    ),
    "GWAS": (
        "Genome-wide association study: each variant tested by itself for association "
        "with the trait, relationship between lines accounted for."
    ),
    "TWAS": (
        "Transcriptome-wide association study: each measured gene (or other omics "
        "feature) tested by itself, in the same way as variants in a GWAS."
    ),
    "enrichment": (
        "More high-ranking genes in a term than chance would put there. The null "
        "turns all values around the genome, which keeps neighbours together; for "
        "TWAS it is widened by how much the genes of the term go together."
    ),
    "interaction": (
        "What two nodes pushed together do beyond the sum of what each does alone. "
        "Zero where their effects add up."
    ),
    "stability": (
        "Whether networks that differ by chance (starting weights, lines trained on) "
        "rank the nodes alike. 1: the same order; 0: unrelated orders."
    ),
    "gain over inputs": (
        "Correlation of a node with the trait minus that of the best linear "
        "combination of the nodes it reads, on lines left out (after RLIPP, Ma et al. "
        "2018)."
    ),
    "posterior probability": (
        "How probable something is after seeing the data, from a share expected "
        "beforehand. Of sets with a probability of 0.9, about nine in ten should be "
        "real; in simulations eight were, since sets share genes."
    ),
    "contribution": (
        "How much the prediction of a line would fall if one node had its average "
        "value and all else stayed."
    ),
    "coancestry": (
        "Chance that an allele drawn from one line and one drawn from another are "
        "identical: the inbreeding of their progeny. Of a group it is the mean over "
        "all pairs, weighted by what each line contributes."
    ),
    "effective population size": (
        "Ne: as many unrelated parents in equal shares would lose as much diversity "
        "in a generation, 1 / (2 x rate of inbreeding). Empty: none is lost."
    ),
    "selection intensity": (
        "Mean of the selected lines above all candidates, in standard deviations, as "
        "expected for their numbers."
    ),
    "usefulness": (
        "Mean of the progeny of a cross plus what selection of the best of them adds: "
        "intensity x accuracy x spread."
    ),
    "optimality gap": (
        "How much better than the plan found any plan under the same limits could be; "
        "proven, for the values as they are believed."
    ),
    "q value": (
        "Share of false finds expected among the nodes with this value or a better one."
    ),
}

_MARK = re.compile(r"\[\[([^\]|]+)(?:\|([^\]]+))?\]\]")
_LOWER = {name.lower(): name for name in GLOSSARY}


def anchor(name: str) -> str:
    """Return the id of a glossary entry in a page."""
    return "term-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def term(name: str, shown: str = "") -> Markup:
    """Return a link to a glossary entry that also carries its explanation.

    Raises
    ------
    KeyError
        If the glossary has no such entry.
    """
    key = _LOWER[name.lower()]
    return Markup('<a class="term" href="#{}" data-tip="{}">{}</a>').format(
        anchor(key), GLOSSARY[key], shown or name
    )


def explain(text: str) -> Markup:
    """Return escaped text in which `[[term]]` or `[[term|shown]]` became links.

    Examples
    --------
    >>> str(explain("a < b"))
    'a &lt; b'
    >>> 'href="#term-gebv"' in explain("the [[GEBV|GEBVs]] of lines")
    True
    """
    if isinstance(text, Markup):
        return text
    parts: list[Markup] = []
    place = 0
    for match in _MARK.finditer(text):
        parts.append(escape(text[place : match.start()]))
        parts.append(term(match[1], match[2] or ""))
        place = match.end()
    parts.append(escape(text[place:]))
    return Markup("").join(parts)
