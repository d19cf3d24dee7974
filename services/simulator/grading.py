"""How well a set of alerts tells what was planted from the lawful look-alikes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.simulator.labels import RULES, Label
from services.simulator.scene import END

__all__ = ["FalseAlarm", "Grade", "LikenessGrade", "RuleGrade", "Tally", "grade"]


@dataclass(frozen=True, slots=True)
class FalseAlarm:
    """An open alert about a subject that does not break that rule."""

    rule: str
    subject: str
    finding: str
    likeness: str
    """What the subject is like; ``unlabelled`` when the world does not speak of it."""
    story_zh: str
    story_en: str


@dataclass
class RuleGrade:
    """One rule: how many were planted and found, which were missed, which alerts were false.

    Reviews and notices count like violations; each must be found as what it is.
    """

    rule: str
    planted: int = 0
    found: int = 0
    missed: list[Label] = field(default_factory=list)
    false_alarms: list[FalseAlarm] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Share of the alerts that are true; 1 when there are none."""
        alerts = self.found + len(self.false_alarms)
        return self.found / alerts if alerts else 1.0

    @property
    def recall(self) -> float:
        """Share of what was planted that was found; 1 when nothing was planted."""
        return self.found / self.planted if self.planted else 1.0


@dataclass
class LikenessGrade:
    """One kind of lawful subject: how many there are, how many have an open alert."""

    subjects: int = 0
    alarmed: int = 0


@dataclass
class Tally:
    """One kind of finding, over all rules."""

    planted: int = 0
    found: int = 0


@dataclass
class Grade:
    """The whole result. ``reviews`` are open review findings on subjects not to be reviewed."""

    rules: dict[str, RuleGrade]
    likenesses: dict[str, LikenessGrade]
    reviews: list[FalseAlarm]
    tallies: dict[str, Tally] = field(default_factory=dict)
    """By finding: ``violation``, ``review``, ``notice``."""

    @property
    def planted(self) -> int:
        """Planted violations of all rules."""
        return self.tally("violation").planted

    @property
    def found(self) -> int:
        """Planted violations that have an open violation alert."""
        return self.tally("violation").found

    def tally(self, finding: str) -> Tally:
        """Return what was planted and found of one kind of finding."""
        return self.tallies.get(finding, Tally())

    @property
    def false_alarms(self) -> list[FalseAlarm]:
        """False alarms of all rules, reviews of lawful subjects included."""
        return [alarm for rule in self.rules.values() for alarm in rule.false_alarms]

    @property
    def perfect(self) -> bool:
        """Whether everything planted was found and nothing else was alarmed."""
        return not self.false_alarms and all(
            tally.found == tally.planted for tally in self.tallies.values()
        )

    def summary(self) -> str:
        """Return one line in Chinese and English; reviews and notices only where planted."""
        wrong = len(self.false_alarms)
        zh = f"违法 {self.planted} 起，查出 {self.found} 起，"
        en = f"violations {self.found}/{self.planted} found, "
        for finding, name_zh in (("review", "待核"), ("notice", "提示")):
            tally = self.tally(finding)
            if tally.planted:
                zh += f"{name_zh} {tally.planted} 起，列出 {tally.found} 起，"
                en += f"{finding}s {tally.found}/{tally.planted}, "
        plural = "" if wrong == 1 else "s"
        return f"{zh}误报 {wrong} 起 · {en}{wrong} false alarm{plural}"


def grade(labels: Iterable[Label], alerts: Iterable[Mapping[str, Any]]) -> Grade:
    """Grade alerts (members ``rule``, ``subject``, ``state``, ``finding``, ``act_at``) against the labels.

    Only an open alert of the labelled finding finds it; several of one rule and subject count
    once. What alerts say of acts after the world's end the world cannot know: they do not count. Any
    other open alert is a false alarm. Where no review or notice is labelled, the world does not say
    what is to be reviewed: there a review of a subject that breaks some rule is none.
    """
    planted: dict[tuple[str, str, str], Label] = {}
    about: dict[str, Label] = {}
    rules = {rule: RuleGrade(rule) for rule in RULES}
    likenesses: dict[str, LikenessGrade] = {}
    for label in labels:
        about.setdefault(label.subject, label)
        if label.rule is not None:
            planted[label.rule, label.subject, label.label] = label
        else:
            likenesses.setdefault(label.likeness or "", LikenessGrade()).subjects += 1
    opened = {
        (str(a["rule"]), str(a["subject"]), str(a["finding"]))
        for a in alerts
        if a["state"] == "open" and not _after_the_world(a)
    }
    tallies: dict[str, Tally] = {"violation": Tally()}
    for key, label in planted.items():
        row = rules.setdefault(key[0], RuleGrade(key[0]))
        tally = tallies.setdefault(label.label, Tally())
        row.planted += 1
        tally.planted += 1
        if key in opened:
            row.found += 1
            tally.found += 1
        else:
            row.missed.append(label)
    lenient = set(tallies) == {"violation"}
    reviews = []
    for rule, subject, finding in sorted(opened):
        known = about.get(subject)
        if (rule, subject, finding) in planted:
            continue
        if lenient and (
            (rule, subject, "violation") in planted
            or (finding == "review" and known is not None and known.rule is not None)
        ):
            continue
        alarm = _false_alarm(rule, subject, finding, known)
        rules.setdefault(rule, RuleGrade(rule)).false_alarms.append(alarm)
        if finding == "review":
            reviews.append(alarm)
    alarmed = {alarm.subject for row in rules.values() for alarm in row.false_alarms}
    for subject in alarmed:
        known = about.get(subject)
        if known is not None and known.rule is None:
            likenesses[known.likeness or ""].alarmed += 1
    return Grade(rules, likenesses, reviews, tallies)


def _after_the_world(alert: Mapping[str, Any]) -> bool:
    """Whether an alert is about an omission whose term ended when the world had."""
    act_at = alert["act_at"]
    return bool(act_at) and datetime.fromisoformat(str(act_at)) >= END


def _false_alarm(rule: str, subject: str, finding: str, label: Label | None) -> FalseAlarm:
    if label is None:
        zh, en = "世界中没有此对象的标注", "the world has no label for this subject"
        return FalseAlarm(rule, subject, finding, "unlabelled", zh, en)
    likeness = label.likeness or f"breaks {label.rule}"
    return FalseAlarm(rule, subject, finding, likeness, label.story_zh, label.story_en)
