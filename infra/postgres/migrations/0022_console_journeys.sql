-- What the console draws a journey from. An officer sees it where the manifest is of a region of theirs.
-- phase: expand

-- The vehicles of manifests of which positions were told.
CREATE FUNCTION console_journeys(numbers text[]) RETURNS TABLE (manifest text, plate text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT l.manifest, l.plate FROM vehicle_leg l JOIN manifest m ON m.subject = l.manifest
    WHERE l.manifest = ANY (numbers)
        AND EXISTS (SELECT FROM journey j WHERE j.subject = 'trip/' || l.plate || '/' || l.manifest)
        AND (coalesce(m.origin_region, '') LIKE ANY ((SELECT console_regions())::text[])
            OR coalesce(m.destination_region, '') LIKE ANY ((SELECT console_regions())::text[]))
    ORDER BY l.manifest, l.plate
$$;
REVOKE ALL ON FUNCTION console_journeys(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION console_journeys(text[]) TO liandan_console;

-- One vehicle on one manifest; no row where it names no such vehicle. ``reach``: so many seconds around the
-- journey positions may bear on those in it. Of units only those whose word on the vehicle counts. Fences:
-- the newest version of those near any of the positions, and of those that name a party of the manifest.
CREATE FUNCTION console_journey(of_plate text, number text, reach integer)
RETURNS TABLE (begins bigint, ends bigint, leg bytea, clock timestamptz, forgotten_until bigint,
    units text[], pieces bytea[], fences bytea[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH one AS MATERIALIZED (
        SELECT j.begins, j.ends, l.leg, j.clock, m.consignor, m.receiver
        FROM manifest m
            LEFT JOIN vehicle_leg l ON l.plate = of_plate AND l.manifest = m.subject
            LEFT JOIN journey j ON j.subject = 'trip/' || of_plate || '/' || m.subject
        WHERE m.subject = number AND (l.plate IS NOT NULL OR j.subject IS NOT NULL)
            AND (coalesce(m.origin_region, '') LIKE ANY ((SELECT console_regions())::text[])
                OR coalesce(m.destination_region, '') LIKE ANY ((SELECT console_regions())::text[]))
    ), known AS MATERIALIZED (
        SELECT k.units, k.forgotten_until FROM vehicle_known k WHERE k.plate = of_plate
    ), piece AS MATERIALIZED (
        SELECT p.id, p.unit, p.cells, p.positions FROM track_piece p, one
        WHERE p.plate = of_plate AND p.unit = ANY ((SELECT k.units FROM known k)::text[])
            AND p.day BETWEEN (one.begins - reach) / 86400 AND (one.ends + reach) / 86400
    ), newest AS MATERIALIZED (
        SELECT DISTINCT ON (r.record_id) r.body, r.touch_marks
        FROM registry_record r JOIN registry_change c USING (change_set)
        WHERE r.kind = 'fence' AND EXISTS (SELECT FROM one)
        ORDER BY r.record_id, c.seq DESC, r.ordinal DESC
    )
    SELECT one.begins, one.ends, one.leg, one.clock, (SELECT k.forgotten_until FROM known k),
        ARRAY(SELECT p.unit FROM piece p ORDER BY p.id),
        ARRAY(SELECT p.positions FROM piece p ORDER BY p.id),
        ARRAY(SELECT n.body FROM newest n
            WHERE n.touch_marks && ARRAY(SELECT DISTINCT 'cell/' || cell FROM piece p, unnest(p.cells) AS cell)
                OR position(convert_to(one.consignor, 'UTF8') IN n.body) > 0
                OR position(convert_to(one.receiver, 'UTF8') IN n.body) > 0)
    FROM one
$$;
REVOKE ALL ON FUNCTION console_journey(text, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION console_journey(text, text, integer) TO liandan_console;

-- The files into which the log of positions went in a time, for whoever has a session.
CREATE FUNCTION console_track_files(since timestamptz, until timestamptz, most integer)
RETURNS TABLE (name text, sha256 bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT f.name, f.sha256 FROM track_file f
    WHERE f.topic = 'vehicle.tracks' AND f.appended_from <= until AND f.appended_to >= since
        AND (SELECT console_regions()) <> '{}'
    ORDER BY f.name LIMIT most
$$;
REVOKE ALL ON FUNCTION console_track_files(timestamptz, timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION console_track_files(timestamptz, timestamptz, integer) TO liandan_console;
