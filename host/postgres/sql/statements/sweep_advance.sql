-- Compare-and-set. $1 handler,
--   before: $2 floor, $3 snapshot, $4 target snapshot, $5 cursor
--   after:  $6 floor, $7 snapshot, $8 target floor, $9 target snapshot, $10 target ceiling, $11 cursor
update lantern.handlers
   set verified_floor = $6::bigint, verified = $7::pg_snapshot, verified_target_floor = $8::bigint,
       verified_target = $9::pg_snapshot, verified_target_ceiling = $10::bigint, verified_cursor = $11::bigint
 where handler = $1 and verified_floor = $2::bigint and verified::text = $3::text
   and verified_target::text is not distinct from $4::text and verified_cursor = $5::bigint
