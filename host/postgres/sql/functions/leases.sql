-- Leases of a handler's partitions. Every step that moves one holds the handler's row, so that workers see each
-- other's steps. `for no key update` leaves readers and foreign keys alone.

-- Heartbeat of a worker, and a step towards an even share among the handler's live workers.
--   dead_ms  a worker whose heartbeat is older is forgotten, its leases are free
-- Returns all that the worker holds now; at most one partition is named to be released, or all of a handler that is
-- paused or quarantined: nobody waits for those.
create or replace function lantern.lease_tick(
    in_handler text, in_worker uuid, in_host text, in_pid integer, in_build text, in_note text, dead_ms bigint)
returns table (out_partition integer, out_epoch bigint, out_feed_cursor bigint, out_feed_target bigint,
               out_release boolean)
language plpgsql as $$
declare
    total integer;
    live  integer;
    rank  integer;
    share integer;
    mine  integer;
begin
    -- 1. One step at a time.
    select case when h.state in ('paused', 'quarantined', 'removed') then 0 else h.partitions end into total
      from lantern.handlers h where h.handler = in_handler for no key update;
    if not found then
        raise exception 'handler % is not registered', in_handler using errcode = 'LN020';
    end if;

    -- 2. Heartbeat; forget the dead; free what they held, and what forgotten workers held.
    insert into lantern.workers as w (worker_id, handler, host, pid, plugin_build, note)
    values (in_worker, in_handler, in_host, in_pid, in_build, in_note)
    on conflict (worker_id) do update
       set heartbeat_at = clock_timestamp(), note = excluded.note,
           progress_at = case when w.note is distinct from excluded.note then clock_timestamp() else w.progress_at end;
    delete from lantern.workers w
     where w.handler = in_handler and w.heartbeat_at < clock_timestamp() - dead_ms * interval '1 millisecond';
    update lantern.leases l set worker_id = null
     where l.handler = in_handler and l.worker_id is not null
       and not exists (select from lantern.workers w where w.worker_id = l.worker_id);

    -- 3. Rows of partitions that have none yet.
    insert into lantern.leases (handler, partition)
    select in_handler, p from generate_series(0, total - 1) p
     where not exists (select from lantern.leases l where l.handler = in_handler and l.partition = p)
    on conflict do nothing;

    -- 4. The even share, by age: the elder have one more when it does not divide.
    select count(*), count(*) filter (where (w.started_at, w.worker_id) < (me.started_at, me.worker_id))
      into live, rank
      from lantern.workers w, (select m.started_at, m.worker_id from lantern.workers m where m.worker_id = in_worker) me
     where w.handler = in_handler;
    share := total / live + case when rank < total % live then 1 else 0 end;
    select count(*) into mine from lantern.leases l where l.handler = in_handler and l.worker_id = in_worker;

    -- 5. Take free ones up to the share. The epoch fences whoever held it before.
    update lantern.leases l set worker_id = in_worker, epoch = l.epoch + 1
     where l.handler = in_handler and l.worker_id is null
       and l.partition in (select f.partition from lantern.leases f
                            where f.handler = in_handler and f.worker_id is null and f.partition < total
                            order by f.partition limit greatest(share - mine, 0));

    return query
        select l.partition, l.epoch, l.feed_cursor, l.feed_target,
               total = 0 or (mine > share and l.partition = max(l.partition) over ())
          from lantern.leases l
         where l.handler = in_handler and l.worker_id = in_worker
         order by l.partition;
end $$;

-- The handler's queues are bound: history is fed from the store up to the position current now, and routes that
-- start now begin there. Whatever is drawn later is published later, hence lies in the queues. Idempotent.
create or replace function lantern.lease_bound(in_handler text) returns void language plpgsql as $$
declare
    here  bigint;
    start bigint;
begin
    perform from lantern.handlers h where h.handler = in_handler for no key update;
    insert into lantern.leases (handler, partition)
    select h.handler, p from lantern.handlers h, generate_series(0, h.partitions - 1) p
     where h.handler = in_handler
    on conflict do nothing;
    select case when is_called then last_value else 0 end into here from lantern.events_position;
    update lantern.routes r set begin_position = here
     where r.handler = in_handler and r.begin_position is null and r.end_position is null;
    -- Nothing is wanted before the earliest beginning.
    select least(here, min(r.begin_position)) into start from lantern.routes r where r.handler = in_handler;
    update lantern.leases l set feed_target = here, feed_cursor = greatest(l.feed_cursor, start)
     where l.handler = in_handler and l.feed_target is null;
end $$;
