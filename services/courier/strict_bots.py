"""WeCom and DingTalk refuse a message with HTTP 200 and an ``errcode``; apprise looks only at 200.

A message that was refused (a wrong key, too many in a minute, a keyword that is missing) would
count as told. So what these two plugins of apprise call ``requests`` here is one whose ``post``
fails when the answer says so. Names of apprise's modules are touched here only.
"""

import logging
from typing import Any

import requests
from apprise.plugins import dingtalk, wecombot

__all__ = ["Refused", "make_strict"]

_ANSWER_CHARACTERS = 200


class Refused(requests.RequestException):
    """The messenger took the request and refused the message."""


class _StrictRequests:
    """The module ``requests``, but for ``post``."""

    def __getattr__(self, name: str) -> Any:
        return getattr(requests, name)

    @staticmethod
    def post(*args: Any, **kwargs: Any) -> requests.Response:
        """Post; raises Refused if the answer's ``errcode`` is another than 0."""
        response = requests.post(*args, **kwargs)  # noqa: S113 - the plugins give a timeout
        if response.status_code == requests.codes.ok:
            try:
                answer = response.json()
            except ValueError:
                answer = None
            code = answer.get("errcode") if isinstance(answer, dict) else None
            if code not in (0, None):
                said = str(answer.get("errmsg", ""))[:_ANSWER_CHARACTERS]
                logging.getLogger("apprise").warning("refused: errcode=%s %s", code, said)
                raise Refused(f"errcode {code}")
        return response


def make_strict() -> None:
    """Let the two plugins see refusals. May be called again."""
    for module in (wecombot, dingtalk):
        if not isinstance(vars(module)["requests"], _StrictRequests):
            vars(module)["requests"] = _StrictRequests()
