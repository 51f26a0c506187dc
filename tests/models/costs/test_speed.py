"""The probe of the machine: a positive ratio, short, and of the work it names."""

from __future__ import annotations

import pytest

from meristem.models.costs import speed


def test_twice_the_seconds_are_twice_the_slowness(monkeypatch: pytest.MonkeyPatch):
    calls = []

    def seconds(work):
        work()
        calls.append(work)
        return 2 * (speed._PRODUCT, speed._DECOMPOSITION)[len(calls) - 1]

    monkeypatch.setattr(speed, "_seconds", seconds)
    assert speed.slowness.__wrapped__() == pytest.approx(2.0)  # not kept
    assert len(calls) == 2
