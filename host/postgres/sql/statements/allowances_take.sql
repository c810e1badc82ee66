-- $1 names, $2 acts, $3 milliseconds
select lantern.take_allowances($1::text[], $2::bigint[], $3::bigint[])
