"""Templates of the names that files get from tests, in both directions."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recctl.base.templates import Parts, compile_companion, compile_template

NAMED = {
    "{module}/{class}.{function}[{params}]": ("test_x/TestA.test_y[p]", "test_x/test_y"),
    "{class}.{function}[{params}]": ("TestA.test_y[p]", "test_y"),
    "{module}/{class}/{function}-{params}": ("test_x/TestA/test_y-p", "test_x/test_y"),
    "{module}.{function}({params})_{class}": ("test_x.test_y(p)_TestA", "test_x.test_y"),
    "by/[{params}]{function}": ("by/[p]test_y", "by/test_y"),
    "{params}/{function}": ("p/test_y", "test_y"),
    "{function}[{params}].{class}.x": ("test_y[p].TestA.x", "test_y.x"),
    "llm-{function}": ("llm-test_y", "llm-test_y"),
}


@pytest.mark.parametrize("text", NAMED)
def test_what_a_test_does_not_have_goes_with_the_text_between(text: str) -> None:
    template = compile_template(text)
    full, bare = NAMED[text]
    assert template.write("test_x", "TestA", "test_y", "p") == full
    assert template.write("test_x", "", "test_y", "") == bare


@pytest.mark.parametrize("text", NAMED)
def test_a_name_tells_what_its_template_does_and_no_more(text: str) -> None:
    template = compile_template(text)
    full, bare = NAMED[text]
    told = {field: f"{{{field}}}" in text for field in ("module", "class", "params")}
    assert template.read(full) == Parts(
        "test_x" if told["module"] else None,
        "TestA" if told["class"] else None,
        "test_y",
        "p" if told["params"] else None,
    )
    assert template.read(bare) == Parts(
        "test_x" if told["module"] else None,
        "" if told["class"] else None,
        "test_y",
        "" if told["params"] else None,
    )


WORDS = st.from_regex(r"[A-Za-z_]\w{0,8}", fullmatch=True)
FUNCTIONS = st.from_regex(r"test\w{0,8}", fullmatch=True)
PARAMETERS = st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), max_size=12)
TEMPLATES = st.sampled_from([*NAMED, "{class}_{function}_{params}", "{params}.{class}.{function}"])


@given(TEMPLATES, WORDS, WORDS | st.just(""), FUNCTIONS, PARAMETERS)
def test_what_is_read_of_a_name_gives_that_name(
    text: str, module: str, holder: str, function: str, parameters: str
) -> None:
    template = compile_template(text)
    name = template.write(module, holder, function, parameters)
    parts = template.read(name)
    assert parts is not None
    told = (part or "" for part in parts)
    assert template.write(*told) == name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "lacks {function} in ''"),
        ("{module}/{class}", "lacks {function} in '{module}/{class}'"),
        ("{fucntion}", "has an unknown placeholder, {fucntion}, in '{fucntion}': did you mean 'function'?"),
        (
            "{}{function}",
            "has an unknown placeholder, {}, in '{}{function}': known are module, class, function, params",
        ),
        ("{function}/{function}", "has {function} twice in '{function}/{function}'"),
        ("{function}{params}", "has two placeholders with nothing between them in '{function}{params}'"),
        ("{function}}", "has a brace that belongs to no placeholder in '{function}}'"),
        ("{{function}", "has a brace that belongs to no placeholder in '{{function}'"),
        ("../{function}", "should be a path below the folder of cassettes, with /, and not '../{function}'"),
        ("/{function}", "should be a path below the folder of cassettes, with /, and not '/{function}'"),
        (
            "{module}\\{function}",
            "should be a path below the folder of cassettes, with /, and not '{module}\\\\{function}'",
        ),
        (
            "a\0{function}",
            "should be a path below the folder of cassettes, with /, and not 'a\\x00{function}'",
        ),
    ],
)
def test_what_is_no_template(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message) + r"\Z"):
        compile_template(text)


@given(st.text(max_size=30) | st.text("{}[]/.(){function}{params}", max_size=30))
def test_any_text_is_a_template_or_is_refused(text: str) -> None:
    try:
        template = compile_template(text)
    except ValueError:
        return
    name = template.write("m", "C", "test_f", "p")
    assert template.read(name) is not None


@pytest.mark.parametrize(
    ("pattern", "template", "name"),
    [
        ("{name}.json", "{module}/{function}[{params}]", "test_x/test_y[p].json"),
        ("{name}.json", "{function}", "test_y.json"),
        ("{module}_audio/{name}.wav", "{module}/{class}.{function}", "test_x_audio/TestA.test_y.wav"),
    ],
)
def test_a_companion_is_named_after_its_cassette(pattern: str, template: str, name: str) -> None:
    assert compile_companion(pattern, template).write("test_x", "TestA", "test_y", "p") == name


def test_a_companion_lies_below_the_folder_of_cassettes() -> None:
    with pytest.raises(ValueError, match=r"and not '\.\./\{name\}\.x'\Z"):
        compile_companion("../{name}.x", "{function}")


@pytest.mark.parametrize("pattern", ["x.json", "{name}{name}", "{name}/{params}", "{function}.json"])
def test_what_names_no_companion(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"should have \{name\} once"):
        compile_companion(pattern, "{function}")
