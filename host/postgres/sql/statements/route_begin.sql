-- $1 handler, $2 event type, $3 begin position; null: noted once the queue is bound
with wanted_again as (
    delete from lantern.retired_bindings b
     where b.handler = $1 and (b.event_type = $2 or b.event_type = '' and b.queues = (
         select h.queues from lantern.handlers h where h.handler = $1))
)
insert into lantern.routes (handler, event_type, begin_position) values ($1, $2, $3::bigint)
