"""`touchstone bench`: the benchmarks that lie beside the source, each against its own yardstick."""

import importlib
import sys
from pathlib import Path

import click

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks"


class Benchmarks(click.Group):
    """Every `benchmarks/<name>.py` with a click command called `command`; loaded when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(p.stem for p in FOLDER.glob("*.py") if not p.stem.startswith("_"))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(ctx):
            return None
        # By its name, so that the processes it starts find it too.
        sys.path.insert(0, str(FOLDER.parent))
        command: click.Command = importlib.import_module(f"benchmarks.{name}").command
        return command


@click.group(cls=Benchmarks)
def bench() -> None:
    """Measure parts of this installation, each against its own yardstick.

    The benchmarks come with the source, not with an installed package.
    """
