"""Who asks: the API key of a GET."""

from typing import Annotated, NamedTuple

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from services.gateway.gateway import Gateway
from services.gateway.keys import ApiKey

__all__ = ["Asker", "asker"]

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="ApiKey",
    bearerFormat="ldk_<key id>_<secret>",
    description="API key of the posting unit / 上报单位的 API 密钥",
)


class Asker(NamedTuple):
    """The authenticated key and the process it asks."""

    key: ApiKey
    gateway: Gateway


def asker(
    request: Request,
    _credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Asker:
    """Authenticate; raises ``Refused`` (401, 503)."""
    gateway: Gateway = request.app.state.gateway
    return Asker(gateway.keys.authenticate(request.headers.get("authorization")), gateway)
