"""Why bytes are no frame, header or position of JT/T 808."""

__all__ = ["UNREADABLE", "Unreadable"]

UNREADABLE = (
    "rubbish",  # bytes outside any frame, or a frame longer than any can be
    "escape",  # 0x7d followed by neither 0x01 nor 0x02
    "checksum",
    "header",  # too short, or a phone number that is no BCD
    "length",  # body, batch or additional item is not as long as it says
    "encrypted",
    "package",  # a part that cannot be of the message that it says
    "time",  # no instant: BCD that is none, the 30th of February
    "place",  # beyond a pole or the date line
)


class Unreadable(ValueError):
    """A frame that is not what it should be. ``reason`` is one of ``UNREADABLE``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
