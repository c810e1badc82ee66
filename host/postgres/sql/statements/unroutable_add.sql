-- $1 event types, $2 messages of each
insert into lantern.unroutable as u (event_type, messages)
select * from unnest($1::text[], $2::bigint[])
on conflict (event_type) do update set messages = u.messages + excluded.messages, last_at = clock_timestamp()
