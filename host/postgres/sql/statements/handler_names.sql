-- Of handlers that are routed.
select handler from lantern.handlers where state <> 'removed' order by handler
