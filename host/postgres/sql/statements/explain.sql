-- $1 stream, $2 revision or null, $3 a worker is dead after ms
select out_handler, out_verdict, out_route, out_route_begin, out_route_end,
       out_checkpoint, out_stream_state, out_attempts, out_next, out_error,
       out_waiting, out_oldest, out_first, out_first_event, out_first_type,
       out_failed_since, out_effect_state, out_effect_attempt, out_effect_note,
       out_kind, out_plugin, out_plugin_version, out_generation,
       out_state, out_state_reason, out_state_since,
       out_partition, out_fed, out_host, out_pid, out_build, out_note, out_seen_ms, out_alive
  from lantern.explain($1::bigint, $2::bigint, $3::bigint)
