"""What every test may ask for."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from recctl.changes.signature import make_key
from tests.depth import EXAMPLES, IS_WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job and all it starts ignore it

for name in ("GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION"):  # as where nobody reads the log for commands
    os.environ.pop(name, None)

settings.register_profile(
    "untimed",  # a busy machine is no reason to fail
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=EXAMPLES,
)
settings.load_profile("untimed")


def pytest_report_header() -> str:
    """What a run says of itself before it begins."""
    return f"depth: {'all' if IS_WHOLE else 'a part of what takes long; CI=true looks at all of it'}"


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a case by its argument where its bytes are no text.

    What gzip makes has the time in it: the workers of pytest-xdist, which collect a moment apart, would
    have cases of different names, and then run none.
    """
    return argname if isinstance(val, bytes) and not (val.isascii() and val.decode().isprintable()) else None


@pytest.fixture(scope="session", autouse=True)
def _key(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the key with which recctl signs its state apart from the user's own."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))
    make_key(tmp_path_factory.mktemp("root"))


@pytest.fixture(scope="session", autouse=True)
def _temporary(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let a pytest that a test starts have a folder of its own: it would clear up after runs of ours."""
    os.environ["PYTEST_DEBUG_TEMPROOT"] = str(tmp_path_factory.mktemp("pytest"))


@pytest.fixture(scope="session", autouse=True)
def _unsynced() -> Iterator[None]:
    """Bring nothing down to the disk: the files of tests need not survive a power cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real recordings, a sibling of the checkout; tests that need it are marked `corpus`."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip(f"there is no folder of real recordings at {folder}")
    return folder


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Makes an empty git repository the current folder; gives a function that runs git there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    settings = ("-c", "user.name=A. Tester", "-c", "user.email=tester@example.org")

    def run(*arguments: str, stdin: str = "") -> str:
        command = ["git", *settings, *arguments]
        finished = subprocess.run(
            command, cwd=tmp_path, check=True, capture_output=True, input=stdin.encode()
        )
        return os.fsdecode(finished.stdout)

    run("init", "-q")
    return run
