"""`recctl validate`."""

from __future__ import annotations

from typing import Annotated

import typer

from recctl.cli import options
from recctl.cli.options import Color


def command(
    paths: options.Paths = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 on warnings, too.")] = False,
    output_format: Annotated[str, options.format_option("findings")] = "text",
    output: options.OutputFile = None,
    scheme: options.SchemeName = None,
    max_size: options.MaxSize = None,
    files_from: options.FilesFrom = None,
    nul: options.Nul = False,
    force_exclude: options.ForceExclude = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    exit_zero: options.ExitZero = False,
    color: options.ColorChoice = Color.AUTO,
    config: options.Config = None,
    isolated: options.Isolated = False,
) -> int:
    """Check recordings: are they whole, well-formed, and named so that the recorder finds them?

    Exits with 0 when they are, 1 when there are errors (with --strict also on warnings), 2 when something
    could not be looked at.
    """
    from recctl.checks.finding import Severity
    from recctl.checks.run import validate
    from recctl.render import renderer
    from recctl.render.as_text import summarise_findings

    render = renderer("findings", output_format)
    project = options.open_project(config, isolated=isolated, scheme=scheme, max_size=max_size)
    selection = options.select_paths(project, paths, files_from, nul=nul, force_exclude=force_exclude)
    report = validate(project, selection)
    view = options.make_view(color, output, verbose=verbose)
    options.write_output(render(report, view), output)
    for error in report.errors:
        options.say(f"error: {error.name}: {error.message} ({error.hint})")
    options.say(summarise_findings(report, verbose=verbose), quiet=quiet)
    if report.remark:
        options.say(report.remark, quiet=quiet)
    if report.errors:
        return 2
    fails = report.count(Severity.ERROR) or (strict and report.count(Severity.WARNING))
    return int(bool(fails) and not exit_zero)
