"""``justfit schema``: what a study file may say, for editors."""

import json

from justfit.cli.screen import say
from justfit.spec.study_schema import study_schema


def schema() -> None:
    """Print the JSON Schema of a study file, by which an editor completes keys and marks mistakes."""
    say(json.dumps(study_schema(), indent=2))
