-- A detached handler is fed from the store: the relay takes its queues away, and its workers read slices from the
-- position up to which everything is known to be applied or parked; they see it with their next heartbeat. What still is
-- in a worker's hand is neither lost nor doubled: the stream rows tell. The caller holds the handler's row.
create or replace function lantern.feed_from_the_store(in_handler text, in_reason text) returns void
language plpgsql as $$
declare
    done bigint := lantern.verified_up_to(in_handler);
begin
    update lantern.leases l set feed_cursor = greatest(l.feed_cursor, done), feed_target = null
     where l.handler = in_handler;
    update lantern.handlers h set state = 'detached', state_reason = in_reason, state_since = clock_timestamp()
     where h.handler = in_handler;
end $$;

-- The handler is further behind than its queues hold. Only one that is attached; twice is fine.
create or replace function lantern.lease_detach(in_handler text, in_reason text) returns void language plpgsql as $$
begin
    perform from lantern.handlers h where h.handler = in_handler and h.state = 'attached' for no key update;
    if found then
        perform lantern.feed_from_the_store(in_handler, in_reason);
    end if;
end $$;
