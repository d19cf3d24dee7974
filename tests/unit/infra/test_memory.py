"""Memory: the tightest limit above the process, of either version of control groups."""

from pathlib import Path

import psutil

from infra.runtime.memory import memory_use

MB = 1_000_000


def group(folder: Path, limit: str, used: int, cache: int, version: int = 2) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if version == 2:
        names = ("memory.max", "memory.current", "inactive_file")
    else:
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\n{names[2]} {cache}\n")


def test_the_container_counts_without_the_cache_that_can_be_given_back(tmp_path: Path) -> None:
    (tmp_path / "cgroup").write_text("0::/liandan\n")
    group(tmp_path / "groups" / "liandan", str(500 * MB), 450 * MB, 150 * MB)
    use = memory_use(tmp_path / "cgroup", tmp_path / "groups")
    assert use == (300 * MB, 500 * MB)


def test_the_limit_may_stand_further_up_and_the_one_with_least_room_counts(tmp_path: Path) -> None:
    (tmp_path / "cgroup").write_text("0::/outer/inner\n")
    groups = tmp_path / "groups"
    group(groups / "outer", str(400 * MB), 390 * MB, 0)
    group(groups / "outer" / "inner", str(300 * MB), 100 * MB, 0)
    assert memory_use(tmp_path / "cgroup", groups) == (390 * MB, 400 * MB)


def test_in_a_container_the_files_stand_at_the_top_though_the_path_is_the_hosts(
    tmp_path: Path,
) -> None:
    (tmp_path / "cgroup").write_text("0::/system.slice/docker-1\n")
    group(tmp_path / "groups", str(200 * MB), 50 * MB, 0)
    assert memory_use(tmp_path / "cgroup", tmp_path / "groups") == (50 * MB, 200 * MB)


def test_version_1_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "cgroup").write_text("5:cpu,cpuacct:/x\n4:memory:/x\n")
    group(tmp_path / "groups" / "memory" / "x", str(100 * MB), 80 * MB, 30 * MB, version=1)
    assert memory_use(tmp_path / "cgroup", tmp_path / "groups") == (50 * MB, 100 * MB)


def test_without_a_limit_it_is_the_machine(tmp_path: Path) -> None:
    (tmp_path / "cgroup").write_text("0::/free\n")
    group(tmp_path / "groups" / "free", "max", 5, 0)
    total = psutil.virtual_memory().total
    for proc in (tmp_path / "cgroup", tmp_path / "missing"):
        use = memory_use(proc, tmp_path / "groups")
        assert use.limit == total
        assert 0 < use.used < total
