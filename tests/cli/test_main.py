"""What holds for every command: exit codes, streams, colours, help."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from recctl import __version__
from recctl.cli.app import COMMANDS, app
from recctl.recordings.formats.ogx import serialise
from tests.builders import record
from tests.cli.conftest import CHECKOUT
from tests.names import ask, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Run


def find_command(name: str) -> Any:
    group: Any = typer.main.get_command(app)
    return group.get_command(None, name)


def test_version_is_one_line(run: Run) -> None:
    outcome = run("--version")
    assert (outcome.code, outcome.out, outcome.err) == (0, f"recctl {__version__}\n", "")


@pytest.mark.parametrize(
    "words", ["", "--version", "validate -h", "rules", "show nothing.json", "rules --oops"]
)
def test_a_command_is_the_same_in_a_process_of_its_own(run: Run, run_process: Run, words: str) -> None:
    assert run(*words.split()) == run_process(*words.split())


@pytest.mark.parametrize("arguments", [("--help",), ("-h",)])
def test_help_lists_every_command(run: Run, arguments: tuple[str, ...]) -> None:
    outcome = run(*arguments)
    assert outcome.code == 0
    listed = [line.split()[0] for line in outcome.out.partition("Commands:\n")[2].splitlines()]
    assert listed == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_that_fits_80_columns(run: Run, command: str) -> None:
    outcome = run(command, "-h", env={"COLUMNS": "80"})
    assert outcome.code == 0
    assert outcome.out.startswith(f"Usage: recctl {command} ")
    assert max(map(len, outcome.out.splitlines())) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_command_ends_with_examples_that_can_be_typed(run: Run, name: str) -> None:
    examples = find_command(name).examples
    assert examples
    shown = run(name, "-h", env={"COLUMNS": "80"}).out.partition("\nExamples:\n")[2]
    assert [line for line, _ in examples if f"  {line}" not in shown] == []
    assert [purpose for _, purpose in examples if purpose not in shown] == []
    typed = [part.strip() for line, _ in examples for part in re.split(r"&&|[|;>]", line)]
    typed = [part.removeprefix("recctl ") for part in typed if part.startswith("recctl ")]
    assert any(part.split()[0] == name for part in typed)
    for part in typed:
        word, *arguments = shlex.split(part)
        find_command(word).make_context(word, arguments)  # raises what a user would see


def test_options_stand_in_groups_the_commands_own_first(run: Run) -> None:
    shown = run("prune", "-h").out
    headings = [line for line in shown.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert headings == [
        "Arguments:",
        "Options:",
        "Which recordings:",
        "Output:",
        "Common options:",
        "Examples:",
    ]
    assert "--apply" in shown.partition("\nOptions:\n")[2].partition("\n\n")[0]
    assert "--model" in shown.partition("\nWhich recordings:\n")[2].partition("\n\n")[0]


def test_no_command_is_a_usage_error_that_shows_the_help(run: Run) -> None:
    outcome = run()
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("Usage: recctl ")


USAGE_ERRORS = {
    "shwo": ("No such command 'shwo'. Did you mean 'show'?", "see recctl --help"),
    "show --isolatd": ("No such option: --isolatd (Possible options: --isolated)", "see recctl show --help"),
    "show --format jsno": ("unknown format 'jsno'", "did you mean 'json'?"),
    "validate --statistics --format json": ("--statistics is for --format text", "leave one of them out"),
    "prune --grade supersede": ("unknown grade 'supersede'", "did you mean 'superseded'?"),
    "rules schemas": ("unknown rule 'schemas'", "did you mean 'schema'?"),
    "schema recordings": ("unknown schema 'recordings'", "did you mean 'recording'?"),
    "rehash --set /x": ("Option '--set' requires 2 arguments.", "see recctl rehash --help"),
    "git install --config": ("Option '--config' requires an argument.", "see recctl git install --help"),
    "git --all": ("No such option: --all", "see recctl git --help"),
    "prune -q --grade": ("Option '--grade' requires an argument.", "see recctl prune --help"),
    "--isolated validate": (
        "No such option: --isolated",
        "options follow the command: recctl validate --isolated",
    ),
    "--set /x": ("No such option: --set", "see recctl --help"),
    "validate --scheme ogx-2026-4": ("unknown scheme 'ogx-2026-4'", "did you mean 'ogx-2026-04'?"),
    "validate --max-size big": ("--max-size should be a size, such as 500kB or 64MB", None),
    "validate --files-from none.txt": ("none.txt: No such file or directory", "name a file that lists paths"),
    "validate -o no/folder": ("no/folder: no such file or directory", "name a file that can be written"),
}


@pytest.mark.parametrize("arguments", USAGE_ERRORS)
def test_usage_errors_are_told_in_a_line_with_a_hint(run: Run, arguments: str) -> None:
    message, hint = USAGE_ERRORS[arguments]
    outcome = run(*arguments.split())
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == f"error: {message}\n" + (f"hint: {hint}\n" if hint else "")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("recctl va", ["validate"]),
        ("recctl validate --format s", ["sarif"]),
        ("recctl validate --scheme ogx-2025-10", ["ogx-2025-10", "ogx-2025-10-floats"]),
        ("recctl rehash --to ogx-2025-10", ["ogx-2025-10", "ogx-2025-10-floats"]),
        ("recctl prune --grade s", ["superseded"]),
        ("recctl rules inv", ["invalid-json", "invalid-yaml"]),
        ("recctl validate --select secret,inv", ["secret,invalid-json", "secret,invalid-yaml"]),
    ],
)
def test_a_shell_can_complete_names(run_process: Run, line: str, words: list[str]) -> None:
    last = str(len(line.split()) - 1)
    asked = {"_RECCTL_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": last}
    assert run_process(env=asked).out.split() == words


@pytest.fixture
def complete(run_process: Run) -> Callable[[str], list[str]]:
    """What a shell offers at the end of a line."""

    def offer(line: str) -> list[str]:
        last = str(len(line.split(" ")) - 1)
        asked = {"_RECCTL_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": last}
        return run_process(env=asked).out.split()

    return offer


def test_a_shell_can_complete_revisions(
    tmp_path: Path, git: Callable[..., str], complete: Callable[[str], list[str]]
) -> None:
    (tmp_path / "a").touch()
    git("add", ".")
    git("commit", "-qm", "x")
    git("branch", "-m", "main")
    git("tag", "made-today")
    assert complete("recctl diff ma") == ["made-today", "main"]
    assert complete("recctl diff main..H") == ["main..HEAD"]
    assert complete("recctl diff nothing") == []


def test_a_shell_can_complete_runs(tmp_path: Path, run: Run, complete: Callable[[str], list[str]]) -> None:
    (tmp_path / "recctl.toml").write_text('scheme = "ogx-2026-04"\n')
    write(tmp_path / "tests/x/recordings", ask("Hello"))
    for model in ("large", "tiny"):
        run("rehash", "--set", "/request/body/model", model, "--apply")
    assert complete("recctl undo ") == ["2", "1"]


def test_version_loads_no_heavy_library() -> None:
    script = (
        "import sys; sys.argv = ['recctl', '--version']\n"
        "from recctl.__main__ import main; main()\n"
        "heavy = {'rich', 'jsonschema', 'jsonschema_rs', 'deepdiff', 'orjson', 'pathspec'}\n"
        "sys.stdout.write(' '.join(sorted(heavy & sys.modules.keys())))"
    )
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert finished.stdout == f"recctl {__version__}\n"


def test_a_small_sound_file_is_checked_without_a_validator(pytestconfig: pytest.Config) -> None:
    folder = pytestconfig.rootpath / "examples/good/tests/inference/recordings"
    script = (
        "import sys; sys.argv = ['recctl', 'validate', sys.argv[1]]\n"
        "from recctl.__main__ import main; main()\n"
        "heavy = {'rich', 'jsonschema', 'jsonschema_rs', 'yaml'}\n"
        "sys.stdout.write(' '.join(sorted(heavy & sys.modules.keys())))"
    )
    small = min(folder.iterdir(), key=lambda path: path.stat().st_size)
    command = [sys.executable, "-c", script, str(small)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == ""


def test_an_internal_error_is_one_line_and_no_traceback() -> None:
    script = (
        "import sys; sys.argv = ['recctl', 'rules']\n"
        "import recctl.checks.run as checks\n"
        "def fail(): raise ZeroDivisionError('a bug\\x1b[31m')\n"
        "checks.list_rules = fail\n"
        "from recctl.__main__ import main; sys.exit(main())"
    )
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr == (
        "error: internal error: ZeroDivisionError: a bug\\x1b[31m\n"
        "hint: please report it; RECCTL_DEBUG=1 shows where it happened\n"
    )


def run_in(folder: Path, change: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run recctl in a folder that a shell command, run there, has changed."""
    script = f'{change} && exec "$@"'
    return subprocess.run(
        ["sh", "-c", script, "sh", sys.executable, "-P", "-m", "recctl", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("arguments", ["validate", "show x", "diff", "prune", "git install", "undo"])
def test_a_current_folder_that_is_gone_is_told_in_a_line(arguments: str, tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    finished = run_in(folder, 'rmdir "$PWD"', *arguments.split())
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr == (
        "error: the current folder can't be used: no such file or directory\nhint: change to another one\n"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look everywhere")
def test_so_is_one_below_a_folder_that_cannot_be_entered(tmp_path: Path) -> None:
    folder = tmp_path / "shut" / "inner"
    folder.mkdir(parents=True)
    finished = run_in(folder, "chmod 600 ..", "validate")
    folder.parent.chmod(0o700)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr == (
        "error: the current folder can't be used: permission denied\nhint: change to another one\n"
    )


def test_an_interrupt_exits_with_130() -> None:
    script = (
        "import sys; sys.argv = ['recctl', 'rules']\n"
        "import recctl.checks.run as checks\n"
        "def interrupt(): raise KeyboardInterrupt\n"
        "checks.list_rules = interrupt\n"
        "from recctl.__main__ import main; sys.exit(main())"
    )
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (finished.returncode, finished.stdout, finished.stderr) == (130, "", "interrupted\n")


def test_so_does_one_while_the_program_is_still_being_loaded() -> None:
    script = (
        "import sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'typer': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from recctl.__main__ import run; run()"
    )
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (finished.returncode, finished.stdout, finished.stderr) == (130, "", "interrupted\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_an_interrupt_that_cannot_be_told_exits_with_130() -> None:
    script = (
        "import recctl.__main__ as program\n"
        "def interrupt(): raise KeyboardInterrupt\n"
        "program._prepare_streams = interrupt\n"
        "program.run()"
    )
    with Path("/dev/full").open("wb") as full:
        finished = subprocess.run([sys.executable, "-c", script], stderr=full, check=False)
    assert finished.returncode == 130


READERS = (
    "show",
    "show --format json",
    "validate",
    "diff --noise",
    "rehash",
    "rehash --explain",
    "prune",
    "mv a b",
)


@pytest.mark.parametrize("command", READERS)
def test_no_result_is_written_over_what_is_looked_at(run: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "recordings").mkdir()
    content = serialise(record([]))
    for name in ("x.json", "y.json"):
        (tmp_path / "recordings" / name).write_bytes(content)
    words = ["recordings/x.json", "recordings/y.json"] if command.startswith("diff") else ["recordings"]
    outcome = run(*command.split(), *words, "-o", "./recordings/x.json")
    message = "./recordings/x.json: is one of the files that are read\nhint: name another file with -o\n"
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"error: {message}")
    assert (tmp_path / "recordings/x.json").read_bytes() == content


@pytest.mark.parametrize(
    "command",
    [
        "config -o recctl.toml",
        "validate -o recctl.toml",
        "restore x --files-from list -o list",
        "show --files-from list -o list",
        "prune --collected list -o list",
        "rehash --redact-from list -o list",
        "validate --baseline list -o list",
    ],
)
def test_nor_over_what_else_is_read(run: Run, tmp_path: Path, command: str) -> None:
    content = {"recctl.toml": "# empty\n", "list": "tests/test_x.py::test_y\n"}
    for name, text in content.items():
        (tmp_path / name).write_text(text)
    arguments = command.split()
    output = arguments[-1]
    refusal = f"error: {output}: is one of the files that are read\nhint: name another file with -o\n"
    assert run(*arguments).err == refusal
    assert (tmp_path / output).read_text() == content[output]


def test_results_replace_a_file_and_nothing_else(run: Run, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("as it was")
    (tmp_path / "out").chmod(0o640)
    assert run("schema", "-o", "out").code == 0
    assert (tmp_path / "out").read_text() == run("schema").out
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o640
    assert run("schema", "-o", os.devnull).code == 0
    (tmp_path / "folder").mkdir()
    assert (
        run("schema", "-o", "folder").err
        == "error: folder: is a directory\nhint: name a file that can be written\n"
    )
    for name, target in (("link", "out"), ("dangling", "new"), ("loop", "loop")):
        (tmp_path / name).symlink_to(target)
        outcome = run("schema", "-o", name)
        assert outcome.code == 2
        assert outcome.err == f"error: {name}: is a link\nhint: name the file that it leads to\n"
    (tmp_path / "device").symlink_to(os.devnull)
    assert run("schema", "-o", "device").code == 0
    names = ["dangling", "device", "folder", "link", "loop", "out"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert (tmp_path / "out").read_text() == run("schema").out


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="needs a name for standard output")
@pytest.mark.parametrize("output", ["/dev/stdout", ">(cat)"])
def test_results_go_into_a_pipe_that_has_a_name(run: Run, output: str) -> None:
    program = f"{sys.executable} -m recctl schema -o {output} | cat; exit ${{PIPESTATUS[0]}}"
    finished = subprocess.run(
        ["bash", "-c", program], capture_output=True, text=True, check=False, cwd=CHECKOUT
    )
    assert (finished.returncode, finished.stderr, finished.stdout) == (0, "", run("schema").out)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", ["schema", "--help", "--version", "show --help", "git install --help"])
def test_results_that_cannot_be_written_are_told_in_a_line(words: str, unbuffered: str) -> None:
    command = [sys.executable, "-m", "recctl", *words.split()]
    env = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("wb") as full:
        finished = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, cwd=CHECKOUT, env=env, check=False
        )
    assert (finished.returncode, finished.stderr) == (
        2,
        b"error: standard output can't be written: no space left on device\n",
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
@pytest.mark.parametrize(
    ("words", "code"),
    [("schema", 0), ("validate", 0), ("validate bad.json", 1), ("validate none.json", 2), ("nothing", 2)],
)
def test_what_cannot_be_told_changes_no_exit_code(tmp_path: Path, words: str, code: int) -> None:
    (tmp_path / "bad.json").write_text("{")
    command = [sys.executable, "-m", "recctl", *words.split()]
    env = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    with Path("/dev/full").open("wb") as full:
        finished = subprocess.run(
            command, stdout=subprocess.DEVNULL, stderr=full, cwd=tmp_path, env=env, check=False
        )
    assert finished.returncode == code


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ("--version >&-", 0, ""),
        ("rules >&-", 0, ""),
        ("validate none.json 2>&-", 2, ""),
        (">&- 2>&-", 2, ""),
        (
            "validate -q - <&-",
            2,
            "error: <stdin>: can't be opened: it is closed (check the path and its permissions)\n",
        ),
        (
            "validate --files-from - <&-",
            2,
            "error: -: it is closed\nhint: name a file that lists paths\n",
        ),
    ],
)
def test_a_stream_that_is_closed_is_no_internal_error(words: str, code: int, told: str) -> None:
    program = f"exec {sys.executable} -m recctl {words}"
    finished = subprocess.run(
        ["bash", "-c", program], capture_output=True, text=True, check=False, cwd=CHECKOUT
    )
    assert (finished.returncode, finished.stdout, finished.stderr) == (code, "", told)


def test_a_reader_that_stops_reading_is_no_error() -> None:
    program = f"{sys.executable} -m recctl rules | head -n 1; echo ${{PIPESTATUS[0]}}"
    finished = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True)
    assert finished.stderr == ""
    assert finished.stdout.splitlines()[-1] == "0"


@pytest.mark.parametrize(
    ("arguments", "env", "colored"),
    [
        ((), {}, False),
        ((), {"FORCE_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colour_is_what_options_then_environment_then_terminal_say(
    run: Run, arguments: tuple[str, ...], env: dict[str, str], colored: bool
) -> None:
    outcome = run("rules", *arguments, env=env)
    assert ("\x1b[" in outcome.out) is colored


def test_what_other_tools_call_a_command_is_understood(run: Run) -> None:
    outcome = run("gc")
    assert (outcome.code, outcome.err) == (
        2,
        "error: there is no command 'gc'\nhint: recctl prune does that\n",
    )


@pytest.mark.parametrize("command", ["prune", "restore", "rehash", "mv"])
def test_a_dry_run_is_the_default_and_can_be_asked_for(command: str, run: Run) -> None:
    names = ("a", "b") if command == "mv" else ()
    outcome = run(command, *names, "-n", "--apply")
    assert (outcome.code, outcome.err) == (
        2,
        "error: --apply and --dry-run can't be combined\nhint: leave one of them out\n",
    )
    assert run(command, *names, "-n").out == run(command, *names).out
