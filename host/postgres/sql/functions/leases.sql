-- Leases of a handler's partitions. Every step that moves one holds the handler's row, so that workers see each
-- other's steps. `for no key update` leaves readers and foreign keys alone.

-- Heartbeat of a worker, and a step towards an even share among the handler's live workers.
--   dead_ms    a worker whose heartbeat is older is forgotten, its leases are free
--   in_queues  those that the worker reads; when others are in force it holds nothing. '': whichever are
--   in_partitions, in_taken   up to which position it has worked off which queue
--   in_queue_max   so many events a queue holds: whoever is further behind is detached
-- Returns all that the worker holds now; at most one partition is named to be released, or all of a handler that is
-- paused or quarantined: nobody waits for those.
--   out_queues     bound: to be read; bind: to be bound, then lease_bound; detached: fed from the store up to out_edge;
--                  others: not this worker's are in force
--   out_edge       the position current now
--   out_published  all that the relay has published lies at or below it
-- At least one row, without a partition when the worker holds none.
drop function if exists lantern.lease_tick(text, uuid, text, integer, text, text, bigint);
drop function if exists lantern.lease_tick(text, uuid, text, integer, text, text, bigint, text);
create or replace function lantern.lease_tick(
    in_handler text, in_worker uuid, in_host text, in_pid integer, in_build text, in_note text, dead_ms bigint,
    in_queues text default '', in_partitions integer[] default '{}', in_taken bigint[] default '{}',
    in_queue_max bigint default 250000)
returns table (out_partition integer, out_epoch bigint, out_feed_cursor bigint, out_feed_target bigint,
               out_release boolean, out_queues text, out_edge bigint, out_published bigint)
language plpgsql as $$
declare
    total  integer;
    live   integer;
    rank   integer;
    share  integer;
    mine   integer;
    in_use text;
    now_is text;
    behind bigint;
begin
    -- 1. One step at a time.
    select case when h.state in ('paused', 'quarantined', 'removed') or in_queues not in ('', h.queues) then 0
                else h.partitions end, h.queues, h.state
      into total, in_use, now_is
      from lantern.handlers h where h.handler = in_handler for no key update;
    if not found then
        raise exception 'handler % is not registered', in_handler using errcode = 'LN020';
    end if;

    -- 2. Heartbeat; forget the dead; free what they held, and what forgotten workers held.
    insert into lantern.workers as w (worker_id, handler, host, pid, plugin_build, note, queues)
    values (in_worker, in_handler, in_host, in_pid, in_build, in_note, in_queues)
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
     where w.handler = in_handler and w.queues in ('', in_use);
    live := greatest(live, 1);
    share := total / live + case when rank < total % live then 1 else 0 end;
    select count(*) into mine from lantern.leases l where l.handler = in_handler and l.worker_id = in_worker;

    -- 5. Take free ones up to the share. The epoch fences whoever held it before; who has entered under that lease
    -- and has not committed yet (lantern_enter) is not overtaken: the partition is free, and taken later.
    update lantern.leases l set worker_id = in_worker, epoch = l.epoch + 1
     where l.handler = in_handler and l.worker_id is null
       and l.partition in (select f.partition from lantern.leases f join lantern.handlers h using (handler)
                            where f.handler = in_handler and f.worker_id is null and f.partition < total
                              and pg_try_advisory_xact_lock(x'4c43'::integer, h.handler_id * 32 + f.partition)
                            order by f.partition limit greatest(share - mine, 0));
    perform lantern.end_frozen(in_handler, dead_ms)
       from lantern.leases l where l.handler = in_handler and l.worker_id is null and l.partition < total limit 1;

    -- 6. How far the queues have been worked off, and whether there should be any.
    update lantern.leases l set taken = t.taken from unnest(in_partitions, in_taken) t (partition, taken)
     where l.handler = in_handler and l.worker_id = in_worker and l.partition = t.partition and l.taken < t.taken;
    select case when s.is_called then s.last_value else 0 end into out_edge from lantern.events_position s;
    -- A ceiling that is not known says nothing.
    select case when m.ceiling = 9223372036854775807 then m.floor else m.ceiling end into out_published
      from lantern.marks m where m.reader = 'relay';
    behind := lantern.lease_distance(in_handler);
    if now_is = 'attached' and behind > in_queue_max then
        perform lantern.feed_from_the_store(in_handler, 'fed from the store until its queues can hold the rest');
        now_is := 'detached';
    end if;
    out_queues := case when in_queues not in ('', in_use) then 'others'
                       when now_is in ('attached', 'detached') and behind <= in_queue_max then 'bind'
                       when now_is = 'attached' then 'bound' else 'detached' end;

    return query
        select l.partition, l.epoch, l.feed_cursor, l.feed_target,
               total = 0 or (mine > share and l.partition = max(l.partition) over ()),
               out_queues, out_edge, coalesce(out_published, 0)
          from (select 1) always
          left join lantern.leases l on l.handler = in_handler and l.worker_id = in_worker
         order by l.partition;
