"""Which schemes give a recording the name that its file has, and the name that another scheme would give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recctl.base.digests import sha256
from recctl.base.values import NamedTuple
from recctl.naming.engine.texts import Texts, digest, write_recipe
from recctl.naming.facts import Identity
from recctl.project import Settings
from recctl.project.schemes import DRAFTS, RELEASED, Field, Scheme, find_newest, list_released
from recctl.recordings.names import fill_name, read_hash
from recctl.recordings.recording import RequestKind

if TYPE_CHECKING:
    from recctl.project import Place
    from recctl.recordings.recording import JSON, Recording

_DEFAULTS = Settings()


def list_schemes(settings: Settings = _DEFAULTS) -> tuple[Scheme, ...]:
    """Every scheme that can be wanted: the released ones, oldest first, and the configuration's own."""
    return (*RELEASED, *settings.schemes)


def get_scheme(name: str, settings: Settings = _DEFAULTS) -> Scheme | None:
    """The scheme of that name, or None; drafts can't be had this way, since nobody wants to write them."""
    return next((scheme for scheme in list_schemes(settings) if scheme.name == name), None)


class Wanted(NamedTuple):
    """The scheme by which a recording is to be named, and whether somebody has set it."""

    scheme: Scheme
    is_held: bool


def find_wanted(form: str, settings: Settings, to: Scheme | None = None) -> Wanted:
    """The scheme for recordings of a format: `to`, else the one that is set, else the newest.

    A scheme for files of another format is none for these, if there is one for them.
    """
    for scheme in (to, get_scheme(settings.scheme or "", settings)):
        if scheme is not None and (scheme.format in (None, form) or not list_released(form)):
            return Wanted(scheme, is_held=True)
    return Wanted(find_newest(form), is_held=False)


class Explanation(NamedTuple):
    """How one scheme names a recording.

    `text` is exactly what is hashed, `digest` its SHA-256 in hex. `names` are the file names that the scheme
    gives, the one to write first; `matches` tells whether the file has one of them. `unjudged` says why there
    is nothing of this.
    """

    scheme: Scheme
    text: str | None = None
    digest: str | None = None
    names: tuple[str, ...] = ()
    matches: bool = False
    unjudged: str | None = None


def identify(recording: Recording, place: Place, wanted: Scheme | None = None) -> Identity:
    """Find out which schemes give a recording the name that its file has.

    `place` is where the file lies; `wanted` is the scheme that today's recorder uses, the newest if none is
    given. The configuration's own schemes are those of the recording's settings. Raises nothing.
    """
    naming, released = _Naming(recording, place), list_released(recording.format)
    own = _list_own(recording)
    schemes = (*released, *own)
    names = naming.name_all(drafts=False)
    wanted = wanted or find_newest(recording.format)
    for scheme in (*own, wanted):
        if scheme.name not in names:
            explanation = naming.explain(scheme, place)
            if explanation.unjudged is not None and scheme.name == wanted.name:
                return Identity(place.name, unjudged=explanation.unjudged)
            names[scheme.name] = explanation.names
    matching = [scheme for scheme in schemes if place.name in names.get(scheme.name, ())]
    bounds = [scheme for scheme in matching if scheme.verified] or matching
    drafts = {} if matching else naming.name_all(drafts=True)
    return Identity(
        name=place.name,
        wanted=names[wanted.name][0],
        schemes=tuple(scheme.name for scheme in matching),
        oldest=bounds[0].name if bounds else None,
        newest=bounds[-1].name if bounds else None,
        draft=next((draft.name for draft in DRAFTS if place.name in drafts.get(draft.name, ())), None),
        plain=next(iter(names.get(released[0].name, ())), None) if released else None,
    )


def _list_own(recording: Recording) -> tuple[Scheme, ...]:
    """The schemes of the configuration that may name a recording."""
    schemes = recording.source.settings.schemes
    return tuple(scheme for scheme in schemes if scheme.format in (None, recording.format))


