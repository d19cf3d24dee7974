"""Settings, logging, metrics server, Postgres, Kafka, supervision: written once for every process."""