end $$;

-- Ends the sessions of those who entered for a partition that nobody holds any more, and whose server waits in the
-- middle of an old transaction for the rest of what they had to say. They are frozen or cut off, and no time limit of the
-- server applies to them: a statement's has passed, and a transaction of one statement is not idle in transaction.
create or replace function lantern.end_frozen(in_handler text, dead_ms bigint) returns void language sql as $$
    select pg_terminate_backend(a.pid)
      from pg_stat_activity a
     where a.wait_event = 'ClientRead' and a.xact_start < clock_timestamp() - dead_ms * interval '1 millisecond'
       and exists (select from pg_locks k
                     join lantern.handlers h on h.handler = in_handler
                     join lantern.leases l on l.handler = h.handler and l.worker_id is null
                    where k.pid = a.pid and k.locktype = 'advisory' and k.granted and k.objsubid = 2
                      and k.database = (select d.oid from pg_database d where d.datname = current_database())
                      and k.classid = x'4c43'::integer::oid and k.objid = (h.handler_id * 32 + l.partition)::oid)
$$;

-- How far the handler is from the position current now, by what has been fed of partitions whose queues are not bound;
-- null: all are. Nothing is wanted before the earliest beginning.
create or replace function lantern.lease_distance(in_handler text) returns bigint language sql stable as $$
    select edge.position - min(greatest(l.feed_cursor, coalesce(first.wanted, edge.position)))
      from lantern.handlers h
      join lantern.leases l on l.handler = h.handler and l.partition < h.partitions and l.feed_target is null,
           (select min(r.begin_position) as wanted from lantern.routes r where r.handler = in_handler) first,
           (select case when s.is_called then s.last_value else 0 end as position from lantern.events_position s) edge
     where h.handler = in_handler group by edge.position
$$;

-- Whoever holds a lease of the handler is fenced, once its batch in flight has ended: what it believes of the routes
-- or of the partitions is no longer so. It takes leases again with its next heartbeat, and reads the routes then.
create or replace function lantern.leases_fence(in_handler text) returns void language plpgsql as $$
begin
    perform pg_advisory_xact_lock(x'4c42'::integer, h.handler_id) from lantern.handlers h where h.handler = in_handler;
    update lantern.leases l set worker_id = null, epoch = l.epoch + 1 where l.handler = in_handler;
end $$;

-- The caller, a worker of routing revision in_revision, has bound in_queues to in_types (null: to all).
--   The queues are others than those in force, by a newer revision: they are in force from here on. What the old ones
--   held comes from the store, from the floor up to which everything is known to be applied or parked; order holds by
--   the stream rows. The old ones are the relay's to take away.
--   Routes of these types that start now begin at the position current now: whatever is drawn later is published later,
--   hence lies in the queues. Who reads them already and dropped such an event as not routed is fenced, and its
--   successor feeds from that position.
--   History is fed from the store up to the position current now.
-- Idempotent.
--   in_build: it got as far as this, so it is the build to go back to when a newer one does not.
drop function if exists lantern.lease_bound(text);
drop function if exists lantern.lease_bound(text, text, integer, bigint, text[]);
create or replace function lantern.lease_bound(
    in_handler text, in_queues text default '', in_partitions integer default 0, in_revision bigint default 0,
    in_types text[] default null, in_build text default '', in_queue_max bigint default 250000) returns void
