-- Ends a route at the position current now: its handler's workers must be fenced before. What is bound for it is the
-- relay's to take away. $1 handler, $2 event type
with here as materialized (
    select case when is_called then last_value else 0 end as position from lantern.events_position
), retired as (
    insert into lantern.retired_bindings (handler, queues, event_type)
    select h.handler, h.queues, $2 from lantern.handlers h where h.handler = $1
    on conflict do nothing
)
update lantern.routes r
   set end_position = (select position from here),
       begin_position = coalesce(r.begin_position, (select position from here))
 where r.handler = $1 and r.event_type = $2 and r.end_position is null
