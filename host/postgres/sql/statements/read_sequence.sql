-- The last position drawn by anyone, 0 when none.
select case when is_called then last_value else 0 end from lantern.events_position
