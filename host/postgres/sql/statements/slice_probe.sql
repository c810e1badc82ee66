-- Whether anything is visible now that was not in the old snapshot. Takes no mark, owns no transaction id.
--   $1 old snapshot, $2 old floor
-- Ids that were in progress are looked for as a page does (slice_page.sql).
select exists (select from pg_snapshot_xip($1::pg_snapshot) x (xid), lateral (
                   select from lantern.events e where (e.xid, e.position) > (x.xid, 0) and e.xid <= x.xid
                    order by e.xid, e.position limit 1) late)
    or exists (select from lantern.events e
                where e.position > $2::bigint and e.xid >= pg_snapshot_xmax($1)
                order by e.position limit 1)
