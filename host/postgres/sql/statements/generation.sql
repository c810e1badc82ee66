-- $1 handler
select generation from lantern.handlers where handler = $1
