-- Retrying streams whose time has come, and live ones with a note. $1 now, $2 partitions in all, $3 partitions asked
-- for, $4 limit
select stream_id, revision, state, seen, attempts, next_attempt_at, last_error
  from lantern_streams
 where state <> 2 and next_attempt_at <= $1::timestamptz and (stream_id % 32 % $2::integer) = any($3::integer[])
 order by next_attempt_at limit $4::bigint
