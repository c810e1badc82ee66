-- $1 incarnation
select exists (select from lantern.incarnation where $1::uuid = any (past))
