-- A manifest's marks name whom only another reading of its events makes consignor or receiver, so that
-- their licences, lists and approvals find it. Rows written before lack these marks, and SQL cannot
-- read events: every manifest is judged once more, which writes its row anew and announces nothing
-- that stands. Stop the workers first: one of the version before would take the orders and write the
-- old marks again.
INSERT INTO rejudge (partition, subject, seq)
SELECT m.partition, m.subject, h.seq FROM manifest m CROSS JOIN registry_head h;
