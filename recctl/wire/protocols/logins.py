"""What login endpoints give: tokens, told by their length and never shown, and how long they are good for.

OAuth's token endpoints (RFC 6749, 5.1), those of clouds that are not quite like it, and client secrets for
realtime sessions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.wire import Wire, by_class
from recctl.wire.building.builder import FOLDED
from recctl.wire.building.facts import describe_values
from recctl.wire.building.requests import read_parameters
from recctl.wire.building.secrets import hide_secrets
from recctl.wire.building.values import is_nothing
from recctl.wire.building.views import assemble_view

if TYPE_CHECKING:
    from recctl.recordings.recording import JSON
    from recctl.wire.building.builder import ReplyBuilder
    from recctl.wire.completion import Completion

NAME = "login"
_TOKENS = ("access_token", "id_token", "refresh_token", "accessToken")
_LIVES = frozenset(
    {"expires_in", "expires_at", "expireTime", "expires_on", "expiration", "token_type", "scope"}
)


def _is_one(item: dict[str, JSON]) -> bool:
    if any(isinstance(item.get(key), str) for key in (*_TOKENS, "client_secret")):
        return "object" not in item  # a payment has a secret, too
    secret = item.get("token", item.get("value"))
    return isinstance(secret, str) and not _LIVES.isdisjoint(item)


def _assemble(items: list[JSON], in_list: bool) -> Completion:
    return assemble_view(NAME, items, in_list, _add)


def _add(builder: ReplyBuilder, data: dict[str, JSON], _pointer: str) -> None:
    builder.kind = "login"
    hidden = hide_secrets(data, ("value", "token"))
    describe_values(builder, hidden, (key for key, value in hidden.items() if not is_nothing(value)))
    builder.extra.add_rest((), hidden, FOLDED)


_NOISE = dict.fromkeys((*_TOKENS, "token", "value"), "made anew for each login")

WIRE = Wire(NAME, by_class((), _is_one), _assemble, read_parameters, shows_streaming=False, noise=_NOISE)
