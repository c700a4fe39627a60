"""`recctl.config.v1`, for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.render.kit.documents import dump_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recctl.project import ConfigValue
    from recctl.render.kit.view import View


def render(values: Iterable[ConfigValue], _view: View) -> Iterator[str]:
    """`recctl.config.v1`."""
    described = [{"key": each.key, "value": each.value, "from": each.origin} for each in values]
    yield dump_document({"version": "recctl.config.v1", "values": described, "errors": []})
