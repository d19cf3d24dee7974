"""The gateway: where facilities post events and ask what became of them.

A receipt means kept: 202 is answered only after Kafka's acknowledgement by all in-sync copies.
"""
