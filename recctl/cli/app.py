"""The Typer app: one command for each module that `COMMANDS` names, imported when it is asked for."""

from __future__ import annotations

import inspect
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from recctl.base import __version__
from recctl.base.errors import RecctlError
from recctl.cli.command import Command

COMMANDS = (
    "find",
    "validate",
    "show",
    "diff",
    "rehash",
    "mv",
    "prune",
    "restore",
    "undo",
    "track",
    "drift",
    "list",
    "stats",
    "git",
    "rules",
    "schema",
    "config",
    "help",
)
"""The commands, in the order in which `--help` lists them."""

_MEANT = {
    "check": "validate",
    "lint": "validate",
    "cat": "show",
    "view": "show",
    "compare": "diff",
    "rename": "mv",
    "move": "mv",
    "migrate": "rehash",
    "clean": "prune",
    "gc": "prune",
    "rm": "prune",
    "delete": "prune",
    "revert": "undo",
    "recover": "restore",
    "search": "find",
    "grep": "list --where text~WORD",
    "ls": "list",
    "status": "stats",
    "init": "config --init",
    "man": "help",
    "docs": "help",
}
"""What other tools call what recctl does."""

_SETTINGS: Any = {"help_option_names": ["-h", "--help"]}


class _LazyGroup(TyperGroup):
    """Commands that are imported one by one: a hook that starts at every commit pays for one, not for all."""

    def list_commands(self, ctx: Any) -> list[str]:
        for name in COMMANDS:
            self.get_command(ctx, name)
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in _MEANT:
            raise RecctlError(f"there is no command {cmd_name!r}", f"recctl {_MEANT[cmd_name]} does that")
        if cmd_name not in COMMANDS:
            self.list_commands(ctx)  # so that Typer can say which command was meant
        elif cmd_name not in self.commands:
            module = import_module(f"recctl.cli.{cmd_name}")
            single = typer.Typer(rich_markup_mode=None, add_completion=False, context_settings=_SETTINGS)
            if not hasattr(module, "group"):
                # Typer works out what is written as text for each use that it makes of it; this is once.
                module.command.__annotations__ = inspect.get_annotations(module.command, eval_str=True)
                single.command(cmd_name, cls=getattr(module, "CommandClass", Command))(module.command)
            command: Any = typer.main.get_command(getattr(module, "group", single))
            command.examples = module.EXAMPLES
            self.commands[cmd_name] = command
        return self.commands.get(cmd_name)


app = typer.Typer(
    name="recctl",
    cls=_LazyGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=_SETTINGS,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"recctl {__version__}\n")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _recctl(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001  (its callback does the work)
        bool,
        typer.Option(
            "--version", "-V", callback=_print_version, is_eager=True, help="Print the version and stop."
        ),
    ] = False,
) -> None:
    """Look after recorded LLM API traffic that is kept in git."""
    if context.invoked_subcommand is None:
        from recctl.cli.welcome import look_around

        if look_around():
            raise typer.Exit
        sys.stderr.write(f"{context.get_help()}\n")
        raise typer.Exit(2)
