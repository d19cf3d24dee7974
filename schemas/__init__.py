"""What is said: identifiers, events, registry records, alerts, topics. No I/O."""
