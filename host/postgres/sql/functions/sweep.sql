-- The sweep's look at the store and its handlers (host/sweep): which streams are behind, and the notes for them.

-- One page of the slice between two marks, read once for all of in_handlers: at most in_limit events above in_after.
-- One row for each handler and stream that is behind in it (live, and a routed event of the page is not applied; or
-- parked, and it was not seen), by position; at least one for each handler, with a null stream when none is.
--   out_reached, out_last  the page's last position; whether nothing of the slice lies behind it
--   out_revision           the highest of the stream's routed ones in the page
--   out_position           the first that is not applied
--   out_overdue            it won't come by the queue, which has been worked off up to there
-- A handler whose row is locked is left out: its routes may be moving. Whoever notes a beginning holds that row, and
-- notes a position drawn later than the upper mark was taken unless it held the row before us.
-- Its session plans along indexes alone; of the page and its stream rows, which have none, that would compare each
-- with each.
create or replace function lantern.sweep_look(
    in_handlers text[], in_floor bigint, in_snapshot pg_snapshot, in_target pg_snapshot, in_ceiling bigint,
    in_after bigint, in_limit bigint)
returns table (out_handler text, out_reached bigint, out_last boolean, out_stream bigint, out_revision bigint,
               out_position bigint, out_overdue boolean)
language plpgsql set enable_hashjoin = on as $$
declare
    one       record;
    positions bigint[];
    streams   bigint[];
    revisions bigint[];
    types     text[];
begin
    -- 1. The page, as the relay reads it (statements/slice_page.sql), without data.
    select array_agg(p.position order by p.position), array_agg(p.stream_id order by p.position),
           array_agg(p.revision order by p.position), array_agg(p.type order by p.position)
      into positions, streams, revisions, types
      from (
        select page.position, page.stream_id, page.revision, page.type from (
            (select late.* from pg_snapshot_xip(in_snapshot) x (xid), lateral (
                select e.position, e.stream_id, e.revision, e.type from lantern.events e
                 where (e.xid, e.position) > (x.xid, in_after) and e.xid <= x.xid and pg_visible_in_snapshot(e.xid, in_target)
                 order by e.xid, e.position limit in_limit) late
              order by late.position limit in_limit)
            union all
            (select e.position, e.stream_id, e.revision, e.type from lantern.events e
              where e.position > greatest(in_floor, in_after) and e.position <= in_ceiling
                and e.xid >= pg_snapshot_xmax(in_snapshot) and pg_visible_in_snapshot(e.xid, in_target)
              order by e.position limit in_limit)) page
         order by page.position limit in_limit) p;
    out_reached := coalesce(positions[cardinality(positions)], in_after);
    out_last := coalesce(cardinality(positions), 0) < in_limit;

    -- 2. Its handlers' stream rows.
    for one in select h.handler, h.partitions from lantern.handlers h
                where h.handler = any (in_handlers)
                  and to_regclass(format('%I.lantern_streams', h.handler)) is not null
                order by h.handler for share skip locked
    loop
        return query execute format($sql$
            with wanted as materialized (
                select p.position, p.stream_id, p.revision
                  from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[]) p (position, stream_id, revision, type)
                  join lantern.routes r on r.handler = $5 and r.event_type = p.type and p.position > r.begin_position
                   and (r.end_position is null or p.position <= r.end_position)),
            rows as materialized (
                select s.stream_id, case s.state when 0 then s.revision else greatest(s.revision, s.seen) end as known
                  from (select distinct w.stream_id from wanted w) d join %1$I.lantern_streams s using (stream_id)),
            behind as (
                select w.stream_id, max(w.revision) as revision, min(w.position) as position
                  from wanted w left join rows s on s.stream_id = w.stream_id
                 where w.revision > coalesce(s.known, 0)
                 group by w.stream_id order by 3 limit 1000)
            select $5, $6, $7, b.stream_id, b.revision, b.position,
                   coalesce(b.position <= greatest(l.taken, l.feed_cursor), false)
              from (select 1) always left join behind b on true
              left join lantern.leases l on l.handler = $5 and l.partition = b.stream_id %% 32 %% $8
             order by b.position $sql$, one.handler)
         using positions, streams, revisions, types, one.handler, out_reached, out_last, one.partitions;
    end loop;
end $$;

-- "Catch this stream up from the store": for streams that still are live and behind in_revisions. Of a parked one
-- `seen` is raised, as a delivery would: whoever is catching it up has perhaps read the store before these were there,
-- and must not unpark it. A row that is written just now is left alone: it is moving. Returns how many were changed.
create or replace function lantern.sweep_note(in_handler text, in_streams bigint[], in_revisions bigint[])
returns bigint language plpgsql as $$
declare
    made  bigint;
    noted bigint;
begin
    perform pg_advisory_xact_lock_shared(x'4c42'::integer, h.handler_id)
       from lantern.handlers h where h.handler = in_handler;
    execute format($sql$
        insert into %1$I.lantern_streams (stream_id, revision, next_attempt_at)
        select n.stream, 0, clock_timestamp() from unnest($1) n (stream)
         where not exists (select from %1$I.lantern_streams s where s.stream_id = n.stream)
         order by n.stream
        on conflict (stream_id) do nothing $sql$, in_handler) using in_streams;
    get diagnostics made = row_count;
    execute format($sql$
        update %1$I.lantern_streams s
           set next_attempt_at = case s.state when 0 then clock_timestamp() else s.next_attempt_at end,
               seen = case s.state when 0 then s.seen else greatest(s.seen, behind.revision) end
          from (select t.stream_id, n.revision from unnest($1, $2) n (stream, revision)
                  join %1$I.lantern_streams t on t.stream_id = n.stream
                 where case t.state when 0 then t.next_attempt_at is null and t.revision < n.revision
                                    else greatest(t.revision, t.seen) < n.revision end
                 order by t.stream_id for update of t skip locked) behind
         where s.stream_id = behind.stream_id $sql$, in_handler) using in_streams, in_revisions;
    get diagnostics noted = row_count;
    return made + noted;
end $$;
