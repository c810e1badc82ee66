-- $1 streams
select s.stream_id, s.aggregate_type, s.aggregate_id
  from unnest($1::bigint[]) asked (stream_id) join lantern.streams s on s.stream_id = asked.stream_id
