-- One page of the slice between two marks, by position.
--   $1 old snapshot, $2 old floor, $3 new snapshot, $4 ceiling of the new, $5 after position, $6 limit
-- Arm 1: ids in progress in the old snapshot, along (xid, position). It is written as a range in that very order: of
-- `xid = x` the planner believes, after a bulk import, that each row of the store has that id, and looks for one along
-- the primary key, through the whole store. Arm 2: younger ids, along the primary key.
select page.stream_id, page.revision, page.position, page.id, page.type, page.schema_version, page.recorded_at,
       page.data, page.metadata
  from (
    (select late.* from pg_snapshot_xip($1::pg_snapshot) x (xid), lateral (
        select e.* from lantern.events e
         where (e.xid, e.position) > (x.xid, $5::bigint) and e.xid <= x.xid
           and pg_visible_in_snapshot(e.xid, $3::pg_snapshot)
         order by e.xid, e.position limit $6::bigint) late
      order by late.position limit $6)
    union all
    (select e.* from lantern.events e
      where e.position > greatest($2::bigint, $5) and e.position <= $4::bigint
        and e.xid >= pg_snapshot_xmax($1) and pg_visible_in_snapshot(e.xid, $3)
      order by e.position limit $6)) page
 order by page.position limit $6
