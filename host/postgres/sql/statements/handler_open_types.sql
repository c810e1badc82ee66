-- $1 handler
select event_type from lantern.routes where handler = $1 and end_position is null order by event_type
