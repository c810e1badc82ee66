-- job_slot_done
-- Streams up to $4 are written, and done when that is the slot's last.  $1 job, $2 slot, $3 epoch, $5 events, $6 parked
update lantern.job_slots s
   set cursor = $4::bigint, events = s.events + $5::bigint, parked = s.parked + $6::bigint, beat_at = clock_timestamp(),
       done = s.last_stream <= $4, lost = 0
  from lantern.jobs j
 where s.job_id = $1::bigint and s.slot = $2::integer and s.epoch = $3::bigint and not s.done
   and j.job_id = s.job_id and j.ended_at is null
returning s.slot
