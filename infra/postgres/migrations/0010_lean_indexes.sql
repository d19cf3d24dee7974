-- Most manifests have no other number: only those that do are indexed by it.
-- phase: expand
CREATE INDEX manifest_other_numbers ON manifest USING gin (aliases) WHERE aliases <> '{}';
