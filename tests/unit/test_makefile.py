"""``make`` on machines that lack something: one sentence, its cure, exit code not 0."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clone(tmp_path):
    folder = tmp_path / "a clone with spaces"
    (folder / "infra" / "local").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "infra/local/venv.sh"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def make(clone, python, *more):
    return subprocess.run(
        ["make", "demo", f"PYTHON={python}", *more],
        cwd=clone,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_python_too_old_is_told_before_anything_is_made(clone, tmp_path):
    old = 'case "$2" in *print*) echo 3.10.13 ;; *) exit 1 ;; esac'
    done = make(clone, program(tmp_path / "python3", old))
    assert done.returncode != 0
    assert "需要 Python 3.11" in done.stderr
    assert "found 3.10.13" in done.stderr
    assert not (clone / ".venv").exists()


def test_a_python_without_venv_is_told_with_the_package_to_install(clone, tmp_path):
    bare = 'case "$2" in *ensurepip*) exit 1 ;; *print*) echo 3.12.1 ;; esac'
    done = make(clone, program(tmp_path / "python3", bare))
    assert done.returncode != 0
    assert "python3-venv" in done.stderr


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Retrying (Retry(total=1)): Failed to establish a new connection", "PIP_INDEX_URL"),
        ("OSError: [Errno 28] No space left on device", "磁盘空间不足"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES", "wrong hash"),
        ("No matching distribution found for uvloop==0.23.0", "uvloop==0.23.0"),
        ("something else", "pip.log"),
    ],
)
def test_what_pip_says_becomes_one_sentence(clone, tmp_path, said, told):
    pip = f"case \"$2\" in pip) echo '{said}'; exit 1 ;; esac"
    program(clone / ".venv" / "bin" / "python", pip)
    done = make(clone, "unused")
    assert done.returncode != 0
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 3, "two sentences, and make's own line"
    assert said in (clone / ".venv" / "pip.log").read_text()
