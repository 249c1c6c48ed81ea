"""`RunPaths`: where each file of a run's folder is. No other module knows these names."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunPaths:
    """The files of one run, which ``README.md`` beside this module specifies."""

    folder: Path

    @property
    def spec(self) -> Path:
        """What was run."""
        return self.folder / "spec.json"

    @property
    def history(self) -> Path:
        """Figures of each epoch."""
        return self.folder / "history.json"

    @property
    def weights(self) -> Path:
        """Kernels and biases of the model."""
        return self.folder / "model" / "model.safetensors"

    @property
    def model(self) -> Path:
        """All else that the model needs to predict."""
        return self.folder / "model" / "model.json"

    @property
    def result(self) -> Path:
        """Figures of the run; written last, so that it means done."""
        return self.folder / "result.json"

    @property
    def curves_png(self) -> Path:
        """Loss and metric over epochs, as a picture."""
        return self.folder / "curves.png"

    @property
    def curves_html(self) -> Path:
        """The same as a page that needs no network."""
        return self.folder / "curves.html"
