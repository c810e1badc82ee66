-- job_lease
-- $1 job, $2 worker, $3 steps, $4 dead after ms
select * from lantern.job_lease($1::bigint, $2::uuid, $3::boolean, $4::bigint)
