-- What a handler still has to apply: routed events above its settled floor, not applied, in streams that are not
-- parked. Looks at no more than in_limit events of the store; out_complete says whether that was all. Advances the
-- settled floor where it can, so that the next call looks at less.
create or replace function lantern.lag(
    in_handler text, in_limit bigint,
    out out_events bigint, out out_oldest timestamptz, out out_complete boolean,
    out out_retrying bigint, out out_dead bigint)
language plpgsql as $$
declare
    known     record;
    final     bigint;
    looked    bigint;
    last_seen bigint;
    first_due bigint;
begin
    select h.settled_floor, h.settling_floor, h.settling into known from lantern.handlers h where h.handler = in_handler;
    out_events := 0; out_complete := true; out_retrying := 0; out_dead := 0;
    if not found or to_regclass(format('%I.lantern_streams', in_handler)) is null then
        return;
    end if;

    -- 1. Count, along the primary key.
    execute format($sql$
        with looked_at as materialized (
            select e.position, e.stream_id, e.revision, e.type, e.recorded_at from lantern.events e
             where e.position > $1 order by e.position limit $2
        ), due as (
            select l.position, l.recorded_at from looked_at l
              left join %1$I.lantern_streams s on s.stream_id = l.stream_id
             where coalesce(s.revision, 0) < l.revision and coalesce(s.state, 0) = 0
               and exists (select from lantern.routes r
                            where r.handler = $3 and r.event_type = l.type and l.position > r.begin_position
                              and (r.end_position is null or l.position <= r.end_position))
        )
        select (select count(*) from looked_at), (select max(position) from looked_at),
               count(*), min(position), min(recorded_at) from due $sql$, in_handler)
       into looked, last_seen, out_events, first_due, out_oldest
      using known.settled_floor, in_limit, in_handler;
    out_complete := looked < in_limit;
    execute format('select count(*) filter (where state = 1), count(*) filter (where state = 2)
                      from %I.lantern_streams where state <> 0', in_handler)
       into out_retrying, out_dead;

    -- 2. Final is the floor of an earlier mark whose ids have all ended: nobody can commit at or below it any more.
    if known.settling is not null and pg_snapshot_xmin(pg_current_snapshot()) >= pg_snapshot_xmax(known.settling) then
        final := least(known.settling_floor, coalesce(first_due - 1, known.settling_floor));
        if not out_complete then
            final := least(final, last_seen);
        end if;
        update lantern.handlers h
           set settled_floor = greatest(h.settled_floor, final),
               settling_floor = m.floor, settling = m.snapshot
          from lantern.marks m
         where h.handler = in_handler and m.reader = 'relay';
    elsif known.settling is null then
        update lantern.handlers h set settling_floor = m.floor, settling = m.snapshot
          from lantern.marks m where h.handler = in_handler and m.reader = 'relay';
    end if;
end $$;
