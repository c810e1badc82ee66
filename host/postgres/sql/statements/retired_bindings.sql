-- What the relay has still to take away: bindings, and queues that no worker reads any more.
select r.handler, r.queues, r.event_type
  from lantern.retired_bindings r
 where r.event_type <> ''
    or not exists (select from lantern.workers w where w.handler = r.handler and w.queues in ('', r.queues))
 order by r.handler, r.queues, r.event_type
