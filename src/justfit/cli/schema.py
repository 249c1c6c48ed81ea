"""``justfit schema``: what a study file may say, for editors."""

from justfit.cli.screen import say_json
from justfit.cli.studies import JsonOption
from justfit.spec.study_schema import study_schema


def schema(as_json: JsonOption = False) -> None:  # noqa: ARG001 - as all commands have it
    """Print the JSON Schema of a study file, by which an editor completes keys and marks mistakes."""
    say_json(study_schema())
