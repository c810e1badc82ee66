-- Ends a route at the position current now. $1 handler, $2 event type
with here as materialized (
    select case when is_called then last_value else 0 end as position from lantern.events_position
)
update lantern.routes r
   set end_position = (select position from here),
       begin_position = coalesce(r.begin_position, (select position from here))
 where r.handler = $1 and r.event_type = $2 and r.end_position is null
