"""Kafka and Postgres themselves know every setting that docker-compose.yml gives them."""

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from infra.local.stack import LocalStack
from tests.unit.infra.docker.compose_file import compose_file

OF_THE_IMAGE = {"KAFKA_HEAP_OPTS"}
"""Read by Kafka's start script, no setting of the broker."""


def property_of(variable: str) -> str:
    """Name the broker's setting as the image does: ``_`` is a dot, ``__`` an underscore."""
    return (
        variable.removeprefix("KAFKA_")
        .lower()
        .replace("__", "\0")
        .replace("_", ".")
        .replace("\0", "_")
    )


async def test_every_setting_of_kafka_is_one_of_the_brokers(stack: LocalStack) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.settings.kafka_bootstrap)
    await admin.start()
    try:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.BROKER, "1")])
    finally:
        await admin.close()
    known = {entry[0] for resource in answer.resources for entry in resource[4]}
    assert "log.dirs" in known
    services = compose_file()["services"]
    given = {
        variable
        for name in ("kafka-1", "kafka-2", "kafka-3")
        for variable in services[name]["environment"]
        if variable.startswith("KAFKA_") and variable not in OF_THE_IMAGE
    }
    assert len(given) > 15
    assert {property_of(variable) for variable in given} <= known


async def test_every_setting_of_postgres_is_one_of_the_servers(stack: LocalStack) -> None:
    given = dict(
        word.removeprefix("-c").split("=", 1)
        for word in compose_file()["services"]["postgres"]["command"]
        if word.startswith("-c")
    )
    assert len(given) > 3
    connection = await asyncpg.connect(stack.settings.database_reader)
    try:
        known = await connection.fetch(
            "SELECT name FROM pg_settings WHERE lower(name) = ANY($1::text[])", list(given)
        )
        version = await connection.fetchval("SHOW server_version")
    finally:
        await connection.close()
    assert len(known) == len(given)
    image = compose_file()["services"]["postgres"]["image"]
    assert image.startswith(f"postgres:{version}-"), "compose runs the release that is tested"
