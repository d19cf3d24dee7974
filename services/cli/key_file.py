"""Tokens by source, from a file that ``liandan key create --out`` wrote, or one token for all."""

from pathlib import Path

import msgspec

from schemas.envelope import SOURCE_PREFIX
from services.cli.console import Failure

__all__ = ["TokenRing"]


class _Line(msgspec.Struct):
    uscc: str
    token: str


class TokenRing:
    """Finds the token with which an event's source posts."""

    def __init__(self, only: str = "", by_source: dict[str, str] | None = None) -> None:
        self._only, self._by_source = only, by_source or {}

    @classmethod
    def of_file(cls, path: Path) -> "TokenRing":
        """Read a keys file, or a file with nothing but a token. Raises Failure."""
        text = path.read_bytes().strip()
        if text.startswith(b"ldk_") and b"\n" not in text:
            return cls(text.decode(errors="replace"))
        try:
            lines = [msgspec.json.decode(line, type=_Line) for line in text.splitlines() if line]
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Failure(
                f"密钥文件 {path} 无法读取（{error}）。",
                f"The keys file {path} cannot be read ({error}).",
                "请用 liandan key create --out 生成。",
                "Make it with `liandan key create --out`.",
                code=2,
            ) from error
        return cls("", {SOURCE_PREFIX + line.uscc: line.token for line in lines})

    def token(self, source: str | None) -> str | None:
        """Return the token for a source; any for an event whose source cannot be read."""
        if self._only:
            return self._only
        if source is None:
            return next(iter(self._by_source.values()), None)
        return self._by_source.get(source)
