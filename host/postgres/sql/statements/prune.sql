-- $1 effects, $2 attempts, $3 answers: older than so many ms; $4 limit
select out_effects, out_attempts, out_answers, out_more from lantern.prune($1::bigint, $2::bigint, $3::bigint, $4::bigint)
