"""What any Kafka, local or not, needs before the services start."""
