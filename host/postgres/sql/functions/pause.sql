-- Pausing a handler: its workers release every partition at their next heartbeat (lease_tick) and take nothing; the
-- relay takes its queues away. Both return the state before, null when there is no such handler, and write the admin
-- log in the same transaction.

create or replace function lantern.pause(in_handler text, in_who text, in_reason text) returns text language plpgsql as $$
declare
    was text;
begin
    select h.state into was from lantern.handlers h where h.handler = in_handler for no key update;
    if was in ('attached', 'detached') then
        update lantern.handlers h
           set state = 'paused', state_reason = format('by %s: %s', in_who, in_reason), state_since = clock_timestamp()
         where h.handler = in_handler;
        insert into lantern.admin_log (who, action, subject, reason, detail)
        values (in_who, 'pause', in_handler, in_reason, json_build_object('was', was));
    end if;
    return was;
end $$;

-- What it missed meanwhile comes from the store: it goes on detached, fed from the position up to which everything is
-- known to be applied or parked, and is bound again near the edge (lease_tick).
create or replace function lantern.resume(in_handler text, in_who text, in_reason text) returns text language plpgsql as $$
declare
    was text;
begin
    select h.state into was from lantern.handlers h where h.handler = in_handler for no key update;
    if was in ('paused', 'quarantined') then
        if was = 'quarantined' then
            -- Its builds are let go: what they did counts no more.
            perform lantern.forgive_crashes(in_handler, null);
            update lantern.builds b set quarantined_at = null, quarantined_why = ''
             where b.handler = in_handler and b.quarantined_at is not null;
        end if;
        perform lantern.feed_from_the_store(in_handler, '');
        insert into lantern.admin_log (who, action, subject, reason, detail)
        values (in_who, 'resume', in_handler, in_reason, json_build_object('was', was));
    end if;
    return was;
end $$;
