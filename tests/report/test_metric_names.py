from __future__ import annotations

from meristem.report.metric_names import label_of, order_of
from meristem.stats.metrics import METRICS


def test_every_metric_has_a_name_and_a_place_of_its_own() -> None:
    assert len({label_of(name) for name in METRICS}) == len(METRICS)
    places = [order_of(name) for name in METRICS]
    assert len(set(places)) == len(places)
    assert order_of("unheard of") > max(places)
