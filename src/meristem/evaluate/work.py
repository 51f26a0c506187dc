"""Results of single folds on disk, so that a killed run continues.

One file per model and fold, named after the digest of everything its content
depends on: a SHA-256, then a NumPy archive of exact floats. A damaged file is
noticed, and the fold is done again.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import fields
from pathlib import Path

import numpy as np

from meristem.evaluate.fold import FoldResult, FoldTask
from meristem.text.files import replacing

FORMAT = 2
DIGEST_BYTES = 32


def result_path(work: Path, task: FoldTask) -> Path:
    """Return the file of one task."""
    split = task.split
    name = f"{task.model}-{split.scheme}-r{split.replicate}-f{split.fold}"
    plain = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in name)
    return work / f"{plain[:100]}-{task.key}.fold"


def save_result(path: Path, result: FoldResult) -> None:
    """Write the result of one fold, whole or not at all."""
    arrays = {item.name: getattr(result, item.name) for item in fields(result)}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, format=np.int64(FORMAT), **arrays)
    content = buffer.getvalue()
    with replacing(path) as temporary:
        temporary.write_bytes(hashlib.sha256(content).digest() + content)


def load_result(path: Path, shape: tuple[int, int]) -> FoldResult | None:
    """Return the result of one fold, or None if it has to be computed.

    Parameters
    ----------
    path
        A file that `save_result` may have written.
    shape
        Test rows and targets the result must have.
    """
    if not path.exists():
        return None
    raw = path.read_bytes()
    content = raw[DIGEST_BYTES:]
    if hashlib.sha256(content).digest() != raw[:DIGEST_BYTES]:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    wanted = {item.name for item in fields(FoldResult)} | {"format"}
    if set(arrays) != wanted or int(arrays.pop("format")) != FORMAT:
        return None
    if arrays["predicted"].shape != shape or arrays["spread"].shape != shape:
        return None
    return FoldResult(
        predicted=arrays["predicted"],
        spread=arrays["spread"],
        node_name=arrays["node_name"],
        latent=arrays["latent"],
        sensitivity=arrays["sensitivity"],
        n_variant=int(arrays["n_variant"]),
        fit_seconds=float(arrays["fit_seconds"]),
        predict_seconds=float(arrays["predict_seconds"]),
    )
