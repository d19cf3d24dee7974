"""Pages from templates: escaped, in the reader's language."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from schemas.instant import CHINA
from schemas.quantity import tonnes_text
from services.console.assets import Assets
from services.console.filter import AlertFilter
from services.console.place import place_of
from services.console.preference import preference_of
from services.console.session import Who
from services.console.token import csrf_token
from services.console.words import Language, Say, saying
from streams.judging.rules import RULE_BOOK

__all__ = ["Renderer"]


class Renderer:
    """Templates of this package with what all of them use."""

    def __init__(self, assets: Assets) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(Path(__file__).with_name("templates")),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals |= {
            "asset": assets.path,
            "place": place_of,
            "title": RULE_BOOK.title,
            "delay": _delay,
        }
        self._environment.filters.update(
            tonnes=_tonnes, minute=_minute, second=_second, day=_day, margin=_margin
        )

    def page(
        self,
        request: Request,
        template: str,
        who: Who | None = None,
        status: int = 200,
        **values: Any,
    ) -> HTMLResponse:
        """Return a whole page. ``who``: None before login, and where the database is away."""
        preference = preference_of(request)
        query = request.url.query
        body = self._environment.get_template(template).render(
            say=saying(preference.language),
            language=preference.language,
            theme=preference.theme,
            who=who,
            csrf=(lambda: csrf_token(who.csrf)) if who is not None else None,
            path=request.url.path,
            # Only of pages that can be asked for: a link after a form leads to the page it is on.
            here=_back(request) + (f"?{query}&" if query else "?"),
            **values,
        )
        return HTMLResponse(body, status)

    def row(self, language: Language, alert: Any) -> str:
        """Return one row of the list, for the live line."""
        template = self._environment.get_template("row.html")
        return template.render(
            say=saying(language), language=language, alert=alert, asked=AlertFilter()
        )


def _back(request: Request) -> str:
    return request.url.path.removesuffix("/acknowledge")


def _tonnes(grams: int | None) -> str:
    return "–" if grams is None else tonnes_text(grams)


def _in_china(moment: datetime | str) -> datetime:
    told = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return told.astimezone(CHINA)


def _minute(moment: datetime | str | None) -> str:
    return _in_china(moment).strftime("%Y-%m-%d %H:%M") if moment else "–"


def _second(moment: datetime | str | None) -> str:
    return _in_china(moment).strftime("%Y-%m-%d %H:%M:%S") if moment else "–"


def _day(moment: datetime | str | None) -> str:
    return _in_china(moment).strftime("%Y-%m-%d") if moment else "–"


def _delay(say: Say, delay: timedelta) -> str:
    days, hours = delay.days, delay.seconds // 3600
    return say("common.days", n=days) if days else say("common.hours", n=hours)


def _margin(text: str, say: Say) -> str:
    """Say what is left before a limit in the reader's words: ``41 d`` is ``41 天``."""
    number, _, unit = text.rpartition(" ")
    if unit not in ("d", "h", "t"):
        return text
    return say({"d": "common.days", "h": "common.hours", "t": "common.tonnes"}[unit], n=number)
