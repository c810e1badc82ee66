-- $1 handler, $2 retry or skip, $3 streams, $4 their checkpoints, $5 revisions and $6 ids of the failing events,
-- $7 who, $8 why, $9 selection
select lantern.parked_act($1::text, $2::text, $3::bigint[], $4::bigint[], $5::bigint[], $6::uuid[], $7::text, $8::text,
                          $9::json)
