"""What `recctl` alone says where recordings are that nobody has configured it for."""

from __future__ import annotations

from pathlib import Path

from recctl.base.errors import RecctlError
from recctl.cli.output import write_output


def look_around() -> bool:
    """Tell what is here, and how to begin; false where a project is configured, or has no recordings."""
    from recctl.cli.session import select_paths
    from recctl.inventory.index import read_index
    from recctl.inventory.overview import look_over, propose_settings
    from recctl.project import find_project
    from recctl.render.kit.progress import show_progress
    from recctl.render.overview import describe_overview, describe_settings

    try:
        project = find_project(Path.cwd(), None, isolated=False)
        if project.config is not None:
            return False
        selection = select_paths(project, None, None, nul=False)
    except RecctlError:  # told when a command is asked for
        return False
    with show_progress(len(selection.targets)) as watch:
        overview = look_over(read_index(project, selection, watch=watch).entries)
    if not overview.holdings:
        return False
    settings = propose_settings(overview, None)
    told = [*describe_overview(overview), ""]
    if settings:
        told += ["For recctl.toml, or below [tool.recctl] in pyproject.toml:", ""]
        told += [f"  {line}" for line in describe_settings(settings)]
        told += [""]
    told += [
        "recctl config --init writes that, and a baseline of today's findings:",
        "then recctl validate fails for what is new.",
        "recctl --help lists the commands, recctl help the manual.",
    ]
    write_output((f"{line}\n" for line in told), None)
    return True