def explain(recording: Recording, place: Place, settings: Settings) -> tuple[Explanation, ...]:
    """How every scheme names a recording: the configuration's own, the released ones, the drafts."""
    naming = _Naming(recording, place)
    schemes = (*settings.schemes, *RELEASED, *DRAFTS)
    fitting = (scheme for scheme in schemes if scheme.format in (None, recording.format))
    return tuple(naming.explain(scheme, place) for scheme in fitting)


class _Naming:
    """The file names that schemes give to one recording; what they share is computed once."""

    def __init__(self, recording: Recording, place: Place) -> None:
        self._texts = Texts(recording)
        self._method, self._name_now = str(recording.request.get("method")), place.name
        model_ids = _list_models(recording) if recording.kind is RequestKind.INFERENCE else None
        self._models = None if model_ids is None else _digest_models(model_ids)

    def name_all(self, *, drafts: bool) -> dict[str, tuple[str, ...]]:
        """The names by all built-in schemes that are drafts, or by those that are not."""
        names: dict[str, tuple[str, ...]] = {}
        for text, schemes in self._texts.write_all(drafts=drafts):
            hashed = digest(text)
            for scheme in schemes:
                names[scheme.name] = self._name(scheme, hashed)
        return names

    def explain(self, scheme: Scheme, place: Place) -> Explanation:
        """How one scheme names the recording, which lies there."""
        form = scheme.form(self._texts.facts.kind)
        if form is None or (form.kind is not None and self._texts.unjudged is not None):
            reason = self._texts.unjudged or f"{scheme.name} names no such request"
            return Explanation(scheme, unjudged=reason)
        text = self._texts.write(write_recipe(scheme, form, self._texts.facts))
        if isinstance(text, Field):
            reason = f"{scheme.name} hashes {text.where}, and there is no such value"
            return Explanation(scheme, unjudged=reason)
        hashed = digest(text)
        names = self._name(scheme, hashed)
        return Explanation(scheme, text, hashed, names, place.name in names)

    def _name(self, scheme: Scheme, hashed: str) -> tuple[str, ...]:
        short = hashed[: scheme.name_length]
        if "{path}" in scheme.name_template:
            route = self._texts.route
            return (fill_name(scheme.name_template, self._name_now, short, route, self._method),)
        if self._models is None or scheme.models_template is None:
            return (scheme.name_template.replace("{hash}", short),)
        return tuple(
            scheme.models_template.replace("{hash}", short).replace("{models}", models)
            for models in self._models
        )


def _list_models(recording: Recording) -> list[str] | None:
    """The sorted ids of a model list, OpenAI's or Ollama's; None for every other kind of reply."""
    body = recording.body
    key = "id"
    models: JSON
    if not isinstance(body, list):
        listed, key = _unwrap(body, ".ListResponse"), "model"
        models = listed.get("models") if listed else None
    elif recording.is_streaming or not (body or recording.endpoint.endswith("/models")):
        return None
    else:
        models = [_unwrap(item, ".Model") for item in body]
    if not isinstance(models, list) or not all(isinstance(model, dict) for model in models):
        return None
    return sorted({str(model.get(key)) for model in models})


def _unwrap(item: JSON, class_name: str) -> dict[str, JSON] | None:
    """What a dumped object of a class holds; None when it is no such object."""
    if not isinstance(item, dict) or not str(item.get("__type__")).endswith(class_name):
        return None
    data = item.get("__data__")
    return data if isinstance(data, dict) else None


def _digest_models(model_ids: list[str]) -> tuple[str, str]:
    """The end of a model list's name, as made today and as made for a week in September 2025."""
    text = "|".join(model_ids).encode("utf-8", "surrogatepass")
    from hashlib import sha1  # seldom asked for

    return sha256(text)[:8], sha1(text, usedforsecurity=False).hexdigest()[:8]


def has_lost_test(recording: Recording, place: Place) -> bool:
    """Whether a recording lacks the id of its test, or null, which its recorder has written.

    Recorders that give names of that length write one, and make the name of it.
    """
    has_full_hash = len(read_hash(place.name)) == _FULL_LENGTH
    return recording.kind is RequestKind.INFERENCE and "test_id" not in recording.document and has_full_hash


_FULL_LENGTH = 64
