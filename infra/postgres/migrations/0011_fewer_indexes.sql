-- Two indexes that every event pays for and nobody needs: a copy of an event is found by its receive
-- time or its subject, and most manifests have no other number (see 0010).
-- phase: contract
-- oldest program: 0010
DROP INDEX event_log_receipt;
DROP INDEX manifest_aliases;
