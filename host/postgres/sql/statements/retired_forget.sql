-- $1 handler, $2 queues, $3 event type
delete from lantern.retired_bindings where handler = $1 and queues = $2 and event_type = $3
