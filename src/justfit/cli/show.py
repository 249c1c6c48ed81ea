"""``justfit show``: a study stage by stage, or one of its networks."""

from typing import Annotated

import typer

from justfit.cli.screen import say_json
from justfit.cli.studies import JsonOption, StoreOption, StudyArgument
from justfit.machine import DEFAULT_STORE


def show(
    study: StudyArgument,
    network: Annotated[str | None, typer.Argument(help="One of its networks, by name or number.")] = None,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Show a study: its stages, the choice and the test; or one of its networks in full."""
    from justfit.cli.show_network import network_json, show_network
    from justfit.cli.show_study import show_study, shown_json
    from justfit.judge.studies import compared, metric_of, read_networks

    stored, networks = read_networks(store, study)
    if network is not None and as_json:
        say_json(network_json(stored, networks, network))
    elif network is not None:
        show_network(stored, networks, network)
    else:
        found = compared(networks, stored.spec["select"], metric_of(networks))
        if as_json:
            say_json(shown_json(stored, networks, found))
        else:
            show_study(stored, networks, found)
