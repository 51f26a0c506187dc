"""A Dask cluster for the tasks of a block: the same numbers, on more machines."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from meristem.errors import ConfigError

_PATIENCE = 30  # seconds until a scheduler must answer


@contextmanager
def on_cluster(address: str | None, jobs: int | None) -> Iterator[int | None]:
    """Send the tasks of the block to a cluster; give the number of fits at once.

    Tasks go through joblib, whose backend is replaced for the block. What a fit draws
    depends on its seed alone, so that no number changes.

    Parameters
    ----------
    address
        Of the scheduler, "local" for one on this machine, None for no cluster.
    jobs
        Fits at once where there is no cluster, and workers of a local one.

    Yields
    ------
    int or None
        Threads of the workers; `jobs` without a cluster.

    Raises
    ------
    ConfigError
        If Dask is not installed, no scheduler answers, or it has no worker.

    References
    ----------
    joblib documentation, "Using Dask for single-machine parallel computing".
    """
    if address is None:
        yield jobs
        return
    try:
        from distributed import Client, LocalCluster  # noqa: PLC0415 - optional
        from joblib import parallel_config  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            "--cluster needs Dask, which is not installed",
            remedy="pip install 'meristem[dask]'",
        ) from error

    # one thread per process, as everywhere: torch threads would fight
    local = (
        LocalCluster(
            n_workers=jobs or 2,
            threads_per_worker=1,
            dashboard_address=None,
            silence_logs=logging.ERROR,
        )
        if address == "local"
        else None
    )
    try:
        try:
            client = Client(local or address, timeout=_PATIENCE)
        except (OSError, TimeoutError, ValueError) as error:
            raise ConfigError(
                f"no Dask scheduler answers at {address}",
                remedy="start one with `dask scheduler`, or give its address",
            ) from error
        with client:
            threads = sum(client.nthreads().values())
            if not threads:
                raise ConfigError(
                    f"the Dask scheduler at {address} has no worker",
                    remedy="start some: `dask worker ADDRESS --nthreads 1`",
                )
            with parallel_config(backend="dask", n_jobs=threads):
                # one fit at a time would stay in this process
                yield max(threads, 2)
    finally:
        if local is not None:
            local.close()
