-- import_chunk
-- $1 deliver effects, $2..$4 expected heads, $5..$8 keys held, $9..$12 keys freed, $13 counters, $14 by how much they move
select out_events from lantern.import_chunk($1::boolean, $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[],
    $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],
    $13::text[], $14::bigint[])
