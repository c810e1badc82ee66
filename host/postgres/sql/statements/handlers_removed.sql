-- Their workers are fenced, their queues are the relay's to take away. $1 the handlers that are routed
with gone as (
    update lantern.handlers h set state = 'removed', state_since = now()
     where h.handler <> all ($1::text[]) and h.state <> 'removed'
    returning h.handler, h.queues
), retired as (
    insert into lantern.retired_bindings (handler, queues) select g.handler, g.queues from gone g
    on conflict do nothing
)
select g.handler, lantern.leases_fence(g.handler) from gone g
