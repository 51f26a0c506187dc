"""Manhattan plots of variants and genes, and the QQ plot of the marker scan."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pandas as pd

from meristem.pages.page import Figure
from meristem.pages.palette import ACCENT, INK, NEUTRAL, RULE, SOFT, WARN
from meristem.pages.panel import (
    Panel,
    draw_axes,
    draw_y_axis,
    make_panel,
    tick_room,
)
from meristem.pages.scale import Scale
from meristem.pages.svg import Canvas, shorten, text_width
from meristem.report.genome import (
    Genome,
    draw_contigs,
    make_genome,
    places,
)
from meristem.report.view import Target, View

WIDTH = 840
HEIGHT = 190
ALWAYS = 1200  # the largest values are all drawn
SAMPLED = 2400  # and at most so many of the others
NAMED = 6
LEVEL = 0.05
SMALLEST_P = 1e-300


def draw_variants(view: View, target: Target, name: str) -> Figure | None:
    """Return the scan of single markers above the effects the model uses."""
    rows = view.of(view.artefacts.variants, target)
    tracks = _variant_tracks(rows)
    if rows.empty or not tracks:
        return None
    return _draw_tracks(rows, tracks, "variant_id", target, name)


def draw_genes(view: View, target: Target, name: str) -> Figure | None:
    """Return the effect of every gene along the genome; None if none has a place."""
    rows = view.of(view.artefacts.genes, target)
    rows = rows[rows["contig"] != ""]
    tracks = {
        label: rows[column].abs()
        for column, label in (
            ("effect", "gene effect (sum over its variants)"),
            ("sensitivity", "sensitivity of the gene's latent"),
        )
        if column in rows and np.isfinite(rows[column]).any()
    }
    if rows.empty or not tracks:
        return None
    return _draw_tracks(rows, tracks, "gene", target, name)


def _variant_tracks(rows: pd.DataFrame) -> dict[str, pd.Series]:
    tracks: dict[str, pd.Series] = {}
    if "gwas_p" in rows and np.isfinite(rows["gwas_p"]).any():
        tracks[GWAS] = -np.log10(rows["gwas_p"].clip(lower=SMALLEST_P))
    effect = next((c for c in ("effect_total", "effect_network") if c in rows), None)
    if effect is not None and np.isfinite(rows[effect]).any():
        tracks["size of the effect in the model"] = rows[effect].abs()
    return tracks


GWAS = "single-marker scan, \u2212log10 p"


def pick(value: np.ndarray, always: int = ALWAYS, sampled: int = SAMPLED) -> np.ndarray:
    """Return positions of the largest values and an even share of the others.

    Examples
    --------
    >>> pick(np.array([0.1, 9.0, 0.2, 0.3, 8.0]), always=2, sampled=1).tolist()
    [0, 1, 4]
    """
    finite = np.flatnonzero(np.isfinite(value))
    if finite.size <= always + sampled:
        return finite
    order = finite[np.argsort(-value[finite], kind="stable")]
    rest = np.sort(order[always:])
    step = rest[np.round(np.linspace(0, rest.size - 1, sampled)).astype(int)]
    return np.union1d(order[:always], step)


def _draw_tracks(
    rows: pd.DataFrame,
    tracks: dict[str, pd.Series],
    key: str,
    target: Target,
    name: str,
) -> Figure:
    genome = make_genome(rows)
    place, number = places(genome, rows)
    top, pitch = 30.0, HEIGHT + 66.0
    noun = "variants" if key == "variant_id" else "genes"
    canvas = Canvas(
        WIDTH, pitch * len(tracks), f"{noun} along the genome, {target.name}"
    )
    drawn: set[int] = set()
    for position, (label, series) in enumerate(tracks.items()):
        value = series.to_numpy(dtype=float)
        chosen = pick(value)
        high = max(float(np.nanmax(value)) * 1.14, 1e-12)
        line = _bonferroni(rows) if label == GWAS else math.nan
        if math.isfinite(line):
            high = max(high, line * 1.15)
        left = tick_room(Scale(0, high, HEIGHT, 0))
        box = (left, top + pitch * position, WIDTH - left - 4, float(HEIGHT))
        panel = make_panel(box, (0, 1), (0, high))
        _draw_track(canvas, panel, genome, (place, value, number), chosen)
        canvas.text(0, panel.top - 14, label, 12, WIDTH, fill=INK)
        if math.isfinite(line):
            _draw_threshold(canvas, panel, line, len(rows))
        floor = line if math.isfinite(line) else 0.3 * float(np.nanmax(value))
        named = np.where(value >= floor, value, np.nan)
        _draw_names(canvas, panel, rows[key].to_numpy(), place, named)
        drawn.update(chosen.tolist())
    table = rows.iloc[sorted(drawn)]
    return Figure(name, canvas.to_svg(), table, _caption(len(rows), len(table), noun))


def _draw_track(
    canvas: Canvas,
    panel: Panel,
    genome: Genome,
    points: tuple[np.ndarray, np.ndarray, np.ndarray],
    chosen: np.ndarray,
) -> None:
    place, value, number = (part[chosen] for part in points)
    draw_contigs(canvas, panel, genome)
    draw_y_axis(canvas, panel)
    radius = 2.4 if chosen.size < 1500 else 1.7
    if chosen.size <= 120:
        zero = panel.bottom
        for x, y in zip(panel.x(place), panel.y(value), strict=True):
            canvas.line(float(x), zero, float(x), float(y), stroke=RULE, stroke_width=2)
        radius = 3.2
    for odd, colour in ((0, ACCENT), (1, NEUTRAL)):
        mine = number % 2 == odd
        canvas.dots(panel.x(place[mine]), panel.y(value[mine]), radius, colour, 0.85)


def _bonferroni(rows: pd.DataFrame) -> float:
    tested = int(np.isfinite(rows["gwas_p"]).sum())
    return -math.log10(LEVEL / tested)


def _draw_threshold(canvas: Canvas, panel: Panel, value: float, tested: int) -> None:
    y = float(panel.y(value))
    canvas.line(panel.left, y, panel.right, y, stroke=WARN, stroke_dasharray="4 3")
    text = f"5 % over {tested:,} tests (Bonferroni)"
    canvas.text(panel.right, panel.top - 14, text, 10.5, anchor="end", fill=WARN)


def _draw_names(
    canvas: Canvas,
    panel: Panel,
    names: np.ndarray,
    place: np.ndarray,
    value: np.ndarray,
) -> None:
    """Name the largest values; a name that would touch another is left out."""
    taken: list[tuple[float, float, float]] = []
    filled = np.where(np.isfinite(value), value, -np.inf)
    seen: set[str] = set()
    for index in np.argsort(-filled, kind="stable")[: 3 * NAMED]:
        name = str(names[index])
        if not math.isfinite(filled[index]) or not name or name in seen:
            continue
        text = shorten(name, 10.5, 150)
        half = text_width(text, 10.5) / 2
        x = float(panel.x(place[index]))
        x = min(max(x, panel.left + half), panel.right - half)
        y = float(panel.y(value[index])) - 8
        if any(abs(x - a) < half + b + 4 and abs(y - c) < 13 for a, b, c in taken):
            continue
        canvas.text(x, y, text, 10.5, anchor="middle", fill=INK, halo=True)
        taken.append((x, half, y))
        seen.add(name)
        if len(taken) == NAMED:
            return


def _caption(n: int, drawn: int, noun: str) -> str:
    text = "Contigs side by side, in two tones; the large values are named."
    if drawn < n:
        text += (
            f" {drawn:,} of {n:,} {noun} are drawn: all of the largest values, an even "
            "share of the small ones."
        )
    return text


def draw_qq(view: View, target: Target, name: str) -> Figure | None:
    """Return observed against expected p values of the marker scan."""
    rows = view.of(view.artefacts.variants, target)
    if "gwas_p" not in rows:
        return None
    p = rows["gwas_p"].dropna().to_numpy(dtype=float)
    p = np.sort(np.clip(p, SMALLEST_P, 1))
    if p.size < 10:
        return None
    expected = -np.log10((np.arange(1, p.size + 1) - 0.5) / p.size)
    observed = -np.log10(p)
    chosen = pick(observed)
    size = 300.0
    left = tick_room(Scale(0, float(observed[0]) * 1.05, size, 0))
    canvas = Canvas(WIDTH, size + 76, f"QQ plot, {target.name}")
    top = float(expected[0]) * 1.05
    panel = make_panel(
        (left, 30.0, size * 1.25, size), (0, top), (0, observed[0] * 1.05)
    )
    draw_axes(canvas, panel, "expected \u2212log10 p", "observed \u2212log10 p")
    reach = min(top, float(panel.y.high))
    ends = [(float(panel.x(v)), float(panel.y(v))) for v in (0.0, reach)]
    canvas.polyline(ends, stroke=SOFT, stroke_dasharray="3 3")
    canvas.dots(panel.x(expected[chosen]), panel.y(observed[chosen]), 2, ACCENT)
    inflation = genomic_inflation(p)
    canvas.lines(
        panel.right + 40,
        60,
        [f"{p.size:,} variants tested", f"genomic inflation {inflation:.2f}"],
        13,
    )
    table = pd.DataFrame({"expected": expected[chosen], "observed": observed[chosen]})
    return Figure(name, canvas.to_svg(), table, QQ_CAPTION)


QQ_CAPTION = (
    "If no marker were associated, the points would follow the dashed line. A rise "
    "from the start (inflation well above 1) points to relatedness that the scan did "
    "not account for; a rise at the end, to associated markers."
)

_CHI2_MEDIAN = 0.4549364231195724  # median of chi-square with 1 degree of freedom


def genomic_inflation(p: np.ndarray) -> float:
    """Return the median chi-square of the tests over its value under the null.

    References
    ----------
    Devlin & Roeder 1999, Biometrics 55:997.

    Examples
    --------
    >>> round(genomic_inflation((np.arange(1000) + 0.5) / 1000), 3)
    1.0
    """
    median = float(np.median(p))
    z = _normal_quantile(1 - median / 2)
    return z * z / _CHI2_MEDIAN


def _normal_quantile(share: float) -> float:
    """Return the standard normal quantile."""
    return NormalDist().inv_cdf(min(max(share, 1e-12), 1 - 1e-12))
