-- Handlers that have no queues now: they are fed from the store, or take nothing.
select handler from lantern.handlers where state in ('detached', 'paused', 'quarantined') order by handler
