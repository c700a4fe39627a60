"""Scenarios of tests in Rust: which are there, which are gone, and what speaks against that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from recctl.testsuite.code import CodeTree, is_in_code

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = {
    "tests/openai.rs": "mod providers;\n",
    "tests/anthropic.rs": "mod providers;\n",
    "tests/providers/openai/agent.rs": """
        #[tokio::test]
        async fn smoke() {
            let quote = '"';  // an odd "
            with_cassette("agent/smoke", |client| async move { run(client, '"').await; }).await;
            with_cassette(r#"o1 mini/says: «hi»"#, run).await;
            with_cassette("tools/gpt-4.1_\\u{e9}t\\u{e9}", run).await;
        }
        fn kept_under_this_name() { with_cassette(CASES[0], run) }
        fn each(case: &str) { with_cassette(&format!("matrix/{case}_low"), run) }
        fn numbered(case: usize) { with_cassette(&format!("numbered/case_{case}"), run) }
        fn joined() { with_cassette(concat!("joined/", stringify!(x)), run) }
        fn empty(a: &str, b: &str) { with_cassette(&format!("{}/{}", a, b), run) }
    """,
    "tests/providers/anthropic/agent.rs": 'fn a() { with_cassette("agent/elsewhere", run) }',
    "src/cases.rs": 'pub const CASE: &str = "agent/in_the_crate";',
}


@pytest.fixture
def tree(tmp_path: Path) -> CodeTree:
    for path, text in SOURCES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return CodeTree(tmp_path)


@pytest.mark.parametrize("scenario", ["agent/smoke", "o1_mini/says___hi_", "tools/gpt-4_1__t_"])
def test_a_scenario_is_there_when_a_literal_names_it(tree: CodeTree, scenario: str) -> None:
    assert tree.find_fate(f"tests/openai.rs::{scenario}") == (None, None)


@pytest.mark.parametrize("scenario", ["agent/gone", "smoke/of_another", "matrix_low", "agent/smoke/deeper"])
def test_a_scenario_is_gone_when_nothing_could_make_it(tree: CodeTree, scenario: str) -> None:
    reason = f"no source in tests names the scenario {scenario!r}"
    assert tree.find_fate(f"tests/openai.rs::{scenario}") == (reason, None)


@pytest.mark.parametrize(
    ("scenario", "doubt"),
    [
        ("agent/kept_under_this_name", "has something that is called kept_under_this_name"),
        ("matrix/gpt_low", "has 'matrix/{case}_low', which may be a part of it"),
        ("numbered/case_3", "has 'numbered/case_{case}', which may be a part of it"),
        ("joined/anything", "has 'joined/', which may be a part of it"),
    ],
)
def test_what_may_make_a_scenario_is_a_doubt(tree: CodeTree, scenario: str, doubt: str) -> None:
    gone, told = tree.find_fate(f"tests/openai.rs::{scenario}")
    start = f"no source in tests names the scenario {scenario!r}, but tests/providers/openai/agent.rs "
    assert (gone, told) == (None, start + doubt)


def test_a_scenario_that_others_name_is_in_doubt(tree: CodeTree) -> None:
    fates = [tree.find_fate(f"tests/openai.rs::agent/{name}") for name in ("elsewhere", "in_the_crate")]
    assert [(fate.doubt or "").partition(", but ")[2] for fate in fates] == [
        "tests/providers/anthropic/agent.rs, of another provider's tests, names one that is called so",
        "src/cases.rs has it",
    ]
    assert tree.find_fate("tests/anthropic.rs::agent/elsewhere") == (None, None)


def test_without_sources_nothing_is_gone(tree: CodeTree) -> None:
    assert tree.has_file("tests/openai.rs")
    assert not tree.has_file("elsewhere/openai.rs")
    fate = tree.find_fate("elsewhere/openai.rs::agent/smoke")
    assert fate.doubt == (
        "no source in elsewhere names the scenario 'agent/smoke', but elsewhere has no sources in Rust"
    )


@pytest.mark.parametrize(
    "test_id", ["../x.rs::a", "/etc/x.rs::a", "tests/x.rs", "tests/x.rs::", "..\\x.rs::a"]
)
def test_an_id_leads_nowhere_outside(test_id: str) -> None:
    assert not is_in_code(test_id)
