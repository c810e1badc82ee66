-- $1 type, $2 id, $3 expected, $4..$8 events, $9..$12 unique keys held, freed, $13..$15 counters,
-- $16..$21 idempotency, $22..$25 snapshot
select out_stream_id, out_revision, out_position, out_recorded_at
  from lantern.append($1::text, $2::text, $3::bigint, $4::uuid[], $5::text[], $6::integer[], $7::text[], $8::text[],
                      $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bigint[], $15::bigint[],
                      $16::text, $17::text, $18::text, $19::bytea, $20::integer, $21::text,
                      $22::bigint, $23::integer, $24::text, $25::text)
