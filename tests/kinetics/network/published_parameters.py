"""Parameter files of the published simulations (Elektrum), for the tests of ours."""

from __future__ import annotations

import ast
import re
from typing import Any

import numpy as np

from meristem.errors import DataError
from meristem.kinetics.network.simulate import PlantedRate, Simulation, one_hot
from meristem.kinetics.scheme.scheme import Reaction, Scheme
from meristem.records import FloatArray

_CALL = re.compile(r"^\s*(nuc_distr|gen_pos_weight_mat|np\.asarray)\((.*)\)\s*$", re.S)


def parse_weight_rule(
    text: str, template: str, start: int, stop: int
) -> FloatArray:  # (stop - start, 4)
    """Return the energies that a rule of the published simulator stands for.

    Three forms are known, and nothing is evaluated: ``nuc_distr(length,
    ind_scale=[..])``, the same row at every position; ``gen_pos_weight_mat(..,
    ind_scale=[m, u])``, m on the template's base and u on the others;
    ``np.asarray([[..], ..])``. Columns are A, C, G, T, whatever the file's ``values``.
    """
    found = _CALL.match(text)
    if found is None:
        raise DataError(
            f"the weight rule {text!r} is not known",
            remedy="use nuc_distr, gen_pos_weight_mat or np.asarray",
        )
    name, inner = found.groups()
    numbers = inner if name == "np.asarray" else inner.partition("ind_scale=")[2]
    try:
        values = np.array(ast.literal_eval(numbers.strip().rstrip(",")), dtype=float)
    except (ValueError, SyntaxError) as error:
        raise DataError(
            f"the weight rule {text!r} holds no list of numbers",
            remedy="write ind_scale=[..] with plain numbers",
        ) from error
    length = stop - start
    if name == "nuc_distr":
        values = np.tile(values, (length, 1))
    elif name == "gen_pos_weight_mat":
        on_base, off_base = values
        same = one_hot([template])[0, start:stop]
        values = np.where(same == 1, on_base, off_base)
    if values.shape != (length, 4):
        raise DataError(
            f"the weight rule {text!r} has shape {values.shape}, "
            f"its window needs {(length, 4)}",
            remedy="give one row of four numbers per position",
        )
    return values


def simulation_from_dict(content: dict[str, Any]) -> Simulation:
    """Return the simulation that a parsed parameter file of Elektrum describes.

    Where ``base_rate`` or ``stat_barrier`` is missing they are 1 and 0.
    """
    try:
        template = content["Input"]["template"]
        states = tuple(str(state) for state in content["States"])
        observed = content.get("Data", {}).get("contrib_rate_names")
        steps = content["Rates"]
        if observed is None:
            observed = [steps[-1]["name"]]
        reactions, rates = [], []
        for step in steps:
            source, target = (str(state) for state in step["state_list"])
            start, stop = (int(place) for place in step["input_range"])
            log_base = np.log(float(step.get("base_rate", 1.0)))
            log_base -= float(step.get("stat_barrier", 0.0))
            energy = parse_weight_rule(step["weight_distr"], template, start, stop)
            name = step["name"]
            reactions.append(
                Reaction(name, source, target, name in observed, float(log_base))
            )
            rates.append(PlantedRate(start, stop, float(log_base), energy))
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"the simulator parameters lack or misuse {error}",
            remedy="give Input.template, States and Rates as in the published files",
        ) from error
    sinks = set(states) - {reaction.source for reaction in reactions}
    scheme = Scheme(
        str(content.get("Title", "simulated")),
        states,
        tuple(reactions),
        "decay" if sinks else "flux",
    )
    return Simulation(scheme, template, tuple(rates))
