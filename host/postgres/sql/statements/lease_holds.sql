-- $1 handler, $2 partition, $3 worker, $4 epoch
select exists (select from lantern.leases
                where handler = $1 and partition = $2::integer and worker_id = $3::uuid and epoch = $4::bigint)
