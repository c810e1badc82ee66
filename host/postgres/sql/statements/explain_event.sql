-- An event with its stream, and whether the relay has published it: it lies in a slice that is done, or in the slice
-- in progress, up to its cursor.
--   $1 event or null; else the newest event of the stream $2
select e.stream_id, s.aggregate_type, s.aggregate_id, s.revision, e.revision, e.position, e.id, e.type,
       e.schema_version, e.recorded_at,
       coalesce(pg_visible_in_snapshot(e.xid, m.snapshot)
                or (m.target_snapshot is not null and pg_visible_in_snapshot(e.xid, m.target_snapshot)
                    and e.position <= m.cursor), false),
       e.data
  from lantern.events e
  join lantern.streams s on s.stream_id = e.stream_id
  left join lantern.marks m on m.reader = 'relay'
 where ($1::uuid is not null and e.id = $1) or ($1 is null and e.stream_id = $2::bigint and e.revision = s.revision)
