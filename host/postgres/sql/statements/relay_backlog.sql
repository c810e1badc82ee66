-- Events that the relay has not published: neither in its mark nor, up to the cursor, in the slice in progress. Their
-- number, the age of the oldest and the age of the leader's heartbeat in milliseconds (null: none leads).
--   $1 how many to count at most
select count(*), coalesce(greatest((extract(epoch from clock_timestamp() - min(u.recorded_at)) * 1000)::bigint, 0), 0),
       (select (extract(epoch from clock_timestamp() - m.leader_seen_at) * 1000)::bigint
          from lantern.marks m where m.reader = 'relay' and m.leader is not null)
  from (select e.recorded_at from lantern.events e
         where e.position > coalesce((select greatest(m.floor, m.cursor) from lantern.marks m where m.reader = 'relay'), 0)
           and not coalesce((select pg_visible_in_snapshot(e.xid, m.snapshot)
                               from lantern.marks m where m.reader = 'relay'), false)
         order by e.position limit $1::bigint) u
