-- $1 worker
with gone as (delete from lantern.workers where worker_id = $1::uuid)
update lantern.leases set worker_id = null where worker_id = $1::uuid
