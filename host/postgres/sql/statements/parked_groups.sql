-- Parked streams that failed alike, as one row; the selection as in parked_streams.
select out_handler, out_state, out_fingerprint, lantern.error_pattern(min(out_error)), count(*), min(out_since), min(out_next),
       min(coalesce(out_aggregate_type || '/' || out_aggregate_id, out_stream::text)), min(out_error)
  from lantern.parked($1::text, $2::bigint, $3::text, $4::bigint)
 group by out_handler, out_state, out_fingerprint
 order by out_handler, count(*) desc, out_fingerprint, out_state
