-- phase: expand
-- A limit's draws, for the officers who may see every load behind them: totals would tell others
-- what moves in provinces that are not theirs.

-- The newest version of the record that sets the limit, and all that counts against it; no row where
-- the limit is unknown, nothing was drawn, or a single load is none of the session's regions.
CREATE FUNCTION console_limit(limit_name text, record_kind text, record_name text)
RETURNS TABLE (record bytea, manifests text[], at timestamptz[], grams bigint[], uncertain bigint[],
    unweighed boolean[], state text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT (SELECT r.body FROM registry_record r JOIN registry_change c USING (change_set)
            WHERE r.kind = record_kind AND r.record_id = record_name
            ORDER BY c.seq DESC, r.ordinal DESC LIMIT 1),
        array_agg(d.manifest ORDER BY d.at, d.manifest), array_agg(d.at ORDER BY d.at, d.manifest),
        array_agg(d.grams ORDER BY d.at, d.manifest),
        array_agg(d.uncertain ORDER BY d.at, d.manifest),
        array_agg(d.unweighed ORDER BY d.at, d.manifest),
        array_agg(d.state ORDER BY d.at, d.manifest)
    FROM draw d LEFT JOIN manifest m ON m.subject = d.manifest
    WHERE d.limit_id = limit_name
    HAVING count(*) > 0 AND bool_and(
        coalesce(m.origin_region, '') LIKE ANY ((SELECT console_regions())::text[])
        OR coalesce(m.destination_region, '') LIKE ANY ((SELECT console_regions())::text[]))
$$;
REVOKE ALL ON FUNCTION console_limit(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION console_limit(text, text, text) TO liandan_console;
