"""The house put together: `create_app()` for web servers, `cli` for the command line.

Only names are merged here; what they name is imported when it is first used.
"""

import importlib
import sys
from collections.abc import Sequence
from typing import Any

import click

STOREYS = ("ops", "quality", "scheduling", "metrics", "dashboards")


def merged(name: str) -> dict[str, Any]:
    """The entries called `name` of every storey's manifest; no key may stand in two."""
    result: dict[str, Any] = {}
    for storey in STOREYS:
        entries = getattr(importlib.import_module(f"{storey}.manifest"), name, {})
        twice = result.keys() & entries.keys()
        if twice:
            raise RuntimeError(f"{storey}.manifest.{name} repeats {sorted(twice)}")
        result.update(entries)
    return result


def gathered(name: str) -> Sequence[Any]:
    """The sequences called `name` of every storey's manifest, in the order of the storeys."""
    return [
        entry
        for storey in STOREYS
        for entry in getattr(importlib.import_module(f"{storey}.manifest"), name, ())
    ]


def create_app(settings: Any = None, engine: Any = None) -> Any:
    """The Flask application with every storey's blueprints mounted.

    `settings` (ops.config.Settings) and `engine` default to the environment's. Raises
    ops.errors.ConfigError when a storey names an endpoint that does not exist.
    """
    from ops.web.app import build

    return build(
        settings=settings,
        engine=engine,
        blueprints=gathered("BLUEPRINTS"),
        access=merged("ACCESS"),
        nav=gathered("NAV"),
        mounts=gathered("MOUNTS"),
    )


class Storeys(click.Group):
    """Commands of every storey; only the one that is called is imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(merged("COMMANDS"))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        target = merged("COMMANDS").get(name)
        if target is None:
            return None
        module, _, attribute = target[0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, help_) for name, (_, help_) in sorted(merged("COMMANDS").items()) if help_]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(cls=Storeys, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="touchstone")
def _group() -> None:
    """Touchstone runs a labelling workforce: work out, gold in, numbers true, batches let go."""


def cli(argv: Sequence[str] | None = None) -> None:
    """Run the command line; an error of ours is one line and exit status 2."""
    from pydantic import ValidationError
    from sqlalchemy.exc import OperationalError

    from ops.errors import TouchstoneError

    try:
        # Commands of lower storeys may not import this module: what is merged goes down as data.
        # Not click's own last word: it would print the usage beside an error.
        status = _group.main(
            standalone_mode=False,
            args=list(argv) if argv is not None else None,
            prog_name="touchstone",
            obj={"jobs": merged("JOBS"), "tasks": merged("TASKS"), "create_app": create_app},
        )
        if isinstance(status, int):  # what ctx.exit() was given
            sys.exit(status)
    except TouchstoneError as error:
        where = f"{error.field}: " if error.field else ""
        _refuse(where + error.message)
    except ValidationError as error:
        fault = error.errors()[0]
        _refuse(f"TOUCHSTONE_{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}")
    except OperationalError as error:
        _refuse(f"The database does not answer: {str(error.orig).splitlines()[0]}")
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
    except click.ClickException as error:
        _refuse(error.format_message())
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)


def _refuse(message: str) -> None:
    click.echo(f"touchstone: {' '.join(message.split())}", err=True)
    sys.exit(2)


if __name__ == "__main__":
    cli()
