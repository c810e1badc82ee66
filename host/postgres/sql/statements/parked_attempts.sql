-- $1 handler, $2 stream, $3 how many, newest first
select at, revision, attempt, outcome, error, plugin_build
  from lantern.attempts where handler = $1 and stream_id = $2::bigint
 order by at desc limit $3::bigint
