"""Resources in the form of JSON:API (jsonapi.org), as Datadog keeps datasets, projects and experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.amounts import show_count
from recctl.wire import Wire, by_class
from recctl.wire.building.facts import describe, describe_values, shorten
from recctl.wire.building.noise import TIMES
from recctl.wire.building.requests import read_parameters
from recctl.wire.building.values import is_nothing
from recctl.wire.building.views import assemble_view

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.building.builder import ReplyBuilder
    from recctl.wire.completion import Completion

NAME = "json-api"
_TOP = frozenset({"data", "meta", "links", "included", "jsonapi"})


def _is_resource(item: JSON) -> bool:
    return (
        isinstance(item, dict)
        and isinstance(item.get("attributes"), dict)
        and isinstance(item.get("type"), str)
    )


def _is_one(item: dict[str, JSON]) -> bool:
    data = item.get("data")
    first = data[0] if isinstance(data, list) and data else data
    if data == [] and "meta" in item:
        return item.keys() <= _TOP
    return _is_resource(first) and item.keys() <= _TOP


def _assemble(items: list[JSON], in_list: bool) -> Completion:
    return assemble_view(NAME, items, in_list, _add)


def _add(builder: ReplyBuilder, data: dict[str, JSON], _pointer: str) -> None:
    resource = data.get("data")
    if isinstance(resource, list):
        kinds = sorted({str(each.get("type")) for each in resource if isinstance(each, dict)})
        builder.kind = f"{show_count(len(resource), 'resource')}{': ' if kinds else ''}{', '.join(kinds)}"
        for each in resource:
            told = each.get("attributes") if isinstance(each, dict) else None
            if isinstance(told, dict):
                name = str(each.get("id") or "")
                values = {key: value for key, value in told.items() if not is_nothing(value)}
                builder.add_fact(name, shorten(describe(_put_first(values)), _IN_LIST))
        builder.extra.add(("data",), resource)
    elif isinstance(resource, dict) and _is_resource(resource):
        builder.kind = "resource"
        builder.identify("id", resource.get("id"))
        builder.add_fact("type", resource["type"], "type")
        builder.add_fact("id", builder.id or "")
        attributes = resource["attributes"]
        describe_values(builder, attributes, _put_first(attributes))
        builder.extra.add_rest((), attributes, ())
        builder.extra.add(("type",), resource["type"])
        builder.extra.add_rest(("resource",), resource, {"id", "type", "attributes"})
    else:
        builder.extra.add(("data",), resource)
    builder.extra.add_rest(("document",), data, {"data"})


_IN_LIST = 160
"""How many characters are told of each of a list."""

_FIRST = ("name", "description", "status", "input", "expected_output", "metrics")


def _put_first(values: dict[str, JSON]) -> dict[str, JSON]:
    """An object with the keys first that tell what a resource is about."""
    return {**{key: values[key] for key in _FIRST if key in values}, **values}


WIRE = Wire(NAME, by_class((), _is_one), _assemble, read_parameters, shows_streaming=False, noise=TIMES)
