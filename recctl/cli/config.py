"""`recctl config`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recctl.cli import options
from recctl.cli.options import Color
from recctl.cli.output import check_output, write_output
from recctl.cli.session import make_view, open_project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.project import ConfigValue, Project, Settings


def command(
    path: Annotated[
        str | None, typer.Argument(metavar="[PATH]", help="Show what is in force for this file.")
    ] = None,
    output_format: Annotated[str, options.format_option("config")] = "text",
    output: options.OutputFile = None,
    color: options.ColorChoice = Color.AUTO,
    config: options.Config = None,
    isolated: options.Isolated = False,
) -> int:
    """Print the configuration in force, and where each value is from."""
    from recctl.render.config import find_renderer

    render = find_renderer(output_format)
    project = open_project(config, isolated=isolated)
    check_output(output, project)
    values = list(_list_values(project, path))
    write_output(render(values, make_view(color, output)), output)
    return 0


def _list_values(project: Project, path: str | None) -> Iterator[ConfigValue]:
    """What is in force for a file, or for the project and, apart from that, in each of its overrides."""
    from recctl.project import ConfigValue

    name = project.config.name if project.config else ""
    place = None if path is None else Path(os.path.abspath(path))  # noqa: PTH100  (Path.absolute keeps "..")
    overridden = {key for override in project.overrides_for(place) for key in override.changes}
    yield ConfigValue("root", project.root.as_posix(), name or "found")
    for key in ("paths", "exclude"):
        yield ConfigValue(key, getattr(project, key), name if key in project.given else "default")
    settings = project.settings_for(place)._asdict()
    del settings["root"]  # which has been told
    for key, value in settings.items():
        if key == "schemes":
            yield from _list_schemes(project.settings, name)
            continue
        origin = name if key in project.given else "default"
        if key in overridden:
            origin = f"{name}, overrides"
        yield ConfigValue(key.replace("_", "-"), _show(value), origin)
    for number, override in enumerate(project.overrides if path is None else ()):
        changes = {key.replace("_", "-"): _show(value) for key, value in override.changes.items()}
        yield ConfigValue(f"overrides[{number}]", {"paths": override.paths, **changes}, name)


def _list_schemes(settings: Settings, name: str) -> Iterator[ConfigValue]:
    from recctl.project import ConfigValue

    if not settings.schemes:
        yield ConfigValue("schemes", {}, "default")
        return
    from recctl.schemes import describe_scheme

    for scheme in settings.schemes:
        yield ConfigValue(f"schemes.{scheme.name}", describe_scheme(scheme), name)


def _show(value: Any) -> Any:
    """A setting as the configuration would say it."""
    from recctl.project import Rename, SecretSettings

    if isinstance(value, SecretSettings):
        return {"allow": value.allow, "patterns": dict(value.patterns)}
    if isinstance(value, Rename):
        return value._asdict()
    return [_show(item) for item in value] if isinstance(value, tuple) else value
