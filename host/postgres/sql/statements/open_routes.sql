-- Routes without an end.
select handler, event_type from lantern.routes where end_position is null
