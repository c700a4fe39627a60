"""What an installation holds: the schemas, from a wheel and in an editable install."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

from recctl.checks.schema import list_schemas, read_schema
from tests.cli.conftest import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path


def test_the_wheel_carries_the_schemas_and_prints_them(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path)]
    subprocess.run([*build, str(CHECKOUT)], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(installed)
    packaged = {name.removeprefix("recctl/") for name in names if name.startswith("recctl/schemas/")}
    files = (path for path in (CHECKOUT / "schemas").rglob("*") if path.is_file())
    assert packaged == {path.relative_to(CHECKOUT).as_posix() for path in files}
    assert "recctl/manual/drift.md" in names
    assert "recctl/render/page/page.js" in names
    assert not [name for name in names if not name.startswith(("recctl/", "recctl-"))]
    printed = subprocess.run(
        [sys.executable, "-m", "recctl", "schema"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert printed.stdout == (CHECKOUT / "schemas/recording.schema.json").read_text()


def test_the_checkout_finds_the_schemas_beside_the_package() -> None:
    assert "recording" in list_schemas()
    assert read_schema("recording") == (CHECKOUT / "schemas/recording.schema.json").read_text()
