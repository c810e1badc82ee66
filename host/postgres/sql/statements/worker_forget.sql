-- $1 host, $2 pid: the process is known to be dead
with gone as (delete from lantern.workers where host = $1 and pid = $2::integer returning worker_id)
update lantern.leases l set worker_id = null from gone where l.worker_id = gone.worker_id
