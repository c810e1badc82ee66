-- $1 how many, newest first
select number, parent, content, hash, applied_by, applied_at from lantern.routing_revisions
 order by number desc limit $1::bigint
