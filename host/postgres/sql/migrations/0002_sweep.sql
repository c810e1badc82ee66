-- The sweep: every handler's way through the store, checked against its stream rows (functions/sweep.sql).

-- verified_*: a mark; every event visible in it that the routes want is applied or parked. verified_target_*: the
-- mark that is being checked, and verified_cursor how far: what lies between the two marks and at or below the cursor
-- is applied or parked too. A route that is given an earlier beginning sets this back to that beginning, with the
-- snapshot that has seen nothing ('1:1:').
alter table lantern.handlers
    drop column settled_floor,
    drop column settling_floor,
    drop column settling,
    add column verified_target         pg_snapshot,
    add column verified_target_floor   bigint,
    add column verified_target_ceiling bigint,
    add column verified_cursor         bigint not null default 0;
update lantern.handlers set verified = '1:1:', verified_floor = 0;
alter table lantern.handlers alter column verified set default '1:1:', alter column verified set not null;

-- taken: position up to which the partition's queue has been worked off: the highest taken from it, or what the relay
-- had published before the queue was seen empty. An event at or below it that is not applied won't come by the queue.
alter table lantern.leases add column taken bigint not null default 0;

-- These take more now (functions/leases.sql).
drop function if exists lantern.lease_tick(text, uuid, text, integer, text, text, bigint);

-- A note, "catch this stream up now", is a due time, also of a live stream.
do $$
declare
    one text;
begin
    for one in select h.handler from lantern.handlers h
                where to_regclass(format('%I.lantern_streams', h.handler)) is not null
    loop
        execute format('drop index %I.lantern_streams_due', one);
        execute format('create index lantern_streams_due on %I.lantern_streams (next_attempt_at)'
                       ' where next_attempt_at is not null', one);
    end loop;
end $$;
