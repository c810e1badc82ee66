-- Events that the relay has not published: neither in its mark nor, up to the cursor, in the slice in progress. Their
-- number, the age of the oldest and the age of the leader's heartbeat in milliseconds (null: none leads).
--   $1 how many to count at most
-- As a page does (slice_page.sql): ids in progress in the mark's snapshot, wherever their positions lie, and younger ones,
-- along the primary key. What commits late behind the cursor counts when its slice has ended.
select count(*), coalesce(greatest((extract(epoch from clock_timestamp() - min(u.recorded_at)) * 1000)::bigint, 0), 0),
       (select (extract(epoch from clock_timestamp() - r.leader_seen_at) * 1000)::bigint
          from lantern.marks r where r.reader = 'relay' and r.leader is not null)
  from (select 1) always
  left join lantern.marks m on m.reader = 'relay'
 cross join lateral (
    (select late.recorded_at from pg_snapshot_xip(m.snapshot) x (xid), lateral (
        select e.recorded_at from lantern.events e
         where (e.xid, e.position) > (x.xid, 0) and e.xid <= x.xid
           and not (m.target_snapshot is not null and e.position <= m.cursor and pg_visible_in_snapshot(e.xid, m.target_snapshot))
         order by e.xid, e.position limit $1::bigint) late
      limit $1)
    union all
    (select e.recorded_at from lantern.events e
      where e.position > greatest(m.floor, m.cursor, 0) and (m.snapshot is null or e.xid >= pg_snapshot_xmax(m.snapshot))
      order by e.position limit $1)
    limit $1) u
