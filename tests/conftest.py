"""Real Kafka and Postgres for every test that asks for them."""

import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest

from infra.local.ports import free_port
from infra.local.residence import remove_home
from infra.local.service import Service
from infra.local.stack import LocalStack
from infra.runtime.settings import Settings, home_from_environment

# A broker of a test lives for seconds: what the second compiler would make of it comes too late.
os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")
os.environ.pop("COLUMNS", None)  # pytest's own processes are told 80: that is nobody's terminal

_SLOW_FIRST = ("e2e", "chaos", "fuzz", "integration", "property")
"""Folders whose files take long and come first; those of other folders fill up what is left of the time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files that take long first; within a folder the order stays."""
    root = Path(__file__).parent

    def turn(item: pytest.Item) -> int:
        folder = item.path.relative_to(root).parts[0]
        return _SLOW_FIRST.index(folder) if folder in _SLOW_FIRST else len(_SLOW_FIRST)

    items.sort(key=turn)


FreshHome = Callable[[], contextlib.AbstractContextManager[Path]]


class MakeStack(Protocol):
    """Starts a private stack that ends with the test."""

    async def __call__(
        self,
        services: Sequence[Service] = (),
        *,
        home: Path | None = None,
        options: dict[str, Any] | None = None,
        **settings: Any,
    ) -> LocalStack:
        """``settings``: fields of Settings; ``options``: keyword arguments of LocalStack."""


@pytest.fixture(scope="session")
def jar_cache() -> Path:
    """Shared by all stacks of a run; under an empty LIANDAN_HOME the jars are fetched once."""
    return home_from_environment() / "cache"


@contextlib.contextmanager
def _fresh_home() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="liandan-test-"))
    home.chmod(0o755)
    try:
        yield home
    finally:
        remove_home(home)


@pytest.fixture(scope="session")
def fresh_home() -> FreshHome:
    """``with fresh_home() as home``: a home that another user can reach (Postgres, under root)."""
    return _fresh_home


@pytest.fixture
def home(fresh_home: FreshHome) -> Iterator[Path]:
    """A home for one test."""
    with fresh_home() as path:
        yield path


@pytest.fixture(scope="session")
async def stack(jar_cache: Path, fresh_home: FreshHome) -> AsyncIterator[LocalStack]:
    """Kafka, Postgres, migrations and topics, without services, for the whole run.

    Tests share it: use manifest numbers of your own, and ``make_stack`` to break things.
    """
    with fresh_home() as path:
        settings = Settings(home=path, gateway_port=free_port())
        async with LocalStack(settings, cache=jar_cache) as running:
            yield running


@pytest.fixture
async def make_stack(jar_cache: Path, fresh_home: FreshHome) -> AsyncIterator[MakeStack]:
    """A factory of started stacks for tests that kill things or need services."""
    async with contextlib.AsyncExitStack() as exits:

        async def make(
            services: Sequence[Service] = (),
            *,
            home: Path | None = None,
            options: dict[str, Any] | None = None,
            **settings: Any,
        ) -> LocalStack:
            where = home or exits.enter_context(fresh_home())
            ports = {"gateway_port": free_port(), "console_port": free_port()}
            # A quarter of an hour is long for a test: silence is told a second after it is known.
            usual = {"deadline_settle_s": 1, **ports}
            asked = Settings(**{"home": where, **usual, **settings})
            one = LocalStack(asked, services, **{"cache": jar_cache, **(options or {})})
            return await exits.enter_async_context(one)

        yield make
