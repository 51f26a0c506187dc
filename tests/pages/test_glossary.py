from __future__ import annotations

import re
from pathlib import Path

import pytest
from markupsafe import Markup

import meristem.report
from meristem.pages.glossary import GLOSSARY, anchor, explain, term


def test_every_term_that_a_text_uses_is_explained() -> None:
    folder = Path(meristem.report.__file__).parent
    known = {name.lower() for name in GLOSSARY}
    used: set[str] = set()
    for path in folder.rglob("*.py"):
        text = re.sub(r'"\s*\n\s*f?"', "", path.read_text(encoding="utf-8"))
        used |= set(re.findall(r"\[\[([a-zA-Z -]+)(?:\||\]\])", text))
    assert len(used) > 8
    assert {name.lower() for name in used} <= known


def test_anchors_are_unique() -> None:
    anchors = [anchor(name) for name in GLOSSARY]
    assert len(set(anchors)) == len(anchors)


def test_explain_escapes_around_terms_and_keeps_markup() -> None:
    html = explain("<b> [[GEBV|the <values>]] & more")
    assert html.startswith("&lt;b&gt; <a class")
    assert ">the &lt;values&gt;</a> &amp; more" in html
    assert explain(Markup("<b>")) == "<b>"


def test_unknown_terms_are_refused() -> None:
    with pytest.raises(KeyError):
        term("flux capacitor")


WORDS = """
predictive ability, accuracy, heritability, reliability, relatedness, posterior, spread,
deviation, chance to be among the best, selection differential, copies,
rank correlation, NDCG, top lines found, slope, posterior probability, q value
"""


@pytest.mark.parametrize("word", re.split(r",\s+", WORDS.strip()))
def test_every_word_of_the_tables_is_explained(word: str) -> None:
    assert len(GLOSSARY[word]) > 30
