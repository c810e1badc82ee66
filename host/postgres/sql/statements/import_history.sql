-- import_history
-- All events of a stream, by revision.  $1 aggregate type, $2 aggregate id
select e.stream_id, e.revision, e.position, e.id, e.type, e.schema_version, e.recorded_at, e.data, e.metadata,
       s.aggregate_type, s.aggregate_id
  from lantern.streams s join lantern.events e on e.stream_id = s.stream_id
 where s.aggregate_type = $1 and s.aggregate_id = $2 order by e.revision
