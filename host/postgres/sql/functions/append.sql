-- Appends events to one stream: one autocommitted call, one round trip.
--   expected      N exact revision, 0 none yet, -1 any
--   held_*        the unique keys the new state holds that the old one did not; freed_* the reverse
--   counter_*     bounded counters: value + delta must not fall below minimum
--   idem_*        record of the first answer; null idem_key: none. Its body is completed by the caller's own text
--   snap_*        folded state at the new head; null: none
-- Errors: LN001 revision differs (detail: head), LN003 unique key taken (detail: scope, key),
--         LN004 counter below minimum (detail: name), LN005 idempotency key known.
-- The order of steps is the guarantee:
create or replace function lantern.append(
    in_aggregate_type text, in_aggregate_id text, expected bigint,
    ids uuid[], types text[], versions integer[], datas text[], metadatas text[],
    held_scopes text[], held_keys text[], freed_scopes text[], freed_keys text[],
    counter_names text[], counter_deltas bigint[], counter_minimums bigint[],
    idem_caller text, idem_route text, idem_key text, idem_mac bytea, idem_status integer, idem_body text,
    snap_version integer, snap_build text, snap_state text,
    out out_stream_id bigint, out out_revision bigint, out out_position bigint)
language plpgsql as $$
declare
    head  bigint;
    own   xid8;
    taken record;
begin
    -- 1. The idempotency record is the first row: a concurrent twin waits on it.
    if idem_key is not null then
        insert into lantern.idempotency (caller, route, key, request_mac, status, body)
        values (idem_caller, idem_route, idem_key, idem_mac, idem_status, idem_body::json)
        on conflict do nothing;
        if not found then
            raise exception 'idempotency key is known' using errcode = 'LN005';
        end if;
    end if;

    -- 2. Lock the stream row, check the revision. Only a writer that expects none may create it.
    select stream_id, revision into out_stream_id, head
      from lantern.streams
     where aggregate_type = in_aggregate_type and aggregate_id = in_aggregate_id
       for update;
    if not found and expected <= 0 then
        insert into lantern.streams (aggregate_type, aggregate_id) values (in_aggregate_type, in_aggregate_id)
        on conflict do nothing;
        select stream_id, revision into out_stream_id, head
          from lantern.streams
         where aggregate_type = in_aggregate_type and aggregate_id = in_aggregate_id
           for update;
    end if;
    if expected >= 0 and coalesce(head, 0) <> expected then
        raise exception 'stream %/% is at revision %, expected %',
              in_aggregate_type, in_aggregate_id, coalesce(head, 0), expected
            using errcode = 'LN001', detail = coalesce(head, 0)::text;
    end if;

    -- 3. Own the transaction id, then draw positions, in revision order.
    own := pg_current_xact_id();
    insert into lantern.events (position, stream_id, revision, id, type, schema_version, recorded_at, xid, data, metadata)
    select nextval('lantern.events_position'), out_stream_id, head + n, ids[n], types[n], versions[n],
           clock_timestamp(), own, datas[n]::json, metadatas[n]::json
      from generate_series(1, cardinality(ids)) n
     order by n;
    out_revision := head + cardinality(ids);
    out_position := currval('lantern.events_position');
    update lantern.streams set revision = out_revision where stream_id = out_stream_id;

    -- 4. Unique keys: free, then hold, in the sorted order the caller gave.
    for n in 1 .. coalesce(cardinality(freed_keys), 0) loop
        delete from lantern.unique_keys u
         where u.scope = freed_scopes[n] and u.key = freed_keys[n] and u.stream_id = out_stream_id;
    end loop;
    for n in 1 .. coalesce(cardinality(held_keys), 0) loop
        insert into lantern.unique_keys (scope, key, stream_id) values (held_scopes[n], held_keys[n], out_stream_id)
        on conflict do nothing;
        if not found then
            select u.stream_id into taken from lantern.unique_keys u
             where u.scope = held_scopes[n] and u.key = held_keys[n];
            if taken.stream_id is distinct from out_stream_id then
                raise exception 'unique key % of % is taken', held_keys[n], held_scopes[n]
                    using errcode = 'LN003', detail = held_scopes[n];
            end if;
        end if;
    end loop;

    -- 5. Bounded counters.
    for n in 1 .. coalesce(cardinality(counter_names), 0) loop
        insert into lantern.counters as c (name, value) values (counter_names[n], counter_deltas[n])
        on conflict (name) do update set value = c.value + counter_deltas[n]
        returning value into head;
        if head < counter_minimums[n] then
            raise exception 'counter % would fall to %, below %', counter_names[n], head, counter_minimums[n]
                using errcode = 'LN004', detail = counter_names[n];
        end if;
    end loop;

    -- 6. Snapshot.
    if snap_state is not null then
        insert into lantern.snapshots as s (stream_id, revision, state_version, build, state)
        values (out_stream_id, out_revision, snap_version, snap_build, snap_state::json)
        on conflict (stream_id) do update
           set revision = excluded.revision, state_version = excluded.state_version,
               build = excluded.build, state = excluded.state
         where s.revision < excluded.revision;
    end if;
end $$;
