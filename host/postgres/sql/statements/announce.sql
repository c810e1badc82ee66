-- No parameters: a NOTIFY without payload, folded by the server when one is pending.
select pg_notify('lantern_events', '')
