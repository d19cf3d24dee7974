"""The judging road: batches from Kafka, judged and committed in Postgres."""
