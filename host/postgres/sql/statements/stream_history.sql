-- Head and events of a stream; without events one row whose events are null.
--   $1 aggregate type, $2 aggregate id, $3 after revision, $4 types or null, $5 from, $6 to, $7 limit
select s.revision as head, tail.*
  from lantern.streams s
  left join lateral (
      select e.stream_id, e.revision, e.position, e.id, e.type, e.schema_version, e.recorded_at, e.data, e.metadata
        from lantern.events e
       where e.stream_id = s.stream_id and e.revision > $3::bigint
         and ($4::text[] is null or e.type = any ($4))
         and ($5::timestamptz is null or e.recorded_at >= $5)
         and ($6::timestamptz is null or e.recorded_at < $6)
       order by e.revision limit $7::bigint) tail on true
 where s.aggregate_type = $1 and s.aggregate_id = $2
 order by tail.revision
