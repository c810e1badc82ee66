-- Heartbeat of the leader, or a claim when there is none alive. No row comes back while another leads. A heartbeat
-- claims nothing: that of a process which was killed may arrive after its host gave up the leadership for it.
--   $1 reader, $2 leader, $3 a leader not seen for so many ms is dead, $4 whether it is a claim
insert into lantern.marks as m (reader, epoch, leader, leader_seen_at, floor, snapshot, ceiling)
values ($1, 1, $2::uuid, clock_timestamp(), 0, '1:1:', 9223372036854775807)
on conflict (reader) do update
   set epoch = case when m.leader = excluded.leader then m.epoch else m.epoch + 1 end,
       leader = excluded.leader, leader_seen_at = clock_timestamp()
 where m.leader = excluded.leader
    or ($4::boolean and (m.leader is null
                         or m.leader_seen_at < clock_timestamp() - $3::bigint * interval '1 millisecond'))
returning m.epoch
