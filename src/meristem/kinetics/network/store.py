"""Write and read fitted kinetic networks as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from meristem.errors import DataError
from meristem.kinetics.cas9.pam import CAS9, Pam, read_pam
from meristem.kinetics.network.features import Window
from meristem.kinetics.network.kinn import Architecture, HiddenUnits, Kinn
from meristem.kinetics.scheme.scheme import parse_scheme, scheme_to_dict
from meristem.text.files import read_text, write_text

FORMAT = 1


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _kinn_to_dict(kinn: Kinn) -> dict[str, Any]:
    return {
        "windows": [
            None if window is None else dict(vars(window))
            for window in kinn.architecture.windows
        ],
        "weights": kinn.weights.tolist(),
        "bias": kinn.bias.tolist(),
        "log_sigma": kinn.log_sigma,
        "limits": [_number(limit) for limit in kinn.limits],
        "channels": kinn.channels,
        "pam": dict(vars(kinn.pam)),
        "hidden": [
            {
                "reaction": unit.reaction,
                "inner": unit.inner.tolist(),
                "offset": unit.offset.tolist(),
                "outer": unit.outer.tolist(),
            }
            for unit in kinn.hidden
        ],
    }


def write_kinns(kinns: Sequence[Kinn], path: str | Path) -> None:
    """Write the members of an ensemble; all share one scheme."""
    content = {
        "format": FORMAT,
        "scheme": scheme_to_dict(kinns[0].scheme),
        "members": [_kinn_to_dict(kinn) for kinn in kinns],
    }
    write_text(path, json.dumps(content))


def read_kinns(path: str | Path) -> tuple[Kinn, ...]:
    """Read what `write_kinns` wrote.

    Raises
    ------
    DataError
        If the file is absent, or is no saved kinetic network of this format.
    """
    try:
        content = json.loads(read_text(path))
        if content["format"] != FORMAT:
            raise DataError(
                f"has format {content['format']}, this version reads {FORMAT}",
                where=path,
                remedy="make it again with `meristem kinetics fit`",
            )
        scheme = parse_scheme(content["scheme"], where=str(path))
        kinns = []
        for member in content["members"]:
            windows = tuple(w and Window(**w) for w in member["windows"])
            low, high = member["limits"]
            hidden = tuple(
                HiddenUnits(
                    int(unit["reaction"]),
                    np.array(unit["inner"], dtype=float),
                    np.array(unit["offset"], dtype=float),
                    np.array(unit["outer"], dtype=float),
                )
                for unit in member["hidden"]
            )
            kinns.append(
                Kinn(
                    scheme,
                    Architecture(windows),
                    np.array(member["weights"], dtype=float),
                    np.array(member["bias"], dtype=float),
                    float(member["log_sigma"]),
                    (
                        -math.inf if low is None else float(low),
                        math.inf if high is None else float(high),
                    ),
                    hidden,
                    str(member["channels"]),
                    _pam(member),
                )
            )
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise DataError(
            f"is no saved kinetic network: {error}",
            where=path,
            remedy="give the model file that `meristem kinetics fit` wrote",
        ) from error
    if not kinns:
        raise DataError(
            "holds no member",
            where=path,
            remedy="make it again with `meristem kinetics fit`",
        )
    return tuple(kinns)


def _pam(member: dict[str, Any]) -> Pam:
    """Return the PAM of a member; files without one are of Cas9."""
    if "pam" not in member:
        return CAS9
    return read_pam(str(member["pam"]["pattern"]), member["pam"]["side"])


def read_pair_kinns(path: str | Path) -> tuple[Kinn, ...]:
    """Read networks of guide-target pairs, which alone can be asked about sites.

    Raises
    ------
    DataError
        As `read_kinns`, and if the networks read sequences of one length instead.
    """
    kinns = read_kinns(path)
    if not all(kinn.channels for kinn in kinns):
        _, n_position, n_channel = kinns[0].weights.shape
        raise DataError(
            f"was not fitted to guide-target pairs: it reads simulated sequences "
            f"({n_position} positions of {n_channel} bases)",
            where=path,
            remedy="give a model of cleavage rates (data of kind 'mpkp' or 'table'); "
            "what this one says of its test rows is in predictions.csv of its run",
        )
    return kinns
