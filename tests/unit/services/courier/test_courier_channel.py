"""Channels as the secret file tells them, and when their digests are due."""

from datetime import UTC, datetime

import pytest

from services.courier.channel import ChannelsInvalid, read_channels
from services.courier.digest_time import next_digest
from services.courier.messenger import Messenger

GOOD = """
[[channel]]
name = "duty-33"
url = "wecombot://abc-secret-key"
language = "both"
regions = ["33", "3401", "340102"]
severities = ["high", "critical"]

[[channel]]
name = "mail"
url = "mailto://user:hidden-word@example.cn"
"""


def test_channels_are_read_with_their_defaults() -> None:
    duty, mail = read_channels(GOOD)
    assert (duty.name, duty.language, duty.regions) == ("duty-33", "both", ("33", "3401", "340102"))
    assert (mail.language, mail.regions, mail.severities) == ("zh", (), ())
    assert read_channels("") == ()


def test_no_secret_is_in_what_a_channel_shows_of_itself() -> None:
    text = repr(read_channels(GOOD))
    assert "secret-key" not in text
    assert "hidden-word" not in text


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ("[[channel]]\nname = 'a'\n", "channel.0.url"),
        ("[[channel]]\nname = 'a b'\nurl = 'json://s3cret'\n", "channel.0.name"),
        ("[[channel]]\nname = 'a'\nurl = 'json://s3cret'\nregions = ['3']\n", "regions.0"),
        ("[[channel]]\nname = 'a'\nurl = 'json://s3cret'\nseverities = ['loud']\n", "severities.0"),
        ("[[channel]]\nname = 'a'\nurl = 'json://s3cret'\ncolour = 'red'\n", "colour"),
        ("[[channel]]\nname = 'a'\nurl = ['s3cret']\n", "channel.0.url"),
        ("[[channel]]\nname = 'a'\nurl = 'json://s3cret", "courier_channels"),
        (
            "[[channel]]\nname='a'\nurl='json://s3cret'\n[[channel]]\nname='a'\nurl='json://s'",
            "same",
        ),
        ("[[channels]]\nname = 'a'\n", "channels"),
    ],
)
def test_a_mistake_is_told_by_its_place_and_without_the_secret(bad: str, told: str) -> None:
    with pytest.raises(ChannelsInvalid) as refused:
        read_channels(bad)
    assert told in str(refused.value)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("url", ["nosuch://x-s3cret", "wecombot://bad*s3cret", "s3cret"])
def test_a_url_that_apprise_does_not_know_is_told_without_it(
    url: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    channels = read_channels(f"[[channel]]\nname = 'duty'\nurl = '{url}'\n")
    with pytest.raises(ChannelsInvalid, match="duty") as refused:
        Messenger(channels, 1.0)
    printed = capsys.readouterr()
    assert "s3cret" not in f"{refused.value}{caplog.text}{printed.out}{printed.err}"


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-24T23:00:00+00:00", "2026-11-25T00:30:00+00:00"),
        ("2026-11-25T00:29:59+00:00", "2026-11-25T00:30:00+00:00"),
        ("2026-11-25T00:30:00+00:00", "2026-11-26T00:30:00+00:00"),
        ("2026-11-25T15:59:00+00:00", "2026-11-26T00:30:00+00:00"),
        ("2026-12-31T16:30:00+00:00", "2027-01-01T00:30:00+00:00"),
    ],
)
def test_the_digest_is_due_at_the_next_half_past_eight_in_china(now: str, due: str) -> None:
    found = next_digest(datetime.fromisoformat(now), "08:30")
    assert found.astimezone(UTC).isoformat() == due
