-- The store's last position, and the relay's row if there is one.
select case when s.is_called then s.last_value else 0 end, m.epoch, m.leader is not null, m.leader_seen_at, m.floor, m.leader,
       m.note, m.note_since
  from lantern.events_position s left join lantern.marks m on m.reader = 'relay'
