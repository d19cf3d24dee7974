"""A reader who does what a page says, in a copy of the repository and one shell after another."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from page_blocks import Block, blocks_of, matches

__all__ = ["ADDRESS", "CONSOLE", "ROOT", "PageReader", "Running", "edited", "reader_environment"]

ROOT = Path(__file__).parents[2]
ADDRESS, CONSOLE = "127.0.0.1:8080", "127.0.0.1:8090"
"""Addresses in the pages; the only things that a reader here puts otherwise."""
_LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "node_modules")
_TIMEOUT_S = 180.0
_PATIENCE_S = 60.0

_SHELL = """\
set -eua
[ ! -f {state} ] || . {state}
trap 'rc=$?; {{ export -p; declare -f; printf "cd %q\\n" "$PWD"; }} > {state}; exit $rc' EXIT
{text}
"""


class Running:
    """What keeps running while pages are read, one at a time: a machine has one gateway's port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: dict[str, tuple[subprocess.Popen[bytes], Path]] = {}

    def start(self, command: str, cwd: Path, environment: dict[str, str], until: str) -> str:
        """Start a command, if it does not run already; return what it printed up to ``until``."""
        if command not in self._processes:
            self.stop()
            log = self._folder / f"{command.replace(' ', '-')}-{time.monotonic_ns()}.log"
            with log.open("wb") as out:
                process = subprocess.Popen(
                    ["bash", "-c", f"exec {command}"],
                    cwd=cwd,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # a group of its own, as a terminal makes it
                )
            self._processes[command] = process, log
        process, log = self._processes[command]
        deadline = time.monotonic() + _TIMEOUT_S
        while until not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        assert process.poll() is None, log.read_text()
        return log.read_text()

    def stop(self) -> None:
        """Press Ctrl-C: everything in the foreground hears it, and says that it has stopped."""
        for process, log in self._processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
            assert process.wait(60) in (0, -signal.SIGINT), log.read_text()
            assert "已全部停止" in log.read_text(), log.read_text()
        self._processes.clear()


class PageReader:
    """Reads one page from top to bottom and does what it says."""

    def __init__(
        self,
        page: Path,
        folder: Path,
        environment: dict[str, str],
        places: dict[str, str],
        running: Running,
    ) -> None:
        self._page, self._places, self._running = page, places, running
        self._clone = folder / "liandan"
        shutil.copytree(ROOT, self._clone, ignore=_LEFT_OUT)
        _lend_venv(self._clone / ".venv")
        self._state = folder / "state.sh"
        self._cwd = self._clone
        # The copy's modules, also for the command that is installed from elsewhere.
        self._environment = {**environment, "PYTHONPATH": str(self._clone)}
        self.done: list[Block] = []

    def read(self) -> list[Block]:
        """Do everything; return the blocks that were done. AssertionError where the page errs."""
        for block in blocks_of(self._page):
            if block.acts:
                self._do(block)
                self.done.append(block)
        return self.done

    def _do(self, block: Block) -> None:
        where = f"{self._page.relative_to(ROOT)}:{block.line}"
        text = self._here(block.text)
        began = time.monotonic()
        name = block.marked("file")
        if name is not None:
            (self._where() / name).write_text(text, encoding="utf-8")
        elif (name := block.marked("edit")) is not None:
            path = self._where() / name
            path.write_text(edited(path.read_text(encoding="utf-8"), text), encoding="utf-8")
        elif (name := block.marked("elsewhere")) is not None:
            there = (ROOT / name).read_text(encoding="utf-8")
            for line in text.splitlines():
                assert line.split()[1] in there, f"{where}: {name} does not run {line}"
        elif (until := block.marked("stays until")) is not None:
            printed = self._running.start(text.strip(), self._where(), self._known(), until)
            self._compare(block, printed, where)
        elif block.how == "again":
            self._repeat(block, text, where)
        else:
            self._compare(block, self._run(block, text, where), where)
        print(f"{where}: {time.monotonic() - began:.1f} s")

    def _repeat(self, block: Block, text: str, where: str) -> None:
        """Do a block until it shows what the page shows; what is wrong at the end is told."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return self._compare(block, self._run(block, text, where), where)
            except AssertionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def _run(self, block: Block, text: str, where: str) -> str:
        if block.language == "python":
            text = f"python - <<'THE END'\n{text}THE END\n"
        done = subprocess.run(
            ["bash", "-c", _SHELL.format(state=self._state, text=text)],
            cwd=self._cwd,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_TIMEOUT_S,
        )
        printed = done.stdout.decode()
        expected = int(block.marked("exit") or 0)
        assert done.returncode == expected, f"{where}: exit code {done.returncode}\n{printed}"
        return printed

    def _compare(self, block: Block, printed: str, where: str) -> None:
        if block.prints is None:
            return
        shown = self._here(block.prints)
        assert matches(shown, printed), f"{where} shows:\n{shown}\nbut it printed:\n{printed}"

    def _here(self, text: str) -> str:
        for told, here in self._places.items():
            text = text.replace(told, here)
        return text

    def _where(self) -> Path:
        """Return the folder in which the reader is now."""
        if not self._state.exists():
            return self._clone
        (last,) = re.findall(r"^cd (.+)$", self._state.read_text(), re.MULTILINE)[-1:]
        done = subprocess.run(["bash", "-c", f"cd {last} && pwd"], capture_output=True, text=True)
        return Path(done.stdout.strip())

    def _known(self) -> dict[str, str]:
        """Return the environment as the blocks before have left it."""
        if not self._state.exists():
            return self._environment
        done = subprocess.run(
            ["bash", "-c", f". {self._state} && env -0"], capture_output=True, text=True, check=True,
            env=self._environment,
        )  # fmt: skip
        pairs = (each.partition("=") for each in done.stdout.split("\0") if each)
        return {name: value for name, _, value in pairs}


def _lend_venv(there: Path) -> None:
    """Show the environment that runs the tests as the copy's own, set up: nothing installs into it."""
    there.mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (there / name).symlink_to(Path(sys.prefix) / name)
    for stamp in (".installed", ".installed-dev"):
        (there / stamp).touch()


def edited(text: str, diff: str) -> str:
    """Make the changes of a diff: each hunk's old lines must stand in the text exactly once."""
    for hunk in re.split(r"^@@.*\n", diff, flags=re.MULTILINE):
        lines = hunk.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line[0] in " -")
        new = "".join(line[1:] for line in lines if line[0] in " +")
        if lines:
            assert text.count(old) == 1, f"not there once:\n{old}"
            text = text.replace(old, new)
    return text


def reader_environment(home: Path, places: dict[str, str]) -> dict[str, str]:
    """Return what a newcomer's shell knows, but for a home and ports of the test's own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LIANDAN_")}
    return {
        **kept,
        "LIANDAN_HOME": str(home),
        "LIANDAN_GATEWAY_PORT": places[ADDRESS].rpartition(":")[2],
        "LIANDAN_CONSOLE_PORT": places[CONSOLE].rpartition(":")[2],
        "LIANDAN_GATEWAY_KEYS_REFRESH_S": "0.2",
        "LIANDAN_GATEWAY_ACK_TIMEOUT_S": "3",
        "LANG": "C.UTF-8",
    }
