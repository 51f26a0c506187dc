"""What all configuration records share: frozen, no unknown key, no odd number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

LARGEST_NUMBER = 2**53
"""Integers above are counts of nothing, and fit no array."""


class Strict(BaseModel):
    """Frozen; refuses unknown keys, infinite numbers, truth values as numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _plain_numbers(cls, data: Any) -> Any:
        for name, value in data.items() if isinstance(data, dict) else ():
            field = cls.model_fields.get(name)
            for one in _scalars(value) if field is not None else ():
                kind = getattr(field, "annotation", None)
                if isinstance(one, bool) and kind in (int, float):
                    raise ValueError(f"{name}: give a number, not {str(one).lower()}")
                if type(one) is int and abs(one) > LARGEST_NUMBER:
                    raise ValueError(f"{name}: an integer is at most 2^53")
        return data


def _scalars(value: Any) -> Iterator[Any]:
    """Yield a value, or what a list of values holds."""
    yield from value if isinstance(value, list | tuple) else (value,)
