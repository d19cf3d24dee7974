"""Check tickets: bound to unit, contents, registry and outcome; told with an alert, and nothing more."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.runtime.ticket_keys import PublicKeys, TicketKeyError, new_ticket_key, signing_key
from streams.judging.decision import decide_manifest
from streams.judging.rules import RULE_BOOK
from streams.judging.statement import Statement, read_statement
from streams.judging.ticket import Ticket, TicketRefused, form_digest, read_ticket, sign_ticket
from tests.manifests import (
    CARRIER,
    CONSIGNOR,
    DAY,
    NUMBER,
    STRANGER,
    collector,
    corrected,
    dispatched,
    filed,
    form,
    registry,
)

RULE = "cross_province.no_approval"
NOW = int(DAY.timestamp()) - 90_000
"""An hour before the manifest is filed."""


@dataclass
class Signer:
    directory: Path
    name: str
    keys: PublicKeys

    def ticket(self, about: Statement, **more: Any) -> str:
        given = {
            "key": self.name,
            "unit": CONSIGNOR,
            "digest": form_digest(about.event.data),
            "registry_seq": 7,
            "outcome": "green",
            "issued_at": NOW,
            "expires_at": NOW + 7200,
            "departs_at": NOW + 3600,
        }
        found = signing_key(self.directory)
        assert found is not None
        return sign_ticket(Ticket(**(given | more)), found[1])


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    directory = tmp_path_factory.mktemp("tickets")
    return Signer(directory, new_ticket_key(directory), PublicKeys(directory))


def alert_text(signer: Signer, *said: Statement, view: Any = None) -> tuple[str, str]:
    book = RULE_BOOK._replace(ticket_keys=signer.keys)
    decision = decide_manifest(NUMBER, None, [*said, dispatched()], view or registry(), None, book)
    (change,) = [c for c in decision.alerts if c.alert.rule == RULE]
    plain = decide_manifest(NUMBER, None, [*said, dispatched()], view or registry(), None)
    assert plain.outcomes == decision.outcomes, "a ticket changes no verdict"
    outcome = next(o for o in decision.outcomes if o.rule == RULE)
    assert change.alert.text_zh.startswith(outcome.zh)
    return change.alert.text_zh[len(outcome.zh) :], change.alert.text_en[len(outcome.en) :]


def test_an_alert_says_that_a_green_ticket_existed_for_the_same_contents(signer: Signer) -> None:
    zh, en = alert_text(signer, filed(check_ticket=signer.ticket(filed())))
    assert "同一内容的预检票据" in zh
    assert "登记序号 7" in zh
    assert "绿色" in zh
    assert "nothing was found then (green)" in en


def test_without_a_ticket_nothing_is_said(signer: Signer) -> None:
    assert alert_text(signer, filed()) == ("", "")


@pytest.mark.parametrize(("outcome", "said"), [("review", "有待核查事项"), ("red", "已提示违法")])
def test_a_ticket_that_warned_is_told_as_that(signer: Signer, outcome: str, said: str) -> None:
    zh, _ = alert_text(signer, filed(check_ticket=signer.ticket(filed(), outcome=outcome)))
    assert said in zh
    assert "绿色" not in zh


def test_a_ticket_about_other_contents_tells_nothing(signer: Signer) -> None:
    other = signer.ticket(filed(carriers=(CARRIER, STRANGER)))
    zh, en = alert_text(signer, filed(check_ticket=other))
    assert "内容与现有联单不符" in zh
    assert "other contents" in en


def test_contents_corrected_after_the_check_are_other_contents(signer: Signer) -> None:
    said = filed(id="f", check_ticket=signer.ticket(filed()))
    ticket = said.event.data.check_ticket
    changed = form(remark="另", check_ticket=ticket)
    zh, _ = alert_text(
        signer, said, corrected("f", "filed", changed, DAY - timedelta(hours=2), CONSIGNOR)
    )
    assert "内容与现有联单不符" in zh


def test_a_ticket_of_another_unit_tells_nothing(signer: Signer) -> None:
    zh, _ = alert_text(signer, filed(check_ticket=signer.ticket(filed(), unit=STRANGER)))
    assert "属于另一单位" in zh


def test_a_collectors_ticket_is_that_of_who_filed(signer: Signer) -> None:
    by = STRANGER
    said = filed(by=by, check_ticket=signer.ticket(filed(), unit=by))
    zh, _ = alert_text(signer, said, view=registry(collector(by)))
    assert "绿色" in zh


def test_a_ticket_that_had_expired_when_the_manifest_was_filed_is_told_as_expired(
    signer: Signer,
) -> None:
    late = signer.ticket(filed(), issued_at=NOW - 9000, expires_at=NOW - 1)
    zh, en = alert_text(signer, filed(check_ticket=late))
    assert "填报时已过期" in zh
    assert "expired when filed" in en


def test_what_cannot_be_verified_is_told_as_that(signer: Signer, tmp_path: Path) -> None:
    good = signer.ticket(filed())
    for text, said in (
        ("nonsense", "格式不对"),
        (good[:-6] + "AAAAAA", "签名不符"),
        (good.replace("ldt1.", "ldt2."), "格式不对"),
    ):
        assert said in alert_text(signer, filed(check_ticket=text))[0]
    stranger = Signer(tmp_path, new_ticket_key(tmp_path), PublicKeys(tmp_path))
    zh, _ = alert_text(signer, filed(check_ticket=stranger.ticket(filed())))
    assert "密钥未知" in zh


def test_the_digest_does_not_depend_on_spelling_or_on_the_reader(signer: Signer) -> None:
    once = filed().event.data
    extended = filed(remark=None, approval_no=None).event.data
    assert form_digest(once) == form_digest(extended)
    raw = filed().raw.replace(b'"specversion"', b'"extension": 1, "specversion"')

    assert form_digest(read_statement(raw, 1).event.data) == form_digest(once)
    assert form_digest(filed(remark="x").event.data) != form_digest(once)
    assert form_digest(filed(check_ticket="y").event.data) == form_digest(once)


@given(st.integers(0, 2**31), st.integers(0, 255))
def test_no_altered_byte_is_believed(place: int, value: int) -> None:
    text = KNOWN["text"]
    at = place % len(text)
    altered = text[:at] + chr(33 + value % 90) + text[at + 1 :]
    if altered == text:
        return
    try:
        found = read_ticket(altered, KNOWN["keys"])
    except TicketRefused:
        return
    # Base64 has more than one spelling of the last bits; never of other contents.
    assert found == read_ticket(text, KNOWN["keys"])


KNOWN: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def known(signer: Signer) -> None:
    KNOWN.update(text=signer.ticket(filed()), keys=signer.keys)


def test_the_newest_key_signs_and_old_ones_still_verify(tmp_path: Path) -> None:
    first = Signer(tmp_path, new_ticket_key(tmp_path), PublicKeys(tmp_path))
    old = first.ticket(filed())
    second = new_ticket_key(tmp_path)
    found = signing_key(tmp_path)
    assert found is not None
    assert found[0] == second
    assert read_ticket(old, first.keys).unit == CONSIGNOR
    assert set(first.keys) == {first.name, second}
    assert (tmp_path / f"{second}.pem").stat().st_mode & 0o777 == 0o600


def test_a_directory_without_keys_signs_nothing_and_a_broken_one_says_so(tmp_path: Path) -> None:
    assert signing_key(tmp_path / "none") is None
    assert len(PublicKeys(tmp_path / "none")) == 0
    (tmp_path / "a.pem").write_text("no key")
    with pytest.raises(TicketKeyError, match=r"a\.pem"):
        signing_key(tmp_path)
    with pytest.raises(KeyError):
        PublicKeys(tmp_path)["../a"]


def test_the_payload_holds_no_more_than_it_says(signer: Signer) -> None:
    ticket = read_ticket(signer.ticket(filed()), signer.keys)
    assert set(msgspec.to_builtins(ticket)) == {
        "key", "unit", "digest", "registry_seq", "outcome", "issued_at", "expires_at", "departs_at",
    }  # fmt: skip
