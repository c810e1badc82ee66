-- $1 handler or null, $2 stream or null, $3 fingerprint or null, $4 milliseconds since the first failure or null,
-- $5 limit or null
select out_handler, out_stream, coalesce(out_aggregate_type, ''), coalesce(out_aggregate_id, ''), out_revision,
       out_failing, out_event, coalesce(out_type, ''), out_state, out_seen, out_attempts, out_next, out_since,
       out_error, out_fingerprint
  from lantern.parked($1::text, $2::bigint, $3::text, $4::bigint)
 order by out_handler, out_stream limit $5::bigint
