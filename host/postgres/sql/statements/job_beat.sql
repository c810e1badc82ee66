-- job_beat
-- $1 worker
update lantern.job_slots set beat_at = clock_timestamp() where worker_id = $1::uuid and not done
