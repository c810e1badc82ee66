-- $1 handler, $2 event type, $3 begin position; null: noted once the queue is bound
insert into lantern.routes (handler, event_type, begin_position) values ($1, $2, $3::bigint)
