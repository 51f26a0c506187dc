"""Antimony and SBML in and out, restricted to first-order laws (optional extra)."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from meristem.errors import ConfigError, DataError
from meristem.kinetics.scheme.scheme import Observable, Reaction, Scheme
from meristem.text.files import read_text, write_text

_NAME = re.compile(r"[^A-Za-z0-9_]")


def _optional(module: str, package: str) -> ModuleType:
    try:
        return __import__(module)
    except ImportError as error:
        raise ConfigError(
            f"the package {package} is not installed",
            remedy="pip install 'meristem[kinetics]'",
        ) from error


def _safe(name: str) -> str:
    safe = _NAME.sub("_", name)
    return safe if safe and not safe[0].isdigit() else f"x{safe}"


def to_antimony(
    scheme: Scheme,
    log_rates: tuple[float, ...] | None = None,
    *,
    concentrations: dict[str, float] | None = None,
) -> str:
    """Return the scheme with numbers as Antimony text, for one sequence.

    The enzyme begins in the first state with amount 1; ligands are constant.
    The observed step is named ``<reaction>_observed``.

    Parameters
    ----------
    scheme
        States and reactions.
    log_rates
        Natural logs; the scheme's own by default.
    concentrations
        Of the ligands; 1 where not given.

    Returns
    -------
    str
        Antimony.

    Examples
    --------
    >>> from meristem.kinetics.scheme.catalog import cas9
    >>> "J_on: unbound -> open; k_on*unbound;" in to_antimony(cas9(4))
    True
    """
    values = scheme.log_rates if log_rates is None else tuple(log_rates)
    given = concentrations or {}
    states = {state: f"{_safe(state)}" for state in scheme.states}
    lines = [f"model {_safe(scheme.name)}", "  compartment cell = 1;"]
    for index, name in enumerate(states.values()):
        lines.append(f"  species {name} in cell = {1 if index == 0 else 0};")
    lines += [
        f"  {_safe(ligand)} = {float(given.get(ligand, 1.0))!r};"
        for ligand in scheme.ligands
    ]
    for reaction, value in zip(scheme.reactions, values, strict=True):
        constant = f"k_{_safe(reaction.name)}"
        suffix = "_observed" if reaction.observed else ""
        factor = f"*{_safe(reaction.ligand)}" if reaction.ligand else ""
        source, target = states[reaction.source], states[reaction.target]
        lines.append(f"  {constant} = {math.exp(value)!r};")
        lines.append(
            f"  J_{_safe(reaction.name)}{suffix}: {source} -> {target}; "
            f"{constant}{factor}*{source};"
        )
    lines.append("end")
    return "\n".join(lines) + "\n"


def antimony_to_sbml(text: str) -> str:
    """Return SBML for Antimony text."""
    antimony = _optional("antimony", "antimony")
    antimony.clearPreviousLoads()
    if antimony.loadAntimonyString(text) < 0:
        raise DataError(
            f"is no valid Antimony: {antimony.getLastError().strip()}",
            remedy="mend the line it names",
        )
    return str(antimony.getSBMLString(antimony.getMainModuleName()))


def write_sbml(
    scheme: Scheme, path: str | Path, log_rates: tuple[float, ...] | None = None
) -> None:
    """Write SBML (``.xml``, ``.sbml``) or Antimony (``.ant``, ``.txt``)."""
    text = to_antimony(scheme, log_rates)
    if Path(path).suffix in (".xml", ".sbml"):
        text = antimony_to_sbml(text)
    write_text(path, text)


def read_model(
    path: str | Path,
    *,
    observed: tuple[str, ...] = (),
    observable: Observable = "flux",
    ligands: tuple[str, ...] = (),
) -> Scheme:
    """Read a scheme from an SBML or Antimony file.

    Parameters
    ----------
    path
        ``.xml`` or ``.sbml``; anything else is taken as Antimony.
    observed
        Names of the observed reactions; by default those that end in ``_observed``.
    observable
        What is measured.
    ligands
        Parameters or constant species whose value multiplies rates, and which an
        assay varies; all others are numbers of their rate constant.

    Raises
    ------
    DataError
        If the file is not valid, or a law is not first order in its own reactant.
    """
    text = read_text(path)
    if Path(path).suffix not in (".xml", ".sbml"):
        text = antimony_to_sbml(text)
    return scheme_from_sbml(
        text,
        where=str(path),
        observed=observed,
        observable=observable,
        ligands=ligands,
    )


def scheme_from_sbml(
    text: str,
    *,
    where: str = "SBML",
    observed: tuple[str, ...] = (),
    observable: Observable = "flux",
    ligands: tuple[str, ...] = (),
) -> Scheme:
    """Return the scheme of an SBML text (see `read_model`)."""
    libsbml = _optional("libsbml", "python-libsbml")
    document = libsbml.readSBMLFromString(text)
    model = document.getModel()
    if model is None or document.getNumErrors(libsbml.LIBSBML_SEV_ERROR) > 0:
        message = document.getError(0).getMessage().strip() if model is None else ""
        raise DataError(
            f"is no valid SBML {message}", where=where, remedy="check it with libsbml"
        )
    numbers = _numbers(model)
    unknown = [name for name in ligands if name not in numbers]
    if unknown:
        raise DataError(
            f"has no parameter or constant species {unknown[0]!r}",
            where=where,
            remedy=f"name as ligands some of {', '.join(numbers) or 'none'}",
        )
    numbers |= dict.fromkeys(ligands, 1.0)
    reactions: list[Reaction] = []
    for index in range(model.getNumReactions()):
        item = model.getReaction(index)
        one = _reactions(libsbml, item, numbers, where)
        for ligand in ligands:
            two = _reactions(libsbml, item, numbers | {ligand: 2.0}, where)
            one = [
                _with_ligand(a, b, ligand, where) for a, b in zip(one, two, strict=True)
            ]
        reactions += one
    short = {r.name: r.name.removesuffix("_observed") for r in reactions}
    short = {name: word.removeprefix("J_") for name, word in short.items()}
    missing = set(observed) - set(short) - set(short.values())
    if missing:
        raise DataError(
            f"has no reaction {min(missing)!r}",
            where=where,
            remedy=f"name as observed some of {', '.join(short.values())}",
        )
    kinetic_laws = []
    for reaction in reactions:
        name = short[reaction.name]
        seen = reaction.name.endswith("_observed")
        seen = seen or not {reaction.name, name}.isdisjoint(observed)
        kinetic_laws.append(replace(reaction, name=name, observed=seen))
    used = {state for r in kinetic_laws for state in (r.source, r.target)}
    order = [model.getSpecies(i) for i in range(model.getNumSpecies())]
    species = [s for s in order if s.getId() in used]
    species.sort(key=lambda s: -_initial(s))
    states = tuple(s.getId() for s in species)
    return Scheme(model.getId() or "model", states, tuple(kinetic_laws), observable)


def _with_ligand(one: Reaction, two: Reaction, ligand: str, where: str) -> Reaction:
    """Return a reaction with its ligand, seen by what twice as much of it does."""
    factor = math.exp(two.log_rate - one.log_rate)
    if math.isclose(factor, 1.0):
        return one
    if not math.isclose(factor, 2.0) or one.ligand:
        raise DataError(
            f"its rate is not proportional to one ligand ({ligand!r} among them)",
            where=f"{where}, reaction {one.name!r}",
            remedy="write each step as k * ligand * state",
        )
    return replace(one, ligand=ligand)


def _initial(species: Any) -> float:
    if species.isSetInitialConcentration():
        return float(species.getInitialConcentration())
    return float(species.getInitialAmount()) if species.isSetInitialAmount() else 0.0


def _numbers(model: Any) -> dict[str, float]:
    """Return the values of parameters, compartments and constant species."""
    out = {}
    for i in range(model.getNumParameters()):
        parameter = model.getParameter(i)
        out[parameter.getId()] = float(parameter.getValue())
    for i in range(model.getNumCompartments()):
        out[model.getCompartment(i).getId()] = float(model.getCompartment(i).getSize())
    for i in range(model.getNumSpecies()):
        species = model.getSpecies(i)
        if species.getBoundaryCondition() or species.getConstant():
            out[species.getId()] = _initial(species)
    return out


def _reactions(
    libsbml: ModuleType, item: Any, numbers: dict[str, float], where: str
) -> list[Reaction]:
    name = item.getId()
    place = f"{where}, reaction {name!r}"
    remedy = "write each step as one state to one state, with the law k * state"
    fixed = set(numbers)
    reactants = [item.getReactant(i) for i in range(item.getNumReactants())]
    products = [item.getProduct(i) for i in range(item.getNumProducts())]
    sources = [r for r in reactants if r.getSpecies() not in fixed]
    targets = [p for p in products if p.getSpecies() not in fixed]
    one = all(len(side) == 1 for side in (sources, targets))
    if not one or any(s.getStoichiometry() != 1.0 for s in (*sources, *targets)):
        raise DataError(
            "does not turn exactly one state into one state",
            where=place,
            remedy=remedy,
        )
    source, target = sources[0].getSpecies(), targets[0].getSpecies()
    law = item.getKineticLaw()
    if law is None or law.getMath() is None:
        raise DataError("has no kinetic law", where=place, remedy=remedy)
    local = dict(numbers)
    for i in range(law.getNumParameters()):
        local[law.getParameter(i).getId()] = float(law.getParameter(i).getValue())
    terms = _linear(libsbml, law.getMath(), local, place)
    forward = terms.pop(source, 0.0)
    backward = terms.pop(target, 0.0)
    if any(value != 0.0 for value in terms.values()) or forward <= 0 or backward > 0:
        raise DataError(
            f"its law {libsbml.formulaToL3String(law.getMath())!r} is not first order "
            f"in {source!r}",
            where=place,
            remedy=remedy,
        )
    out = [Reaction(name, source, target, log_rate=math.log(forward))]
    if backward < 0:
        reverse = f"{name}_reverse"
        out.append(Reaction(reverse, target, source, log_rate=math.log(-backward)))
    return out


_ONE = ""


def _linear(
    libsbml: ModuleType, node: Any, numbers: dict[str, float], where: str
) -> dict[str, float]:
    """Return the law as coefficients of state names (`_ONE`: the constant term).

    Sums, differences, products and quotients by numbers are multiplied out; a product
    of two states, a power of one, or any function of one is not first order.
    """

    def refuse() -> DataError:
        return DataError(
            f"its law {libsbml.formulaToL3String(node)!r} is not first order",
            where=where,
            remedy="write it as k * state; other laws are not supported",
        )

    kind = node.getType()
    if node.isNumber():
        return {_ONE: float(node.getValue())}
    if kind == libsbml.AST_NAME:
        name = node.getName()
        return {_ONE: numbers[name]} if name in numbers else {name: 1.0}
    parts = [
        _linear(libsbml, node.getChild(i), numbers, where)
        for i in range(node.getNumChildren())
    ]
    if kind == libsbml.AST_PLUS:
        return _add(parts, [1.0] * len(parts))
    if kind == libsbml.AST_MINUS:
        return _add(parts, [-1.0] if len(parts) == 1 else [1.0, -1.0])
    if kind == libsbml.AST_TIMES:
        product = {_ONE: 1.0}
        for part in parts:
            if set(product) - {_ONE} and set(part) - {_ONE}:
                raise refuse()
            product = {
                a or b: x * y for a, x in product.items() for b, y in part.items()
            }
        return product
    if kind == libsbml.AST_DIVIDE and set(parts[1]) == {_ONE}:
        return {name: value / parts[1][_ONE] for name, value in parts[0].items()}
    raise refuse()


def _add(parts: list[dict[str, float]], signs: list[float]) -> dict[str, float]:
    total: dict[str, float] = {}
    for part, sign in zip(parts, signs, strict=True):
        for name, value in part.items():
            total[name] = total.get(name, 0.0) + sign * value
    return total
