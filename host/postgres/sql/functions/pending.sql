-- What a handler has still to apply: one definition, behind lag, status, `lantern.unprocessed_events` and whoever asks
-- about one stream. It looks above what is verified, and at parked streams, and so costs the same in a store of ten
-- thousand and of a hundred million events.

-- Position at and below which everything is applied or parked, but for events of transactions that were still open
-- when the sweep's marks were taken; those it checks by their transaction ids.
create or replace function lantern.verified_up_to(in_handler text) returns bigint language sql stable as $$
    select greatest(h.verified_floor, least(h.verified_cursor, h.verified_target_floor))
      from lantern.handlers h where h.handler = in_handler
$$;

-- Whether the handler's routes want an event of this type at this position.
create or replace function lantern.wants(in_handler text, in_type text, in_position bigint) returns boolean
language sql stable as $$
    select exists (select from lantern.routes r
                    where r.handler = in_handler and r.event_type = in_type and in_position > r.begin_position
                      and (r.end_position is null or in_position <= r.end_position))
$$;

-- The events that the sweep has not verified for the handler, at most in_limit of the store, with the word of whether
-- they wait: routed, not applied, and in a stream that is not parked. What was read has no index to be joined along, also
-- where the session plans by indexes alone.
create or replace function lantern.unverified(in_handler text, in_limit bigint)
returns table (out_position bigint, out_event uuid, out_stream bigint, out_revision bigint, out_type text,
               out_recorded_at timestamptz, out_waits boolean)
language plpgsql stable set enable_hashjoin = on as $$
declare
    h     lantern.handlers;
    above bigint := lantern.verified_up_to(in_handler);
    late  xid8[];
begin
    select * into h from lantern.handlers x where x.handler = in_handler;
    if not found or to_regclass(format('%I.lantern_streams', in_handler)) is null then
        return;
    end if;
    late := array(select pg_snapshot_xip(h.verified) union select pg_snapshot_xip(h.verified_target));
    -- As a slice is read: ids that were in progress, by index, then younger ones along the primary key.
    return query execute format($sql$
        with looked_at as materialized (
            select * from (
                (select e.position, e.id, e.stream_id, e.revision, e.type, e.recorded_at
                   from unnest($1::xid8[]) x (xid), lateral (
                       select * from lantern.events o
                        where (o.xid, o.position) > (x.xid, 0) and o.xid <= x.xid and not pg_visible_in_snapshot(o.xid, $2)
                          and not (coalesce(pg_visible_in_snapshot(o.xid, $3), false) and o.position <= $4)
                        order by o.xid, o.position limit $6) e
                  order by e.position limit $6)
                union all
                (select e.position, e.id, e.stream_id, e.revision, e.type, e.recorded_at
                   from lantern.events e
                  where e.position > $5 and e.xid >= pg_snapshot_xmax($2) and e.xid <> all ($1)
                    and not (coalesce(pg_visible_in_snapshot(e.xid, $3), false) and e.position <= $4)
                  order by e.position limit $6)) arms
             order by position limit $6),
        routes as materialized (
            select r.event_type, r.begin_position, coalesce(r.end_position, 9223372036854775807) as end_position
              from lantern.routes r where r.handler = $7 and r.begin_position is not null),
        rows as materialized (
            select s.stream_id, s.revision, s.state
              from (select distinct stream_id from looked_at) d join %1$I.lantern_streams s using (stream_id))
        select l.position, l.id, l.stream_id, l.revision, l.type, l.recorded_at,
               coalesce(s.revision, 0) < l.revision and coalesce(s.state, 0) = 0
               and exists (select from routes r where r.event_type = l.type
                              and l.position > r.begin_position and l.position <= r.end_position)
          from looked_at l left join rows s on s.stream_id = l.stream_id
         order by l.position $sql$, in_handler)
     using late, h.verified, h.verified_target, h.verified_cursor, above, in_limit, in_handler;
end $$;

-- Every event that the handler's routes want and that is not applied, by position.
--   out_state  waiting: on its way, or to be caught up; retrying, dead: of its stream, which is parked at an event
--              before it or at this one
-- in_limit: how many unverified events of the store to look at; null: all.
create or replace function lantern.pending(in_handler text, in_limit bigint default null)
returns table (out_position bigint, out_event uuid, out_stream bigint, out_revision bigint, out_type text,
               out_recorded_at timestamptz, out_state text)
language plpgsql stable as $$
begin
    if to_regclass(format('%I.lantern_streams', in_handler)) is null then
        return;
    end if;
    return query execute format($sql$
        select u.out_position, u.out_event, u.out_stream, u.out_revision, u.out_type, u.out_recorded_at, 'waiting'
          from lantern.unverified($1, $2) u where u.out_waits
        union all
        select e.position, e.id, e.stream_id, e.revision, e.type, e.recorded_at,
               case s.state when 1 then 'retrying' else 'dead' end
          from %1$I.lantern_streams s
          join lantern.events e on e.stream_id = s.stream_id and e.revision > s.revision
         where s.state <> 0 and lantern.wants($1, e.type, e.position)
         order by 1 $sql$, in_handler)
     using in_handler, in_limit;
end $$;

-- The same of one stream, in revision order: what `lantern.pending` says of it, without looking at any other.
create or replace function lantern.pending_of_stream(in_handler text, in_stream bigint)
returns table (out_position bigint, out_event uuid, out_revision bigint, out_type text, out_recorded_at timestamptz,
               out_state text)
language plpgsql stable as $$
begin
    if to_regclass(format('%I.lantern_streams', in_handler)) is null then
        return;
    end if;
    return query execute format($sql$
        select e.position, e.id, e.revision, e.type, e.recorded_at,
               case coalesce(s.state, 0) when 0 then 'waiting' when 1 then 'retrying' else 'dead' end
          from lantern.events e left join %1$I.lantern_streams s on s.stream_id = e.stream_id
         where e.stream_id = $2 and e.revision > coalesce(s.revision, 0) and lantern.wants($1, e.type, e.position)
         order by e.revision $sql$, in_handler)
     using in_handler, in_stream;
end $$;

create or replace view lantern.unprocessed_events as
select h.handler, p.out_position as position, p.out_event as event_id, n.aggregate_type, n.aggregate_id,
       p.out_revision as revision, p.out_type as type, p.out_recorded_at as recorded_at, p.out_state as state
  from lantern.handlers h
 cross join lateral lantern.pending(h.handler) p
  join lantern.streams n on n.stream_id = p.out_stream
 where h.state <> 'removed';

-- How much of it there is: events that wait and the oldest of them, parked streams. Looks at no more than in_limit
-- unverified events; out_complete says whether those were all.
create or replace function lantern.lag(
    in_handler text, in_limit bigint,
    out out_events bigint, out out_oldest timestamptz, out out_complete boolean,
    out out_retrying bigint, out out_dead bigint)
language plpgsql stable as $$
begin
    select count(*) filter (where u.out_waits), min(u.out_recorded_at) filter (where u.out_waits),
           count(*) < in_limit
      into out_events, out_oldest, out_complete
      from lantern.unverified(in_handler, in_limit) u;
    out_retrying := 0; out_dead := 0;
    if to_regclass(format('%I.lantern_streams', in_handler)) is not null then
        execute format('select count(*) filter (where state = 1), count(*) filter (where state = 2)
                          from %I.lantern_streams where state <> 0', in_handler)
           into out_retrying, out_dead;
    end if;
end $$;
