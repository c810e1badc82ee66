-- $1 worker; one that was found dead stays dead
update lantern.workers set heartbeat_at = clock_timestamp() where worker_id = $1::uuid
