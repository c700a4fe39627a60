"""`recctl validate`."""

from __future__ import annotations

import os
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recctl.base.amounts import show_count
from recctl.base.errors import RecctlError
from recctl.cli import options
from recctl.cli.completion import complete_rules
from recctl.cli.options import Color
from recctl.cli.output import check_output, has_other_names, replace_file, say, say_failure, write_output
from recctl.cli.session import (
    choose_baseline,
    make_mask,
    make_view,
    open_project,
    recover_interrupted,
    say_selected,
    select_paths,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recctl.changes.plan import Group
    from recctl.checks.finding import CheckReport, Examined
    from recctl.checks.fixes import Fixable
    from recctl.input.sources import Selection
    from recctl.project import Project
    from recctl.render.findings import FindingsView


class Level(StrEnum):
    """The least severity to report."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


EXAMPLES = (
    ("recctl validate", "all that is configured, or lies here"),
    ("recctl validate tests/ --select secret", "one rule, in one folder"),
    ("recctl validate --fix --diff", "what --fix would change"),
    ("recctl validate --format github", "for annotations in a pull request"),
    ("git diff --name-only main | recctl validate --files-from -", "what a branch changes"),
)


def command(
    paths: options.Paths = None,
    select: Annotated[
        list[str] | None,
        typer.Option(
            "--select",
            metavar="RULES",
            help="Apply these rules only: a,b.",
            autocompletion=complete_rules,
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            "--ignore", metavar="RULES", help="Do not apply these rules.", autocompletion=complete_rules
        ),
    ] = None,
    severity: Annotated[
        Level | None, typer.Option("--severity", help="The least severity to report; note implies -v.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 on warnings, too.")] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend what can be; `recctl undo` takes it back.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --fix would change.")] = False,
    statistics: Annotated[bool, typer.Option("--statistics", help="Count findings by rule.")] = False,
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="FILE",
            help="Leave out the findings that FILE knows. Default: the configured one; '' for none.",
        ),
    ] = None,
    write_baseline: Annotated[
        str | None, typer.Option("--write-baseline", metavar="FILE", help="Write all findings to FILE.")
    ] = None,
    output_format: Annotated[str, options.format_option("findings")] = "text",
    output: options.OutputFile = None,
    scheme: options.SchemeName = None,
    max_size: options.MaxSize = None,
    tests: options.Tests = None,
    files_from: options.FilesFrom = None,
    nul: options.Nul = False,
    force_exclude: options.ForceExclude = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Processes to use. Default: one a core.")
    ] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Read every file, changed or not.")] = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    exit_zero: options.ExitZero = False,
    color: options.ColorChoice = Color.AUTO,
    config: options.Config = None,
    isolated: options.Isolated = False,
) -> int:
    """Check recordings: are they whole, well-formed, safe, well named?

    A recording is well named when its recorder finds it.

    Exits with 0 when they are, 1 when there are errors (with --strict also on warnings), 2 when something
    could not be looked at.
    """
    from recctl.checks.finding import Severity
    from recctl.cli.replacing import check_replaceable
    from recctl.render.findings import summarise_findings

    render = _choose_renderer(output_format, statistics=statistics)
    project = open_project(config, isolated=isolated, scheme=scheme, max_size=max_size)
    project = _choose_rules(project, _split(select), _split(ignore))
    selection = select_paths(project, paths, files_from, nul=nul, force_exclude=force_exclude, tests=tests)
    baseline = choose_baseline(project, baseline, project.baseline)
    check_output(output, project, selection.targets, files_from, baseline)
    check_replaceable(write_baseline, "baseline")
    if fix or diff:
        _check_fixable(selection)
    if fix:
        recover_interrupted(project.root, quiet=quiet)
    known: dict[str, Examined] = {}
    report = _check(project, selection, known, jobs, cached=not no_cache)
    if diff:
        pieces = list(_show_diff(project, selection, report))
        write_output(pieces, output)
        return _decide(report, fails=bool(pieces) and not exit_zero)
    lines = _apply_fixes(project, selection, report, known) if fix else []
    if lines:
        for line in lines:
            say(line, quiet=quiet)
        report = _check(project, selection, known, jobs, cached=not no_cache)
    if write_baseline is not None:
        say(_write_baseline(report, write_baseline), quiet=quiet)
        return _decide(report, fails=False)
    remarks = [report.remark] if report.remark else []
    left_out = 0
    if baseline is not None:
        report, left_out, remark = _apply_baseline(report, selection, baseline)
        remarks.append(remark)
    if severity is not None:
        least = Severity[severity.name]
        report = report._replace(findings=tuple(f for f in report.findings if f.severity >= least))
        verbose = verbose or severity is Level.NOTE
    narrowed = _quote_narrowed(report, selection, files_from, paths or [], tests or [])
    view = _make_view(color, output, narrowed, verbose=verbose)
    write_output(render(report, view), output)
    fails = report.tally(Severity.ERROR) or (strict and report.tally(Severity.WARNING))
    code = _decide(report, fails=bool(fails) and not exit_zero)
    say_selected(selection, quiet=quiet)
    for text in (summarise_findings(report, verbose=verbose, known=left_out), *remarks):
        say(text, quiet=quiet)
    return code


def _choose_renderer(
    output_format: str, *, statistics: bool
) -> Callable[[CheckReport, FindingsView], Iterator[str]]:
    if statistics and output_format != "text":
        raise RecctlError("--statistics is for --format text", "leave one of them out")
    if statistics:
        from recctl.render.rule_counts import find_renderer as find_counts

        return find_counts(output_format)
    from recctl.render.findings import find_renderer

    return find_renderer(output_format)


def _quote_narrowed(
    report: CheckReport, selection: Selection, files_from: str | None, paths: list[str], tests: list[str]
) -> str | None:
    """The tests and paths that were named, to be pasted behind a command; None where that is of no use."""
    if not report.findings or files_from is not None:
        return None
    if any(target.path is None or target.spec is not None for target in selection.targets):
        return None
    import shlex  # which a file without findings has no use for

    words = [*(word for test in tests for word in ("--test", test)), *paths]
    return "".join(f" {shlex.quote(word)}" for word in words)


def _make_view(color: Color, output: str | None, narrowed: str | None, *, verbose: bool) -> FindingsView:
    from recctl.base.work_tree import find_top_level
    from recctl.checks.run import list_rules
    from recctl.render import extend_view
    from recctl.render.findings import FindingsView

    view = make_view(color, output, verbose=verbose)
    top = find_top_level(Path.cwd())
    return extend_view(view, FindingsView, top=top, list_rules=list_rules, narrowed=narrowed)


def _check_fixable(selection: Selection) -> None:
    """Raises RecctlError when something was named that is no file in the work tree."""
    for target in selection.targets:
        if target.path is None:
            raise RecctlError("standard input can't be fixed", "name the file")
        if target.spec is not None:
            raise RecctlError(
                f"{target.name}: is a file of a revision, and can't be fixed", "leave out the revision"
            )


def _decide(report: CheckReport, *, fails: bool) -> int:
    """The exit code; what could not be looked at is told, and wins."""
    from recctl.checks.file import INTERNAL_ERROR

    for error in report.errors:
        say_failure(error)
    has_failed = any(finding.rule == INTERNAL_ERROR.name for finding in report.findings)
    return 2 if report.errors or has_failed else int(fails)


def _split(words: list[str] | None) -> tuple[str, ...]:
    return tuple(rule.strip() for word in words or () for rule in word.split(",") if rule.strip())


def _choose_rules(project: Project, select: tuple[str, ...], ignore: tuple[str, ...]) -> Project:
    """The project with what the command line says of rules; what is ignored there comes on top."""
    if select:
        project = project.with_settings(select=select)
    if ignore:
        project = project.with_ignored(ignore)
    return project


def _check(
    project: Project, selection: Selection, known: dict[str, Examined], jobs: int | None, *, cached: bool
) -> CheckReport:
    from recctl.checks.run import WORTH_CACHING, validate
    from recctl.render.kit.progress import show_progress

    cache = None
    if cached and len(selection.targets) >= WORTH_CACHING:
        from recctl.checks.cache import Cache

        basis = (project.root, project.all_settings(), project.overrides)
        cache = Cache(project.root, basis)
    with show_progress(len(selection.targets)) as watch:
        report = validate(project, selection, jobs=jobs, cache=cache, known=known, watch=watch)
    if cache is not None:
        cache.save()
    return report


def _show_diff(project: Project, selection: Selection, report: CheckReport) -> Iterator[str]:
    """What `--fix` would change, as a unified diff; its context may hold secrets, which are masked."""
    from difflib import unified_diff

    from recctl.checks.fixes import find_fixable
    from recctl.recordings.source import Unread
    from recctl.render.kit.log import make_line

    mask = make_mask(project)
    for fixable in find_fixable(report, selection.targets):
        fix = fixable.find_fix()
        if isinstance(fix, Unread):
            say_failure(fix)
        elif fix is not None:
            before, after = (text.decode().split("\n") for text in (fix.before, fix.after))
            for line in unified_diff(before, after, f"a/{fix.name}", f"b/{fix.name}", lineterm=""):
                yield f"{make_line(mask(line))}\n"


def _apply_fixes(
    project: Project, selection: Selection, report: CheckReport, known: dict[str, Examined]
) -> list[str]:
    """Mend files, and say what became of it; what was known of them is no more."""
    from recctl.changes.plan import Mend, Plan, apply
    from recctl.checks.account import is_redacted
    from recctl.checks.fixes import find_fixable
    from recctl.recordings.source import Unread

    groups: list[Group] = []
    lines: list[str] = []

    def mend(fixable: Fixable, content: bytes) -> bytes | None:
        after = fixable.mend(content)
        if isinstance(after, Unread):
            lines.append(f"not fixed: {after.name}: {after.message}")
            return None
        if after is not None and has_other_names(fixable.path):
            lines.append(f"{fixable.target.file}: by its other names (hard links), the file stays as it was")
        return after

    for fixable in find_fixable(report, selection.targets):
        del known[fixable.target.name]
        place = os.path.relpath(fixable.path, project.root).replace(os.sep, "/")
        groups.append((Mend(place, partial(mend, fixable)),))
    if not groups:
        return lines
    applied = apply(project.root, Plan("validate --fix", tuple(groups)))
    lines += [f"not fixed: {held.refusal.path}: {held.refusal.reason}" for held in applied.held_back]
    if applied.done:
        files = show_count(len(applied.done), "file")
        lines += [f"redacted {finding.message}" for finding in report.findings if is_redacted(finding)]
        lines.append(f"fixed {files}; `recctl undo {applied.run_id}` takes it back")
    return lines


def _write_baseline(report: CheckReport, path: str) -> str:
    from recctl.checks.baseline import dump_baseline

    content, count = dump_baseline(report.findings, Path(path).parent)
    replace_file(Path(path), content)
    return f"wrote {show_count(count, 'finding')} to {path}"


def _apply_baseline(report: CheckReport, selection: Selection, path: str) -> tuple[CheckReport, int, str]:
    from recctl.checks.baseline import compare_with_baseline

    compared = compare_with_baseline(report, Path(path), selection.targets)
    verb = "is" if compared.known == 1 else "are"
    remark = f"{show_count(compared.known, 'finding')} {verb} known to {path}"
    if compared.fixed:
        import shlex

        count = len(compared.fixed)
        remark += (
            f"; {count:,} more there {'are' if count != 1 else 'is'} fixed and can go: "
            f"recctl validate --write-baseline {shlex.quote(path)}"
        )
    return compared.report, compared.known, remark
