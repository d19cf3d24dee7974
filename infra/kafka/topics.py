"""The topics: created once, on the local Kafka and on outside ones."""

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from infra.runtime.settings import (
    ALERTS_TOPIC,
    MANIFEST_TOPIC,
    MEDICAL_TOPIC,
    TRACKS_TOPIC,
    Settings,
)

__all__ = ["ensure_topics"]

_DAY_MS = 86_400_000
# An event is at most 256 KiB, a batch 1 MiB; the record batch around it needs a little more.
_LARGEST_MESSAGE_BYTES = 2 * 1024 * 1024


async def ensure_topics(settings: Settings) -> list[str]:
    """Create the topics that are missing and return their names.

    A topic that exists is left as it is: more partitions would send a manifest's later events
    to another partition than its earlier ones.
    Raises aiokafka.errors.KafkaError (no broker, replication higher than there are brokers).
    """
    wanted = [
        _topic(MANIFEST_TOPIC, settings.manifest_partitions, settings),
        _topic(MEDICAL_TOPIC, settings.medical_partitions, settings),
        _topic(TRACKS_TOPIC, settings.tracks_partitions, settings),
        _topic(ALERTS_TOPIC, settings.alerts_partitions, settings),
    ]
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap)
    await admin.start()
    try:
        there = set(await admin.list_topics())
        missing = [topic for topic in wanted if topic.name not in there]
        if not missing:
            return []
        response = await admin.create_topics(missing)
        created = []
        for name, code, *reason in response.topic_errors:
            error = for_code(code)
            if code == 0:
                created.append(str(name))
            elif error is not TopicAlreadyExistsError:  # another process was faster
                raise error(f"{name}: {' '.join(map(str, reason))}")
        return created
    finally:
        await admin.close()


def _topic(name: str, partitions: int, settings: Settings) -> NewTopic:
    return NewTopic(
        name,
        num_partitions=partitions,
        replication_factor=settings.kafka_replication,
        topic_configs={
            "cleanup.policy": "delete",
            # The clock of a partition is the broker's, never a client's.
            "message.timestamp.type": "LogAppendTime",
            "retention.ms": str(settings.kafka_retention_days * _DAY_MS),
            "max.message.bytes": str(_LARGEST_MESSAGE_BYTES),
            "min.insync.replicas": str(settings.kafka_min_insync),
        },
    )
