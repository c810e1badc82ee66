-- $1 reader, $2 leader
update lantern.marks set leader = null, leader_seen_at = null where reader = $1 and leader = $2::uuid
