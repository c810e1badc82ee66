-- $1 number, $2 parent, $3 content, $4 hash, $5 who
insert into lantern.routing_revisions (number, parent, content, hash, applied_by)
values ($1::bigint, $2::bigint, $3, $4, $5)
