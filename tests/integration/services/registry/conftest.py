from pathlib import Path

import pytest

from infra.local.stack import LocalStack
from tests.integration.services.registry.desk import Desk


@pytest.fixture
def desk(stack: LocalStack, tmp_path: Path) -> Desk:
    return Desk(stack, tmp_path)
