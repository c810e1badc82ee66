-- Where a stream, or one event of it, stands in each handler, and who works there: what lantern explain tells.
--   in_revision  the event to look at; null: the stream as a whole
--   dead_ms      a worker whose heartbeat is older is taken for dead
-- out_verdict, of an event; a stream's is that of its first event that is not applied, or `applied`:
--   applied     its effect is committed              pending  it waits for its turn
--   skipped     an operator passed over it           behind   an earlier event of its stream is retrying or dead
--   retrying    it failed, and is tried again        dead     it failed, and waits for an operator
--   not_routed  the handler does not want it; out_route says why:
--       no_route, not_begun (the queues are not bound yet), before (the route's beginning), after (its end)
create or replace function lantern.explain(in_stream bigint, in_revision bigint, dead_ms bigint)
returns table (
    out_handler text, out_verdict text, out_route text, out_route_begin bigint, out_route_end bigint,
    out_checkpoint bigint, out_stream_state smallint, out_attempts integer, out_next timestamptz, out_error text,
    out_waiting bigint, out_oldest timestamptz, out_first bigint, out_first_event uuid, out_first_type text,
    out_failed_since timestamptz, out_effect_state text, out_effect_attempt integer, out_effect_note text,
    out_kind text, out_plugin text, out_plugin_version text, out_generation bigint,
    out_state text, out_state_reason text, out_state_since timestamptz,
    out_partition integer, out_fed boolean, out_host text, out_pid integer, out_build text, out_note text,
    out_seen_ms bigint, out_alive boolean)
language plpgsql stable as $$
declare
    one    record;
    wanted boolean;
    skips  boolean;
begin
    for one in
        select h.*, s.*, l.partition, coalesce(l.feed_cursor >= l.feed_target, false) as fed, w.host, w.pid, w.plugin_build,
               w.note, (extract(epoch from clock_timestamp() - w.heartbeat_at) * 1000)::bigint as seen_ms
          from lantern.handlers h
         cross join lateral lantern.state_now(h.handler, dead_ms) s
          left join lantern.leases l on l.handler = h.handler and l.partition = (in_stream % 32) % h.partitions
          left join lantern.workers w on w.worker_id = l.worker_id
         where h.state <> 'removed'
         order by h.handler
    loop
        out_handler := one.handler; out_kind := one.kind; out_plugin := one.plugin;
        out_plugin_version := one.plugin_version; out_generation := one.generation;
        out_state := one.out_state; out_state_reason := one.out_reason; out_state_since := one.out_since;
        out_partition := (in_stream % 32) % one.partitions; out_fed := one.fed;
        out_host := one.host; out_pid := one.pid; out_build := one.plugin_build; out_note := one.note;
        out_seen_ms := one.seen_ms; out_alive := one.seen_ms is not null and one.seen_ms < dead_ms;

        -- 1. Its row, if it has one.
        out_checkpoint := 0; out_stream_state := 0; out_attempts := 0; out_next := null; out_error := '';
        if to_regclass(format('%I.lantern_streams', one.handler)) is not null then
            execute format('select s.revision, s.state, s.attempts, s.next_attempt_at, s.last_error
                              from %I.lantern_streams s where s.stream_id = $1', one.handler)
               into out_checkpoint, out_stream_state, out_attempts, out_next, out_error using in_stream;
            out_checkpoint := coalesce(out_checkpoint, 0); out_stream_state := coalesce(out_stream_state, 0);
            out_attempts := coalesce(out_attempts, 0); out_error := coalesce(out_error, '');
        end if;

        -- 2. What it wants of the stream, and has not.
        select count(*), min(p.out_recorded_at), min(p.out_revision) into out_waiting, out_oldest, out_first
          from lantern.pending_of_stream(one.handler, in_stream) p;
        select e.id, e.type into out_first_event, out_first_type from lantern.events e
         where e.stream_id = in_stream and e.revision = out_first;
        select min(a.at) into out_failed_since from lantern.attempts a
         where a.handler = one.handler and a.stream_id = in_stream and a.revision = out_first;

        -- 3. Whether it wants this event, or any of the stream; if not, why not: by the interval that is nearest.
        out_route := 'routed'; out_route_begin := null; out_route_end := null;
        wanted := exists (select from lantern.events e
                           where e.stream_id = in_stream and (in_revision is null or e.revision = in_revision)
                             and e.type in (select r.event_type from lantern.routes r where r.handler = one.handler)
                             and lantern.wants(one.handler, e.type, e.position));
        if not wanted then
            select case when r.begin_position is null then 'not_begun'
                        when e.position <= r.begin_position then 'before' else 'after' end,
                   r.begin_position, r.end_position
              into out_route, out_route_begin, out_route_end
              from lantern.events e join lantern.routes r on r.handler = one.handler and r.event_type = e.type
             where e.stream_id = in_stream and (in_revision is null or e.revision = in_revision)
             order by least(abs(e.position - r.begin_position), abs(e.position - r.end_position)) nulls last limit 1;
            out_route := coalesce(out_route, 'no_route');
        end if;
        out_effect_state := null; out_effect_attempt := null; out_effect_note := null;
        select x.state, x.attempt, x.note into out_effect_state, out_effect_attempt, out_effect_note
          from lantern.effects x join lantern.events e on e.id = x.event_id
         where x.handler = one.handler and x.run = 0 and e.stream_id = in_stream and e.revision = coalesce(in_revision, out_first);

        -- 4. In one word.
        skips := exists (select from lantern.attempts a
                          where a.handler = one.handler and a.stream_id = in_stream and a.revision = in_revision
                            and a.outcome = 'skipped');
        out_verdict := case
            when out_route <> 'routed' then 'not_routed'
            when skips then 'skipped'
            when in_revision <= out_checkpoint or (in_revision is null and out_waiting = 0 and out_stream_state = 0)
                then 'applied'
            when out_stream_state <> 0 and in_revision > out_first then 'behind'
            else (array['pending', 'retrying', 'dead'])[out_stream_state + 1] end;
        return next;
    end loop;
end $$;