language plpgsql as $$
declare
    known record;
    here  bigint;
    start bigint;
begin
    -- 1. The queues in force.
    update lantern.handlers h set plugin_build = in_build
     where h.handler = in_handler and in_build not in ('', h.plugin_build);
    select h.queues, h.queues_revision, h.state into known from lantern.handlers h where h.handler = in_handler for no key update;
    if in_queues not in ('', known.queues) then
        if in_revision <= known.queues_revision then
            return;
        end if;
        perform lantern.leases_fence(in_handler);
        update lantern.leases l set feed_cursor = lantern.verified_up_to(in_handler), feed_target = null, taken = 0
         where l.handler = in_handler;
        insert into lantern.leases (handler, partition, feed_cursor)
        select in_handler, p, lantern.verified_up_to(in_handler) from generate_series(0, in_partitions - 1) p
        on conflict do nothing;
        -- A stream that changes its partition must not come to an older epoch: its effects in the ledger have the one that
        -- it had (record_effect). Rows of partitions that are none any more stay, and tell their epochs.
        update lantern.leases l set epoch = (select max(all_of.epoch) from lantern.leases all_of where all_of.handler = in_handler)
         where l.handler = in_handler;
        update lantern.handlers h set queues = in_queues, partitions = in_partitions, queues_revision = in_revision
         where h.handler = in_handler;
        insert into lantern.retired_bindings (handler, queues) values (in_handler, known.queues) on conflict do nothing;
        delete from lantern.retired_bindings r where r.handler = in_handler and r.queues = in_queues;
    elsif in_revision > known.queues_revision then
        -- Confirmed: a worker of an edit in between, that was held up, does not take them away.
        update lantern.handlers h set queues_revision = in_revision where h.handler = in_handler;
    end if;
    insert into lantern.leases (handler, partition)
    select h.handler, p from lantern.handlers h, generate_series(0, h.partitions - 1) p
     where h.handler = in_handler
    on conflict do nothing;
    -- Nothing is attached that takes no events, or whose queues can't hold what it is behind.
    if known.state not in ('attached', 'detached') then
        return;
    end if;
    if lantern.lease_distance(in_handler) > in_queue_max then
        perform lantern.feed_from_the_store(in_handler, 'fed from the store until its queues can hold the rest');
        return;
    end if;

    -- 2. Routes that start now.
    select case when is_called then last_value else 0 end into here from lantern.events_position;
    update lantern.routes r set begin_position = here
     where r.handler = in_handler and r.begin_position is null and r.end_position is null
       and (in_types is null or r.event_type = any (in_types));
    if found and exists (select from lantern.leases l where l.handler = in_handler and l.feed_target is not null) then
        perform lantern.leases_fence(in_handler);
        update lantern.leases l
           set feed_cursor = case when l.feed_cursor >= l.feed_target then here else l.feed_cursor end,
               feed_target = null
         where l.handler = in_handler and l.feed_target is not null;
        select last_value into here from lantern.events_position;
    end if;

    -- 3. History. Nothing is wanted before the earliest beginning.
    select least(here, min(r.begin_position)) into start from lantern.routes r where r.handler = in_handler;
    update lantern.leases l set feed_target = here, feed_cursor = greatest(l.feed_cursor, start)
     where l.handler = in_handler and l.feed_target is null;
    update lantern.handlers h set verified_floor = start where h.handler = in_handler and h.verified_floor < start;
    -- 4. It is attached.
    update lantern.handlers h set state = 'attached', state_reason = '', state_since = clock_timestamp()
     where h.handler = in_handler and h.state = 'detached';
end $$;
