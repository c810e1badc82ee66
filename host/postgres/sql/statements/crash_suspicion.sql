-- $1 handler, $2 build, $3 within ms
select out_event, out_crashes, out_cause, out_backtrace, out_left_ms from lantern.suspicion($1::text, $2::text, $3::bigint)
