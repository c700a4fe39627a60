"""The schemas of the files of formats: they are what the examples, and recctl's own readers, hold to."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from recctl.checks.schema import read_schema
from tests.cli.conftest import CHECKOUT

EXAMPLES = CHECKOUT / "examples"
FILES = [
    ("ddapm", "vcr-cassettes/**/*.json"),
    ("mastra", "__recordings__/*.json"),
    ("polly", "recordings/**/*.har"),
    ("req_llm", "fixtures/**/*.json"),
]


@pytest.mark.parametrize(("name", "pattern"), FILES)
def test_good_files_are_as_their_schema_says_and_bad_ones_are_not(name: str, pattern: str) -> None:
    validator = Draft202012Validator(json.loads(read_schema(name)))
    for folder, is_good in (("good", True), ("bad/not-a-recording", False)):
        values = [json.loads(path.read_text()) for path in (EXAMPLES / folder).glob(f"**/{pattern}")]
        assert [validator.is_valid(value) for value in values] == [is_good]
