"""`recctl config`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recctl.cli import options
from recctl.errors import RecctlError, did_you_mean

if TYPE_CHECKING:
    from recctl.project import Project

_FORMATS = ["text", "json"]


def command(
    path: Annotated[
        str | None, typer.Argument(metavar="[PATH]", help="Show what is in force for this file.")
    ] = None,
    output_format: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text or json.")] = "text",
    output: options.OutputFile = None,
    config: options.Config = None,
    isolated: options.Isolated = False,
) -> int:
    """Print the configuration that is in force, and where each value comes from."""
    if output_format not in _FORMATS:
        raise RecctlError(f"unknown format {output_format!r}", did_you_mean(output_format, _FORMATS))
    project = options.open_project(config, isolated=isolated)
    values = _list_values(project, path)
    if output_format == "json":
        document = {
            "version": "recctl.config.v1",
            "values": [{"key": key, "value": value, "from": origin} for key, value, origin in values],
        }
        options.write_output([json.dumps(document, indent=2) + "\n"], output)
        return 0
    from recctl.render import View
    from recctl.render.terminal import Span, line, render_lines

    width = max(len(key) for key, _, _ in values)
    lines = (
        line(f"{key:<{width}} = {json.dumps(value, ensure_ascii=False)}", Span(f"  ({origin})", "dim"))
        for key, value, origin in values
    )
    options.write_output(render_lines(lines, View()), output)
    return 0


def _list_values(project: Project, path: str | None) -> list[tuple[str, Any, str]]:
    """Each key with its value and origin, in the order of the README."""
    from pathlib import Path

    name = project.config.name if project.config else ""
    settings = project.settings
    effective = settings if path is None else project.settings_for(Path(path).absolute())
    values: list[tuple[str, Any, str]] = [("root", project.root.as_posix(), name or "found")]
    for key in ("paths", "exclude", "renames"):
        value = list(getattr(project, key))
        values.append((key, value, name if value else "default"))
    defaults = type(settings)()
    for key, value in effective._asdict().items():
        origin = "default" if value == getattr(defaults, key) else name
        if value != getattr(settings, key):
            origin = f"{name}, overrides"
        shown = value._asdict() if hasattr(value, "_asdict") else value
        values.append((key.replace("_", "-"), shown, origin))
    if path is None:
        for number, override in enumerate(project.overrides):
            changes = {key.replace("_", "-"): value for key, value in override.changes.items()}
            shown = {"paths": override.paths, **changes}
            values.append((f"overrides[{number}]", shown, name))
    return values
