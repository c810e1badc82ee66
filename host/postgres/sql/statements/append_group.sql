-- $1..$5 members, $6..$12 events, $13..$19 idempotency, $20..$24 snapshots
select out_known, out_found, out_heads, out_passed, out_positions, out_recorded_at
  from lantern.append_group($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[],
                            $6::integer[], $7::bigint[], $8::uuid[], $9::text[], $10::integer[], $11::text[], $12::text[],
                            $13::integer[], $14::text[], $15::text[], $16::text[], $17::bytea[], $18::integer[], $19::text[],
                            $20::integer[], $21::bigint[], $22::integer[], $23::text[], $24::text[])
