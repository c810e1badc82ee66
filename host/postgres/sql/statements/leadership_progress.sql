-- $1 reader
select floor, snapshot, ceiling, target_floor, target_snapshot, target_ceiling, coalesce(cursor, 0)
  from lantern.marks where reader = $1
