-- Pausing a handler: its workers release every partition at their next heartbeat (lease_tick) and take nothing; its
-- queues fill and drop their oldest. Both return the state before, null when there is no such handler, and write the
-- admin log in the same transaction.

create or replace function lantern.pause(in_handler text, in_who text, in_reason text) returns text language plpgsql as $$
declare
    was text;
begin
    select h.state into was from lantern.handlers h where h.handler = in_handler for no key update;
    if was in ('attached', 'detached', 'held') then
        update lantern.handlers h
           set state = 'paused', state_reason = format('by %s: %s', in_who, in_reason), state_since = clock_timestamp()
         where h.handler = in_handler;
        insert into lantern.admin_log (who, action, subject, reason, detail)
        values (in_who, 'pause', in_handler, in_reason, json_build_object('was', was));
    end if;
    return was;
end $$;

-- What the queues lost meanwhile comes from the store: history is fed again from the floor up to which everything is
-- known to be applied or parked, to the position current once the queues are bound (lease_bound).
create or replace function lantern.resume(in_handler text, in_who text, in_reason text) returns text language plpgsql as $$
declare
    was  text;
    done bigint;
begin
    select h.state into was from lantern.handlers h where h.handler = in_handler for no key update;
    if was in ('paused', 'quarantined') then
        perform lantern.lag(in_handler, 200000);  -- raises the floor where it can
        select h.settled_floor into done from lantern.handlers h where h.handler = in_handler;
        update lantern.leases l set feed_cursor = done, feed_target = null where l.handler = in_handler;
        update lantern.handlers h set state = 'attached', state_reason = '', state_since = clock_timestamp()
         where h.handler = in_handler;
        insert into lantern.admin_log (who, action, subject, reason, detail)
        values (in_who, 'resume', in_handler, in_reason, json_build_object('was', was));
    end if;
    return was;
end $$;
