-- job_start
-- $1 handler, $2 kind, $3 request, $4 who, $5 rate, $6 build
select lantern.job_start($1, $2, $3::json, $4, $5::bigint, $6)
