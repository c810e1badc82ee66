-- Events of gaps that the routes want: by gap as given, then revision; the limit cuts in that order.
--   $1 streams, $2 after revisions, $3 before revisions; $4 route types, $5 begins, $6 ends; $7 limit
-- The inner query needs nothing but the index on (stream_id, revision), which includes type and position.
select e.stream_id, e.revision, e.position, e.id, e.type, e.schema_version, e.recorded_at, e.data, e.metadata,
       s.aggregate_type, s.aggregate_id
  from (select wanted.position
          from unnest($1::bigint[], $2::bigint[], $3::bigint[]) gap (stream_id, after, before), lateral (
              select i.position from lantern.events i
               where i.stream_id = gap.stream_id and i.revision > gap.after and i.revision < gap.before
                 and i.type = any($4::text[])
                 and exists (select from unnest($4::text[], $5::bigint[], $6::bigint[]) route (type, begins, ends)
                              where route.type = i.type and i.position > route.begins and i.position <= route.ends)
               order by i.revision) wanted
         limit $7::bigint) found, lateral (
      select * from lantern.events f where f.position = found.position offset 0) e, lateral (
      select n.aggregate_type, n.aggregate_id from lantern.streams n where n.stream_id = e.stream_id offset 0) s
