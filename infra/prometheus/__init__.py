"""What operators are told: scrape configuration, recording and alerting rules, the local copy."""

from infra.prometheus.local import local_config

__all__ = ["local_config"]
