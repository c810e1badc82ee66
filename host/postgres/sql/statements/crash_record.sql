-- $1 role, $2 subject, $3 build, $4 event, $5 stream, $6 revision, $7 position, $8 attempt, $9 command, $10 cause,
-- $11 backtrace, $12 host, $13 pid, $14 recent within ms
select out_same, out_events, out_loose
  from lantern.record_crash($1::text, $2::text, $3::text, $4::uuid, $5::bigint, $6::bigint, $7::bigint, $8::integer,
                            $9::text, $10::text, $11::text, $12::text, $13::integer, $14::bigint)
