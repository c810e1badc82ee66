-- $1 number
select number, parent, content, hash, applied_by, applied_at from lantern.routing_revisions where number = $1::bigint
