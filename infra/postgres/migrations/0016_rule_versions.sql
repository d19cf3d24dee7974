-- Versions of the rule book: proposed with what they would have changed, approved by two people who
-- did not propose them; only then does the registry take the record.
-- phase: expand
CREATE TABLE rule_version (
    digest      bytea PRIMARY KEY CHECK (length(digest) = 32), -- SHA-256 of body
    body        bytea NOT NULL,              -- the registry record as it will be written
    impact      jsonb NOT NULL,              -- the backtest shown to those who approve
    proposed_by text NOT NULL REFERENCES console_account (login),
    proposed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE rule_version_approval (
    digest      bytea NOT NULL REFERENCES rule_version (digest),
    login       text NOT NULL REFERENCES console_account (login),
    approved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (digest, login)
);
GRANT SELECT, INSERT ON rule_version, rule_version_approval TO liandan_registry;
GRANT SELECT ON rule_version, rule_version_approval TO liandan_reader;
