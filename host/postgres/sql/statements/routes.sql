-- $1 handler
select event_type, begin_position, end_position from lantern.routes
 where handler = $1 and begin_position is not null order by event_type, begin_position
