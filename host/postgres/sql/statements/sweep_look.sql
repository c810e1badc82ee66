-- $1 handlers, $2 old floor, $3 old snapshot, $4 new snapshot, $5 ceiling of the new, $6 after position, $7 limit
select out_handler, out_reached, out_last, out_stream, out_revision, out_position, out_overdue
  from lantern.sweep_look($1::text[], $2::bigint, $3::pg_snapshot, $4::pg_snapshot, $5::bigint, $6::bigint, $7::bigint)
