-- Adopting a store that was restored, or that a fail-over took commits from: what was delivered may be gone, and
-- positions, transaction ids and handlers' checkpoints may belong to what is gone.

-- Handlers whose stream rows say more than the store has: out_ahead streams beyond their head, out_missing of which the
-- store knows nothing.
create or replace function lantern.ahead()
returns table (out_handler text, out_ahead bigint, out_missing bigint) language plpgsql stable as $$
declare
    one text;
begin
    for one in select h.handler from lantern.handlers h
                where to_regclass(format('%I.lantern_streams', h.handler)) is not null order by h.handler
    loop
        return query execute format($sql$
            select %1$L::text, count(*) filter (where n.revision < s.revision), count(*) filter (where n.stream_id is null)
              from %1$I.lantern_streams s left join lantern.streams n using (stream_id)
             where n.stream_id is null or n.revision < s.revision $sql$, one);
    end loop;
end $$;

-- Makes this server and this database those of the store, under a new incarnation. Returns what lantern.ahead() said
-- before, and the position from which each handler is fed again. Run with time.
create or replace function lantern.adopt(in_who text, in_reason text)
returns table (out_handler text, out_ahead bigint, out_missing bigint, out_from bigint)
language plpgsql as $$
declare
    one     record;
    edge    bigint;
    renewed bigint := 0;
    done    bigint;
    was     uuid;
begin
    -- 1. Drain: writers that are under way end, and none begins until this is committed.
    lock table lantern.events, lantern.streams in share row exclusive mode;
    -- 2. Nothing is drawn twice.
    select greatest((select max(e.position) from lantern.events e),
                    (select case when s.is_called then s.last_value else 0 end from lantern.events_position s), 0) into edge;
    if edge > 0 then
        perform setval('lantern.events_position', edge);
    end if;
    perform setval(pg_get_serial_sequence('lantern.streams', 'stream_id'), n.highest)
       from (select max(s.stream_id) as highest from lantern.streams s) n
      where n.highest > coalesce((select q.last_value from pg_sequences q
                                   where format('%I.%I', q.schemaname, q.sequencename)::regclass
                                       = pg_get_serial_sequence('lantern.streams', 'stream_id')::regclass), 0);
    -- 3. Transaction ids of another server that this one has yet to draw would be seen as the future: they are past.
    perform pg_current_xact_id();
    if exists (select from lantern.events e where e.xid >= pg_snapshot_xmin(pg_current_snapshot())) then
        alter table lantern.events disable trigger events_immutable;
        update lantern.events e set xid = '2' where e.xid >= pg_snapshot_xmin(pg_current_snapshot());
        get diagnostics renewed = row_count;
        alter table lantern.events enable trigger events_immutable;
    end if;
    -- 4. Readers begin behind all that the store has.
    update lantern.marks m
       set epoch = m.epoch + 1, leader = null, leader_seen_at = null, floor = edge,
           snapshot = pg_current_snapshot(), ceiling = edge, target_floor = null, target_snapshot = null,
           target_ceiling = null, cursor = null, updated_at = clock_timestamp(), note = '';
    -- 5. Handlers: no checkpoint lies behind its stream's head, else what comes next would be taken for a duplicate.
    --    They are fed from the store from the first event on that they want and have not. Their workers are fenced.
    for one in select a.out_handler as handler, a.out_ahead as ahead, a.out_missing as missing from lantern.ahead() a
    loop
        perform lantern.leases_fence(one.handler);
        execute format('delete from %1$I.lantern_streams s
                         where not exists (select from lantern.streams n where n.stream_id = s.stream_id)', one.handler);
        execute format($sql$
            update %1$I.lantern_streams s
               set revision = n.revision, state = 0, seen = 0, attempts = 0, next_attempt_at = null, last_error = ''
              from lantern.streams n where n.stream_id = s.stream_id and n.revision < s.revision $sql$, one.handler);
        execute format($sql$
            select min(e.position) - 1 from lantern.events e
              join lantern.routes r on r.handler = %1$L and r.event_type = e.type and e.position > r.begin_position
                                   and (r.end_position is null or e.position <= r.end_position)
              left join %1$I.lantern_streams s on s.stream_id = e.stream_id
             where coalesce(s.revision, 0) < e.revision and coalesce(s.state, 0) = 0 $sql$, one.handler) into done;
        done := coalesce(done, edge);
        update lantern.handlers h
           set verified = '1:1:', verified_floor = done, verified_target = null, verified_target_floor = null,
               verified_target_ceiling = null, verified_cursor = 0
         where h.handler = one.handler;
        update lantern.leases l set feed_cursor = done, feed_target = null, taken = 0 where l.handler = one.handler;
        if exists (select from lantern.handlers h where h.handler = one.handler and h.state in ('attached', 'detached')) then
            perform lantern.feed_from_the_store(one.handler, 'the store was adopted');
        end if;
        perform lantern.admit_handler(one.handler, one.handler);  -- its role is named by the database
        out_handler := one.handler; out_ahead := one.ahead; out_missing := one.missing; out_from := done;
        return next;
    end loop;
    -- 6. The store is another now; messages of the one before are known, and passed over.
    select i.id into was from lantern.incarnation i;
    update lantern.incarnation i
       set past = i.past || i.id, id = gen_random_uuid(), system_identifier = s.system_identifier,
           timeline = c.timeline_id, database_oid = d.oid, adopted_at = clock_timestamp()
      from pg_control_system() s, pg_control_checkpoint() c, pg_database d
     where d.datname = current_database();
    insert into lantern.admin_log (who, action, subject, reason, detail)
    values (in_who, 'store adopt', was::text, in_reason, json_build_object('floor', edge, 'foreign_transactions', renewed));
end $$;
