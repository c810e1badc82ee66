-- $1 handler, $2 streams, $3 revisions that they are behind
select lantern.sweep_note($1::text, $2::bigint[], $3::bigint[])
