-- How long the first answer to an Idempotency-Key is given again; limits::kKeepAnswers, after which it is pruned.
create or replace function lantern.answers_kept() returns interval language sql immutable as $$
    select interval '24 hours'
$$;

-- Appends events to one stream: one autocommitted call, one round trip.
--   expected      N exact revision, 0 none yet, -1 any
--   held_*        the unique keys the new state holds that the old one did not; freed_* the reverse
--   counter_*     bounded counters: value + delta must not fall below minimum
--   idem_*        record of the first answer; null idem_key: none. No ids: only the record is written
--   snap_*        folded state at snap_revision; null snap_state: none
-- Errors, the text after ": " is read by the caller:
--   LN001 the stream is at revision: N    LN003 a unique key is taken in scope: S
--   LN004 a counter would fall below its minimum: NAME    LN005 the idempotency key is known
-- The order of steps is the guarantee:
create or replace function lantern.append(
    in_aggregate_type text, in_aggregate_id text, expected bigint,
    ids uuid[], types text[], versions integer[], datas text[], metadatas text[],
    held_scopes text[], held_keys text[], freed_scopes text[], freed_keys text[],
    counter_names text[], counter_deltas bigint[], counter_minimums bigint[],
    idem_caller text, idem_route text, idem_key text, idem_mac bytea, idem_status integer, idem_body text,
    snap_revision bigint, snap_version integer, snap_build text, snap_state text,
    out out_stream_id bigint, out out_revision bigint, out out_position bigint, out out_recorded_at timestamptz)
language plpgsql as $$
declare
    head  bigint;
    own   xid8;
    moved record;
begin
    -- 1. The idempotency record is the first row: a concurrent twin waits on it.
    if idem_key is not null then
        insert into lantern.idempotency (caller, route, key, request_mac, status, body)
        values (idem_caller, idem_route, idem_key, idem_mac, idem_status, idem_body::json)
        on conflict (caller, route, key) do update  -- one that is too old to count
           set request_mac = excluded.request_mac, status = excluded.status, body = excluded.body,
               recorded_at = clock_timestamp()
         where idempotency.recorded_at <= clock_timestamp() - lantern.answers_kept();
        if not found then
            raise exception 'the idempotency key is known' using errcode = 'LN005';
        end if;
    end if;
    if coalesce(cardinality(ids), 0) = 0 then
        out_stream_id := 0; out_revision := 0; out_position := 0; out_recorded_at := clock_timestamp();
        return;
    end if;

    -- 2. Lock the stream row, check the revision. Only a writer that expects none, or any, may create it.
    select stream_id, revision into out_stream_id, head
      from lantern.streams
     where aggregate_type = in_aggregate_type and aggregate_id = in_aggregate_id
       for no key update;
    if not found and expected <= 0 then
        insert into lantern.streams (aggregate_type, aggregate_id) values (in_aggregate_type, in_aggregate_id)
        on conflict do nothing;
        select stream_id, revision into out_stream_id, head
          from lantern.streams
         where aggregate_type = in_aggregate_type and aggregate_id = in_aggregate_id
           for no key update;
    end if;
    if expected >= 0 and coalesce(head, 0) <> expected then
        raise exception 'the stream is at revision: %', coalesce(head, 0)
            using errcode = 'LN001', detail = format('expected %s of %s/%s', expected, in_aggregate_type, in_aggregate_id);
    end if;

    -- 3. Own the transaction id, then draw positions, in revision order.
    own := pg_current_xact_id();
    out_recorded_at := clock_timestamp();
    insert into lantern.events (position, stream_id, revision, id, type, schema_version, recorded_at, xid, data, metadata)
    select nextval('lantern.events_position'), out_stream_id, head + n, ids[n], types[n], versions[n],
           out_recorded_at, own, datas[n]::json, metadatas[n]::json
      from generate_series(1, cardinality(ids)) n
     order by n;
    out_revision := head + cardinality(ids);
    out_position := currval('lantern.events_position');
    update lantern.streams set revision = out_revision where stream_id = out_stream_id;

    -- 4. Unique keys, freed and held in one sorted order, so that two writers who swap keys don't deadlock.
    if coalesce(cardinality(freed_keys), 0) + coalesce(cardinality(held_keys), 0) > 0 then
        for moved in
            select * from (
                select f.scope, f.key, false as held from unnest(freed_scopes, freed_keys) f (scope, key)
                 union all
                select h.scope, h.key, true from unnest(held_scopes, held_keys) h (scope, key)) k
             order by k.scope collate "C", k.key collate "C", k.held
        loop
            if not moved.held then
                delete from lantern.unique_keys u
                 where u.scope = moved.scope and u.key = moved.key and u.stream_id = out_stream_id;
                continue;
            end if;
            insert into lantern.unique_keys (scope, key, stream_id) values (moved.scope, moved.key, out_stream_id)
            on conflict do nothing;
            if not found and not exists (select from lantern.unique_keys u
                                          where u.scope = moved.scope and u.key = moved.key
                                            and u.stream_id = out_stream_id) then
                raise exception 'a unique key is taken in scope: %', moved.scope using errcode = 'LN003';
            end if;
        end loop;
    end if;

    -- 5. Bounded counters.
    for n in 1 .. coalesce(cardinality(counter_names), 0) loop
        insert into lantern.counters as c (name, value) values (counter_names[n], counter_deltas[n])
        on conflict (name) do update set value = c.value + counter_deltas[n]
        returning value into head;
        if head < counter_minimums[n] then
            raise exception 'a counter would fall below its minimum: %', counter_names[n] using errcode = 'LN004';
        end if;
    end loop;

    -- 6. Snapshot.
    if snap_state is not null then
        insert into lantern.snapshots as s (stream_id, revision, state_version, build, state)
        values (out_stream_id, snap_revision, snap_version, snap_build, snap_state::json)
        on conflict (stream_id) do update
           set revision = excluded.revision, state_version = excluded.state_version,
               build = excluded.build, state = excluded.state
         where s.revision < excluded.revision or s.state_version <> excluded.state_version
            or s.build <> excluded.build;
    end if;
end $$;
