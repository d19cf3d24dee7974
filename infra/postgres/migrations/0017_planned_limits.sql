-- Limits of a management plan: several records set one (a unit's plans of a year, its own record for
-- the region), and the version of the rule book sets the share. Replaces console_limit, which an older
-- console still asks.
-- phase: expand
--
-- The newest versions of the records that set the limit, and all that counts against it; no row where
-- the limit is unknown, nothing was drawn, or a single load is none of the session's regions.
-- ``planner``: the unit of a plan's limit, else null.
CREATE FUNCTION console_limit_set(limit_name text, record_kind text, record_name text, planner text)
RETURNS TABLE (records bytea[], manifests text[], at timestamptz[], grams bigint[],
    uncertain bigint[], unweighed boolean[], state text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT (SELECT array_agg(newest.body) FROM (
            SELECT DISTINCT ON (r.kind, r.record_id) r.body
            FROM registry_record r JOIN registry_change c USING (change_set)
            WHERE r.kind = record_kind AND r.record_id = record_name
                OR r.kind = 'rulebook_version'
                OR r.kind IN ('management_plan', 'unit') AND r.touch_units @> ARRAY[planner]
            ORDER BY r.kind, r.record_id, c.seq DESC, r.ordinal DESC) newest),
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
REVOKE ALL ON FUNCTION console_limit_set(text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION console_limit_set(text, text, text, text) TO liandan_console;
