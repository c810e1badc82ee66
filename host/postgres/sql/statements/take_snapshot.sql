-- The statement's snapshot is taken before its second column reads the sequence: the ceiling.
select pg_current_snapshot(), case when is_called then last_value else 0 end from lantern.events_position
