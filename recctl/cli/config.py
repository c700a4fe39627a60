"""`recctl config`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recctl.base.amounts import show_count
from recctl.base.errors import RecctlError
from recctl.cli import options
from recctl.cli.options import Color
from recctl.cli.output import check_output, say, write_output
from recctl.cli.session import make_view, open_project, select_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recctl.changes.plan import Step
    from recctl.project import ConfigValue, Project, Settings


EXAMPLES = (
    ("recctl config --init", "write one that fits what is here"),
    ("recctl config", "what is in force, and why"),
    ("recctl config tests/unit/test_a.json", "for a file"),
)


def command(
    path: Annotated[
        str | None, typer.Argument(metavar="[PATH]", help="Show what is in force for this file.")
    ] = None,
    init: Annotated[
        bool,
        typer.Option(
            "--init", help="Write a configuration that fits what is here, and a baseline of today's findings."
        ),
    ] = False,
    output_format: Annotated[str, options.format_option("config")] = "text",
    output: options.OutputFile = None,
    color: options.ColorChoice = Color.AUTO,
    config: options.Config = None,
    isolated: options.Isolated = False,
) -> int:
    """Print the configuration in force, and where each value is from.

    With --init, write one: where recordings lie, the hash scheme that names them, and a baseline of what
    `recctl validate` finds today. It goes to pyproject.toml where that is, else to recctl.toml; `recctl undo`
    takes it back. CI is green then, and fails for what is new.
    """
    from recctl.render.config import find_renderer

    render = find_renderer(output_format)
    project = open_project(config, isolated=isolated)
    if init:
        return _write_configuration(project)
    check_output(output, project)
    values = list(_list_values(project, path))
    write_output(render(values, make_view(color, output)), output)
    return 0


def _write_configuration(project: Project) -> int:
    """Write a configuration and a baseline, as one run that can be taken back. Raises RecctlError."""
    from recctl.changes.plan import Create, Plan, apply
    from recctl.checks.baseline import dump_baseline
    from recctl.checks.run import validate
    from recctl.cli.session import recover_interrupted
    from recctl.inventory.index import read_index
    from recctl.inventory.overview import look_over, propose_settings
    from recctl.render.findings import count_rules
    from recctl.render.overview import describe_overview, describe_settings

    if project.config is not None:
        raise RecctlError(
            f"{project.config.name} configures recctl already", "edit it; recctl config shows it"
        )
    recover_interrupted(project.root, quiet=False)
    selection = select_paths(project, [str(project.root)], None, nul=False)
    overview = look_over(read_index(project, selection).entries)
    if not overview.holdings:
        raise RecctlError("there are no recordings here to configure recctl for", "run it where they are")
    for text in describe_overview(overview):
        say(text)
    if overview.scheme is not None:
        project = project.with_settings(scheme=overview.scheme)
        selection = select_paths(project, [str(project.root)], None, nul=False)
    report = validate(project, selection)
    baseline, count = dump_baseline(report.findings, project.root)
    settings = propose_settings(overview, _BASELINE if count else None)
    step, name = _make_step(project, settings)
    steps = (step, Create(_BASELINE, baseline)) if count else (step,)
    applied = apply(project.root, Plan("config --init", (steps,)))
    for held in applied.held_back:
        raise RecctlError(f"{held.refusal.path}: {held.refusal.reason}", "nothing was written")
    say(f"wrote {name}:")
    for text in describe_settings(settings):
        say(f"  {text}")
    if count:
        verb = "is" if count == 1 else "are"
        say(f"wrote {show_count(count, 'finding')} to {_BASELINE}, which {verb} known from now on:")
        for text in count_rules(report):
            say(f"  {text}")
    say(f"recctl validate fails for what is new; recctl undo {applied.run_id} takes this back")
    say("recctl help hooks says how to run it at each commit, and in CI")
    return 0


_BASELINE = "recctl-baseline.json"


def _make_step(project: Project, settings: dict[str, str | list[str]]) -> tuple[Step, str]:
    """What writes the settings: a table at the end of pyproject.toml, else a file of their own."""
    from recctl.base.digests import sha256
    from recctl.changes.plan import Create, Rewrite
    from recctl.render.overview import describe_settings

    text = "".join(f"{line}\n" for line in describe_settings(settings))
    shared = project.root / "pyproject.toml"
    if not shared.is_file():
        return Create("recctl.toml", text.encode()), "recctl.toml"
    before = shared.read_bytes()
    gap = b"" if not before else b"\n" if before.endswith(b"\n") else b"\n\n"
    after = before + gap + f"[tool.recctl]\n{text}".encode()
    return Rewrite(shared.name, sha256(before), after), f"[tool.recctl] in {shared.name}"


def _list_values(project: Project, path: str | None) -> Iterator[ConfigValue]:
    """What is in force for a file, or for the project and, apart from that, in each of its overrides."""
    from recctl.project import ConfigValue

    name = project.config.name if project.config else ""
    place = None if path is None else Path(os.path.abspath(path))  # noqa: PTH100  (Path.absolute keeps "..")
    overridden = {key for override in project.overrides_for(place) for key in override.changes}
    yield ConfigValue("root", project.root.as_posix(), name or "found")
    for key in ("paths", "exclude", "baseline", "drift_baseline"):
        origin = name if key in project.given else "default"
        yield ConfigValue(key.replace("_", "-"), getattr(project, key), origin)
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
    from recctl.project.schemes import describe_scheme

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
