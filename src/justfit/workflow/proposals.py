"""Which networks the automatic workflow tries in a step, as settings of a stage."""

from collections.abc import Mapping, Sequence

from justfit.workflow.breadth import Breadth

Networks = list[Mapping[str, object]]


def regularized(breadth: Breadth, shapes: Sequence[Sequence[int]]) -> Networks:
    """Dropout, on inputs and after layers, L1, L2 and both, and a taper of each shape with several layers.

    >>> breadth = Breadth((8,), (1,), (0.5,), (), (0.01,), (), (), (), 1, 1)
    >>> [sorted(network)[0] for network in regularized(breadth, [[8]])]
    ['dropout', 'hidden', 'dropout']
    """
    networks: Networks = []
    for shape in shapes:
        alone: Networks = [
            *({"dropout": share} for share in breadth.dropouts),
            *({"input_dropout": share} for share in breadth.input_dropouts),
            *({"l2": weight} for weight in breadth.l2s),
            *({"l1": weight} for weight in breadth.l1s),
            *(
                {"input_dropout": inputs, "dropout": share}
                for inputs in breadth.input_dropouts
                for share in breadth.dropouts
            ),
            *({"dropout": breadth.dropouts[-1], "l2": weight} for weight in breadth.l2s),
        ]
        networks += [{"hidden": shape, **each} for each in alone]
        if len(shape) > 1 and shape[0] >= 8:
            networks.append({"hidden": [shape[0] // 2**layer for layer in range(len(shape))]})
    return networks


def tuned(breadth: Breadth, settings: Mapping[str, object], rate: float, batch_size: int) -> Networks:
    """The same network with other learning rates and batch sizes."""
    return [
        *({**settings, "learning_rate": rate * times} for times in breadth.rates),
        *({**settings, "batch_size": max(8, int(batch_size * times))} for times in breadth.batches),
    ]
