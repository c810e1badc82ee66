-- Ends a route at the position current now. $1 handler, $2 event type
update lantern.routes r
   set end_position = s.here, begin_position = coalesce(r.begin_position, s.here)
  from (select case when is_called then last_value else 0 end as here from lantern.events_position) s
 where r.handler = $1 and r.event_type = $2 and r.end_position is null
