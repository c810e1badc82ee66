-- Events of one partition's streams that the routes want, by position.
--   $1 partition, $2 partitions, $3 after, $4 until; $5 route types, $6 begins, $7 ends; $8 limit
select e.stream_id, e.revision, e.position, e.id, e.type, e.schema_version, e.recorded_at, e.data, e.metadata,
       s.aggregate_type, s.aggregate_id
  from (select i.* from lantern.events i
         where i.position > $3::bigint and i.position <= $4::bigint
           and i.stream_id % 32 % $2::integer = $1::integer
           and i.type = any($5::text[])
           and exists (select from unnest($5::text[], $6::bigint[], $7::bigint[]) route (type, begins, ends)
                        where route.type = i.type and i.position > route.begins and i.position <= route.ends)
         order by i.position limit $8::bigint) e, lateral (
      select n.aggregate_type, n.aggregate_id from lantern.streams n where n.stream_id = e.stream_id offset 0) s
 order by e.position
