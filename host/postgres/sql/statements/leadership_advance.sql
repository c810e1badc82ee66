-- Compare-and-set on (epoch, progress). $1 reader, $2 leader, $3 epoch,
--   before: $4 floor, $5 snapshot, $6 target floor, $7 target snapshot, $8 cursor
--   after:  $9 floor, $10 snapshot, $11 ceiling, $12 target floor, $13 target snapshot, $14 target ceiling, $15 cursor
update lantern.marks
   set floor = $9::bigint, snapshot = $10::pg_snapshot, ceiling = $11::bigint, target_floor = $12::bigint,
       target_snapshot = $13::pg_snapshot, target_ceiling = $14::bigint, cursor = $15::bigint,
       leader_seen_at = clock_timestamp(), updated_at = clock_timestamp()
 where reader = $1 and leader = $2::uuid and epoch = $3::bigint
   and floor = $4::bigint and snapshot::text = $5::text
   and target_floor is not distinct from $6::bigint and target_snapshot::text is not distinct from $7::text
   and coalesce(cursor, 0) = $8::bigint
