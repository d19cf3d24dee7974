import math
import os
import shutil
from pathlib import Path

import pytest
from pydantic import ValidationError

from infra.runtime.disk import disk_space
from infra.runtime.settings import Settings


def test_a_directory_that_is_yet_to_be_made_lies_on_its_parents_disk(tmp_path: Path) -> None:
    there, missing = disk_space(tmp_path), disk_space(tmp_path / "not" / "yet")
    assert missing.size == there.size
    assert 0 < missing.free <= missing.size


def test_what_the_system_keeps_for_root_is_no_room(tmp_path: Path) -> None:
    stat = os.statvfs(tmp_path)
    held_back = (stat.f_bfree - stat.f_bavail) * stat.f_frsize
    usage = shutil.disk_usage(tmp_path)
    assert disk_space(tmp_path).size == pytest.approx(usage.total - held_back, rel=1e-3)


def test_a_disk_that_does_not_answer_is_neither_full_nor_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stale(_: object) -> None:
        raise OSError("stale file handle")

    monkeypatch.setattr("infra.runtime.disk.shutil.disk_usage", stale)
    assert all(map(math.isnan, disk_space(tmp_path)))


def test_more_disks_are_watched_by_name(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, watched_volumes="kafka=/data/kafka,postgres=/data/pg")
    assert settings.volumes == {
        "home": tmp_path,
        "kafka": Path("/data/kafka"),
        "postgres": Path("/data/pg"),
    }
    assert Settings(home=tmp_path).volumes == {"home": tmp_path}


@pytest.mark.parametrize("value", ["kafka", "kafka=", "=/data", "kafka=data", "home=/x", "a b=/x"])
def test_a_volume_without_name_or_absolute_directory_is_refused(value: str) -> None:
    with pytest.raises(ValidationError, match="name=/directory"):
        Settings(watched_volumes=value)
