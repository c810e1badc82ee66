-- Messages that came back to the relay, by event type.
select event_type, messages, last_at from lantern.unroutable order by event_type
