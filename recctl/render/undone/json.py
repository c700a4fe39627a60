"""`recctl.undo.v1`, for scripts: the document that lists runs."""

from recctl.render.runs.json import render

__all__ = ["render"]
