"""A file that only its owner can read, replaced whole: what a gateway restarted alone goes by."""

import json
import os
from pathlib import Path
from typing import Any

__all__ = ["save_private"]


def save_private(file: Path, value: Any) -> None:
    """Write ``value`` as JSON, durable before it takes the old file's place. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        json.dump(value, out)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
