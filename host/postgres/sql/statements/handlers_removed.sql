-- $1 the handlers that are routed
update lantern.handlers set state = 'removed', state_since = now()
 where handler <> all ($1::text[]) and state <> 'removed'
