"""Named tuples that are defined in half the time of `typing`'s, for modules that most runs load.

A run defines some hundred of them, and `typing` compiles the annotation of each of their fields, which nobody
looks at while recctl runs.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

__all__ = ["NamedTuple"]

if TYPE_CHECKING or sys.version_info >= (3, 14):  # where annotations are no longer kept as they stand
    from typing import NamedTuple
else:
    from collections import namedtuple

    class _Definition(type):
        """Makes named tuples of the classes that are defined as `NamedTuple`."""

        def __new__(cls, name, bases, body):
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = body.pop("__annotations__", {})
            defaults = [body.pop(field) for field in fields if field in body]
            made = namedtuple(name, fields, defaults=defaults, module=body["__module__"])  # noqa: PYI024
            made.__annotations__ = fields
            for key, value in body.items():
                setattr(made, key, value)
            return made

    class NamedTuple(metaclass=_Definition):
        """As `typing.NamedTuple`, but for generic ones."""
