"""`recctl git`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recctl.cli import options
from recctl.cli.command import Group
from recctl.cli.output import say, write_output
from recctl.cli.session import open_project

if TYPE_CHECKING:
    from recctl.textconv.setup import Site

group = typer.Typer(name="git", cls=Group, rich_markup_mode=None, add_completion=False)

_Everywhere = Annotated[
    bool, typer.Option("--global", help="For all of your repositories, not only this one.")
]


EXAMPLES = (
    ("recctl git install", "for this repository"),
    ("recctl git install --global", "for all of yours"),
    ("recctl git status", "does it work?"),
    ("git log -p -- tests/recordings", "then shows conversations"),
)


@group.callback(invoke_without_command=True)
def _git(context: typer.Context) -> None:
    """Let git diff, log -p, show and blame print conversations."""
    if context.invoked_subcommand is None:
        sys.stderr.write(f"{context.get_help()}\n")
        raise typer.Exit(2)


@group.command()
def install(
    everywhere: _Everywhere = False,
    quiet: options.Quiet = False,
    config: options.Config = None,
    isolated: options.Isolated = False,
) -> int:
    """Let git show recordings as conversations.

    Sets diff.recctl in git's configuration and adds lines to .gitattributes, or to your own attributes file.
    Where recctl is missing later, git shows the files as they are. Run it again after an upgrade of recctl.
    """
    from recctl.textconv.setup import install

    site = _find_site(config, everywhere=everywhere, isolated=isolated)
    told = "git shows recordings as conversations now" if install(site) else "git was set up already"
    say(f"{told}: diff.recctl in the {_SCOPES[site.scope]}, lines in {_name(site)}", quiet=quiet)
    return 0


@group.command()
def uninstall(
    everywhere: _Everywhere = False,
    quiet: options.Quiet = False,
    config: options.Config = None,
    isolated: options.Isolated = False,
) -> int:
    """Let git show recordings as it did before.

    Takes back what install has done, and nothing else.
    """
    from recctl.textconv.setup import uninstall

    site = _find_site(config, everywhere=everywhere, isolated=isolated)
    scope, name = _SCOPES[site.scope], _name(site)
    if uninstall(site):
        gone = f"diff.recctl is gone from the {scope}, recctl's lines from {name}"
        told = f"git shows recordings as it did before: {gone}"
    else:
        told = (
            f"git was not set up: there is no diff.recctl in the {scope}, and no line of recctl's in {name}"
        )
    say(told, quiet=quiet)
    return 0


@group.command()
def status(config: options.Config = None, isolated: options.Isolated = False) -> int:
    """Tell what is installed where, and whether it works.

    Exits with 0 when git shows all recordings of this repository as conversations, else with 1.
    """
    from recctl.render.kit.log import make_line
    from recctl.textconv.setup import find_global_site, find_program, find_site, inspect, measure_reach

    project = open_project(config, isolated=isolated)
    here = Path.cwd()
    site = find_site(project, here, _PROGRAM)
    lines, is_set_up = [], False
    for place in (site, find_global_site(here, _PROGRAM)):
        setup = inspect(place)
        is_set_up = is_set_up or setup.driver != "not installed"
        lines.append(f"driver       {setup.driver} in the {_SCOPES[place.scope]}")
        lines.append(f"attributes   {setup.attributes} in {_name(place)}")
    program = find_program(here)
    reach = measure_reach(project, site)
    lines.append(f"recctl       {program or ('not found' if is_set_up else 'not set up')}")
    lines.append(f"recordings   {reach.shown:,} of {reach.recordings:,} are shown as conversations")
    write_output((f"{make_line(text)}\n" for text in lines), None)
    return int(program is None or reach.shown < reach.recordings)


@group.command(hidden=True)
def textconv(file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to show.")]) -> int:
    """Print what git is to show for a file."""
    from recctl.cli.textconv import convert

    write_output([convert(file)], None)
    return 0


_PROGRAM = Path(__file__).with_name("git_program.py")
_SCOPES = {"local": "repository's configuration", "global": "user's configuration"}


def _find_site(config: str | None, *, everywhere: bool, isolated: bool) -> Site:
    from recctl.textconv.setup import find_global_site, find_site

    here = Path.cwd()
    if everywhere:
        return find_global_site(here, _PROGRAM)
    return find_site(open_project(config, isolated=isolated), here, _PROGRAM)


def _name(site: Site) -> str:
    from recctl.input.sources import show_path

    return show_path(site.attributes) if site.scope == "local" else site.attributes.as_posix()
