-- intake_status
select q.queue, q.host, q.pid, q.seen_at, q.appended, q.known, q.refused, q.waiting, q.lying, q.last_refusal,
       q.last_refusal_at, q.trouble
  from lantern.intake_queue q
