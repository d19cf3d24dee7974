"""Why a frame is not taken: a closed set, for it labels a metric."""

__all__ = ["REASONS", "Unreadable"]

REASONS = (
    "rubbish",  # bytes outside any frame, or a frame longer than any can be
    "escape",  # 0x7d followed by neither 0x01 nor 0x02
    "checksum",
    "header",  # too short, or a phone number that is no BCD
    "length",  # body, batch or additional item is not as long as it says
    "encrypted",
    "package",  # a part that cannot be of the message that it says
    "time",  # no instant: BCD that is none, the 30th of February
    "place",  # beyond a pole or the date line
    "flood",
    "crowded",  # a connection more than are held at once
    "idle",
    "unknown",  # no such terminal on record, or none in force today
    "wrong_code",
    "unauthenticated",
    "plate",  # registers for another plate than the record's
    "registered",  # registers, though its code is put in by hand
    "unsupported",
    "away",  # Kafka did not acknowledge; the terminal sends it again
)


class Unreadable(ValueError):
    """A frame that is not what it should be. ``reason`` is one of ``REASONS``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
