"""Write and read corrected networks: weights as safetensors, the rest as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from meristem.errors import DataError
from meristem.kinetics.network.store import read_kinns, write_kinns
from meristem.kinetics.transfer.net import Calibration, TransferFit, TransferNet
from meristem.kinetics.transfer.trunk import Trunk
from meristem.text.files import read_text, replacing, write_text

FORMAT = 3
MAIN_FILE = "transfer.json"


def write_transfer(
    fits: Sequence[TransferFit], calibration: Calibration, folder: str | Path
) -> None:
    """Write corrected networks of the same kinetic ones into a folder."""
    folder = Path(folder)
    kinns = fits[0].net.kinns
    if not kinns:
        raise DataError("a network without kinetics is not kept", where=folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_kinns(kinns, folder / "kinetic.json")
    content = {
        "format": FORMAT,
        "trunks": [dict(vars(fit.net.trunk.trunk)) for fit in fits],
        "validation": [fit.validation.tolist() for fit in fits],
        "calibration": [calibration.slope, calibration.offset],
    }
    for index, fit in enumerate(fits):
        with replacing(folder / f"member{index}.safetensors") as temporary:
            save_file(dict(fit.net.state_dict()), temporary)
    write_text(folder / MAIN_FILE, json.dumps(content, indent=1))


def read_transfer(folder: str | Path) -> tuple[list[TransferFit], Calibration]:
    """Read what `write_transfer` wrote.

    Raises
    ------
    DataError
        If the folder holds no such ensemble, or it is damaged.
    """
    folder = Path(folder)
    kinns = read_kinns(folder / "kinetic.json")
    fits = []
    try:
        content = json.loads(read_text(folder / MAIN_FILE))
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']}, not {FORMAT}")
        for index, values in enumerate(content["trunks"]):
            net = TransferNet(Trunk(**values), kinns, seed=0)
            net.load_state_dict(load_file(folder / f"member{index}.safetensors"))
            net.eval()
            fits.append(TransferFit(net, np.array(content["validation"][index])))
        calibration = Calibration(*content["calibration"])
    except (
        json.JSONDecodeError,
        KeyError,
        TypeError,
        ValueError,
        RuntimeError,
        FileNotFoundError,
        SafetensorError,
    ) as error:
        raise DataError(
            f"is no saved corrected network: {error}",
            where=folder,
            remedy="run `meristem kinetics transfer` again",
        ) from error
    return fits, calibration
