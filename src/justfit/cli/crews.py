"""``--workers`` and ``--on``: who trains, where this process shall not."""

from typing import Annotated

import typer

from justfit.errors import SpecError

WorkersOption = Annotated[
    int | None,
    typer.Option(help="Train in so many processes, which share the processors; no figure changes.", min=1),
]
OnOption = Annotated[
    str | None,
    typer.Option(help="Train on a cluster: ray for one on this machine, ray://HOST:10001 for another's."),
]


def put_to_work(context: typer.Context, workers: int | None, on: str | None, threads: int | None) -> None:
    """Have all that a command trains be trained by the processes or the cluster that are asked for.

    Raises:
        SpecError: both are asked for, or a cluster of an unknown kind.
    """
    if workers is not None and on is not None:
        raise SpecError("--workers and --on cannot be given together: a cluster has its own workers.")
    if workers is not None:
        from justfit.engine import workers as processes

        context.with_resource(processes(workers, threads=threads))
    if on is not None:
        if on != "ray" and not on.startswith("ray://"):
            raise SpecError(f'--on "{on}" is not known: expected ray, or ray://HOST:PORT.')
        from justfit.bridges.ray import ray_cluster

        context.with_resource(ray_cluster(None if on == "ray" else on, threads=threads or 1))
