-- intake_append
-- $1 sources, $2 ids, $3 event ids, $4 aggregate types, $5 aggregate ids, $6 types, $7 versions, $8 datas,
-- $9 metadatas, $10 revisions or nulls, $11..$13 expected heads, $14..$17 keys held, $18..$21 keys freed,
-- $22 counters, $23 by how much they move
select a.event_id, a.revision, a.was_known
  from lantern.intake_append($1::text[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::integer[],
    $8::text[], $9::text[], $10::bigint[], $11::text[], $12::text[], $13::bigint[], $14::text[], $15::text[], $16::text[],
    $17::text[], $18::text[], $19::text[], $20::text[], $21::text[], $22::text[], $23::bigint[]) a
 order by a.place
