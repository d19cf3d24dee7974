"""Assets, explanations and the look of values."""

import re
from pathlib import Path

import msgspec
import pytest

import services.console
from schemas.alert import Alert, alert_id
from services.console.assets import Assets
from services.console.explanation import explain
from services.console.place import place_of
from services.console.problem import Problem

FOLDER = Path(services.console.__file__).parent / "assets"


def test_an_assets_address_is_its_content() -> None:
    assets = Assets()
    path = assets.path("console.js")
    assert re.fullmatch(r"/assets/[0-9a-f]{16}/console\.js", path)
    packed, plain = assets.answer(path, "gzip, br"), assets.answer(path, "")
    assert packed.headers["content-encoding"] == "gzip"
    assert bytes(plain.body) == (FOLDER / "console.js").read_bytes()
    assert len(packed.body) < len(plain.body)
    with pytest.raises(Problem):
        assets.answer("/assets/0000000000000000/console.js", "")
    with pytest.raises(KeyError):
        assets.path("htmx.LICENSE")


def test_colours_stand_in_the_token_file_alone_but_for_shadows_and_signs_on_the_bar() -> None:
    for name in ("frame.css", "pages.css"):
        colours = re.findall(r"#[0-9a-fA-F]{3,8}\b", (FOLDER / name).read_text())
        colours = [c for c in colours if not re.fullmatch(r"#[a-z]+", c)]
        assert set(colours) <= set(), name


def test_every_token_that_is_used_is_defined_for_light_and_dark() -> None:
    tokens = (FOLDER / "tokens.css").read_text()
    light = set(re.findall(r"(--[\w-]+):", tokens.split("@media")[0]))
    used: set[str] = set()
    for name in ("frame.css", "pages.css"):
        used |= set(re.findall(r"var\((--[\w-]+)\)", (FOLDER / name).read_text()))
    assert used <= light
    auto, chosen = (
        dict(re.findall(r"(--[\w-]+):\s*([^;]+);", part))
        for part in (
            tokens.split("prefers-color-scheme: dark")[1].split('[data-theme="dark"]')[0],
            tokens.split(':root[data-theme="dark"]')[1],
        )
    )
    assert auto == chosen, "dark by the system and dark by choice are the same"
    assert auto.keys() <= light


def _rgb(colour: str) -> list[float]:
    values = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]


def _contrast(one: str, two: str) -> float:
    bright = sorted(
        sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), _rgb(c), strict=True))
        for c in (one, two)
    )
    return (bright[1] + 0.05) / (bright[0] + 0.05)


PAIRS = [
    *((ink, ground) for ink in ("ink", "ink-soft", "accent") for ground in ("ground", "sheet", "sheet-sunk", "fresh")),
    *((level, f"{level}-soft") for level in ("critical", "high", "medium", "low", "good")),
    *((level, "sheet") for level in ("critical", "high", "medium", "low", "good")),
    ("on-critical", "critical"),
    ("on-accent", "accent"),
    ("on-bar", "bar"),
    ("on-bar-soft", "bar"),
    ("ink", "accent-soft"),
    ("ink-soft", "accent-soft"),
    ("ink", "critical-soft"),
    ("ink", "low-soft"),
    ("on-warn", "warn"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "ground"), PAIRS, ids=lambda name: name)
def test_text_can_be_read_on_its_ground_in_light_and_dark(text: str, ground: str) -> None:
    tokens = (FOLDER / "tokens.css").read_text()
    light, dark = tokens.split("@media")[0], tokens.split("@media")[1]
    for part in (light, dark):
        colours = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", light))
        colours |= dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", part))
        assert _contrast(colours[text], colours[ground]) >= 4.5


ALERT = Alert(
    id=alert_id("r.x", "s", "d"), rule="r.x", rule_version=1, subject="s", discriminator="d",
    finding="violation", state="open", severity="low", grams=0, title_zh="", title_en="",
    reason="", text_zh="", text_en="", act_at="",
)  # fmt: skip


def test_an_explanation_bears_whatever_an_older_or_newer_judge_left_out() -> None:
    nothing = explain(ALERT, None)
    assert (nothing.outcome, nothing.groups, nothing.cures, nothing.passed) == (None, (), (), ())
    other = {"rule": "r.x", "discriminator": "another", "state": "violated"}
    own = {
        "rule": "r.x", "discriminator": "d", "state": "violated",
        "conditions": [
            {"zh": "期限", "holds": None},
            {"zh": "批准", "en": "approval", "value_zh": "0", "value_en": "none", "holds": False,
             "role": "figure", "group_zh": "文件", "group_en": "document"},
            {"zh": "数量", "role": "of another version", "group_zh": "文件", "group_en": "document"},
        ],
        "cures": [{"zh": "取得批准", "en": "get one", "party": "carrier"}, {"zh": "改", "party": "x"}],
    }  # fmt: skip
    passed = {"rule": "r.y", "discriminator": "", "state": "passed", "margin": "41 d"}
    found = explain(ALERT, [other, own, passed])
    assert found.outcome is own
    assert [(group.zh, len(each)) for group, each in found.groups] == [("", 1), ("文件", 2)]
    first, second, third = (c for _, each in found.groups for c in each)
    assert first.name == ("期限", "期限")
    assert (first.value, first.threshold, first.holds) == (("", ""), ("", ""), None)
    assert (second.value.en, second.role, second.holds) == ("none", "figure", False)
    assert third.role == "requires"
    assert [(c.sentence.en, c.party) for c in found.cures] == [("get one", "carrier"), ("改", None)]
    assert found.passed == (passed,)
    assert msgspec.to_builtins(ALERT)["rule"] == "r.x"


def test_a_place_is_named_as_near_as_is_known() -> None:
    assert place_of(None) is None
    province, city, unknown = place_of("13"), place_of("130100"), place_of("139999")
    assert province is not None
    assert province.whole == "河北省"
    assert city is not None
    assert city.whole == "河北省石家庄市"
    assert unknown is not None
    assert unknown.whole == "河北省"
