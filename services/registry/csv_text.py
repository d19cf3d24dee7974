"""The text of a CSV file: UTF-8, with or without a byte order mark, or GB18030."""

from typing import Literal

from schemas.problems import Problem
from services.registry.refusal import LineProblem, Place, RegistryRefused

__all__ = ["Encoding", "read_text"]

Encoding = Literal["auto", "utf-8", "gb18030"]
"""``auto``: UTF-8 if the bytes are UTF-8 (Chinese text in GB18030 is not), else GB18030."""


def read_text(raw: bytes, encoding: Encoding = "auto") -> str:
    """Decode a file. Raises RegistryRefused when it is in none of the encodings."""
    tries = ("utf-8-sig", "gb18030") if encoding == "auto" else (encoding,)
    utf16 = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    for each in () if utf16 else tries:
        try:
            return raw.decode("utf-8-sig" if each == "utf-8" else each)
        except UnicodeDecodeError as error:
            at = error.start
    line = 1 if utf16 else raw.count(b"\n", 0, at) + 1
    problem = Problem(
        "encoding_unknown",
        "",
        "文件不是 UTF-8 或 GB18030 编码，请另存为“CSV UTF-8”",
        "the file is neither UTF-8 nor GB18030; save it as CSV UTF-8",
    )
    raise RegistryRefused([LineProblem.at(Place(line), problem)])
