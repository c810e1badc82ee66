-- What operators asked for again: of each stream the first that is not settled, if it is due.
--   $1 handler, $2 partitions in all, $3 partitions asked for, $4 now, $5 limit
select e.stream_id, e.revision, e.position, e.id, e.type, e.schema_version, e.recorded_at, e.data, e.metadata,
       s.aggregate_type, s.aggregate_id, f.run, f.key, f.state, f.epoch, f.attempt
  from (select d.* from (
            select distinct on (x.stream_id) x.stream_id, x.event_id, x.run, x.key, x.state, x.epoch, x.attempt, x.next_attempt_at
              from lantern.effects x
             where x.handler = $1 and x.run > 0 and x.state in ('asked', 'pending')
               and (x.stream_id % 32 % $2::integer) = any($3::integer[])
             order by x.stream_id, x.run, x.revision) d
         where d.next_attempt_at is null or d.next_attempt_at <= $4::timestamptz
         limit $5::bigint) f
  join lantern.events e on e.id = f.event_id
  join lantern.streams s on s.stream_id = f.stream_id
 order by f.stream_id
