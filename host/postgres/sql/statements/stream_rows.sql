-- $1 streams
select s.stream_id, s.revision, s.state, s.seen, s.attempts, s.next_attempt_at, s.last_error
  from unnest($1::bigint[]) asked (stream_id) join lantern_streams s on s.stream_id = asked.stream_id
