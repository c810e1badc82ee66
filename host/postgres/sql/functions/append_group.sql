-- Plain appends to several streams that are there, each as lantern.append would do it by itself, but for the round trip:
-- one autocommitted call. A member is the n-th element of the first arrays; no two are of one stream, or under one
-- idempotency key.
--   in_streams    sorted; in_expected the revisions that they must be at, in_revisions those that they then are at
--   event_*, idem_*, snap_*   as in append, each with its member, in the order of members and revisions
-- Gives, of the members: out_known, whose idempotency key is known; out_found with out_heads, whose streams could be locked
-- at once; out_passed, those appended; and the position of each event of these. A member that is in none of them: nothing was
-- done of it, since somebody else holds its stream.
-- No deadlock: what is waited for are idempotency records alone, in one order, before any stream is locked; streams are
-- never waited for; snapshots are written only under their stream's lock.
-- The order of steps is the guarantee:
create or replace function lantern.append_group(
    in_streams bigint[], in_aggregate_types text[], in_aggregate_ids text[], in_expected bigint[], in_revisions bigint[],
    event_members integer[], event_revisions bigint[], event_ids uuid[], event_types text[], event_versions integer[],
    event_datas text[], event_metadatas text[],
    idem_members integer[], idem_callers text[], idem_routes text[], idem_keys text[], idem_macs bytea[],
    idem_statuses integer[], idem_bodies text[],
    snap_members integer[], snap_revisions bigint[], snap_versions integer[], snap_builds text[], snap_states text[],
    out out_known integer[], out out_found integer[], out out_heads bigint[], out out_passed integer[],
    out out_positions bigint[], out out_recorded_at timestamptz)
language plpgsql as $$
declare
    own xid8;
begin
    -- 1. Idempotency records are the first rows: a concurrent twin waits on them.
    out_known := '{}';
    if cardinality(idem_members) > 0 then
        with placed as (
            insert into lantern.idempotency (caller, route, key, request_mac, status, body)
            select i.caller, i.route, i.key, i.mac, i.status, i.body::json
              from unnest(idem_callers, idem_routes, idem_keys, idem_macs, idem_statuses, idem_bodies)
                   i (caller, route, key, mac, status, body)
             order by i.caller collate "C", i.route collate "C", i.key collate "C"
            on conflict (caller, route, key) do update  -- one that is too old to count
               set request_mac = excluded.request_mac, status = excluded.status, body = excluded.body,
                   recorded_at = clock_timestamp()
             where idempotency.recorded_at <= clock_timestamp() - lantern.answers_kept()
            returning caller, route, key)
        select coalesce(array_agg(i.member), '{}') into out_known
          from unnest(idem_members, idem_callers, idem_routes, idem_keys) i (member, caller, route, key)
         where (i.caller, i.route, i.key) not in (select p.caller, p.route, p.key from placed p);
    end if;

    -- 2. Lock the stream rows that nobody else holds, check the revisions. Of those who go no further nothing is left.
    select coalesce(array_agg(l.member), '{}'), coalesce(array_agg(l.revision), '{}') into out_found, out_heads
      from (select array_position(in_streams, s.stream_id) as member, s.revision
              from lantern.streams s
             where s.stream_id = any (in_streams)
               and s.aggregate_type = in_aggregate_types[array_position(in_streams, s.stream_id)]
               and s.aggregate_id = in_aggregate_ids[array_position(in_streams, s.stream_id)]
             order by s.stream_id
               for no key update skip locked) l;
    out_passed := out_found;
    if out_heads <> in_expected or cardinality(out_known) > 0 then
        select coalesce(array_agg(f.member), '{}') into out_passed
          from unnest(out_found, out_heads) f (member, head)
         where f.head = in_expected[f.member] and f.member <> all (out_known);
        delete from lantern.idempotency i
         using unnest(idem_members, idem_callers, idem_routes, idem_keys) r (member, caller, route, key)
         where i.caller = r.caller and i.route = r.route and i.key = r.key
           and r.member <> all (out_passed) and r.member <> all (out_known);
        if cardinality(out_passed) = 0 then
            return;
        end if;
    end if;

    -- 3. Own the transaction id, then draw positions, in revision order within each stream.
    own := pg_current_xact_id();
    out_recorded_at := clock_timestamp();
    with written as (
        insert into lantern.events (position, stream_id, revision, id, type, schema_version, recorded_at, xid, data, metadata)
        select nextval('lantern.events_position'), in_streams[e.member], e.revision, e.id, e.type, e.version,
               out_recorded_at, own, e.data::json, e.metadata::json
          from unnest(event_members, event_revisions, event_ids, event_types, event_versions, event_datas, event_metadatas)
               with ordinality e (member, revision, id, type, version, data, metadata, place)
         where e.member = any (out_passed)
         order by e.place
        returning position)
    select array_agg(w.position) into out_positions from written w;
    update lantern.streams s set revision = in_revisions[array_position(in_streams, s.stream_id)]
     where s.stream_id = any (array(select in_streams[p.member] from unnest(out_passed) p (member)));

    -- 4. Snapshots.
    if cardinality(snap_members) > 0 then
        insert into lantern.snapshots as s (stream_id, revision, state_version, build, state)
        select in_streams[n.member], n.revision, n.version, n.build, n.state::json
          from unnest(snap_members, snap_revisions, snap_versions, snap_builds, snap_states)
               n (member, revision, version, build, state)
         where n.member = any (out_passed)
         order by n.member
        on conflict (stream_id) do update
           set revision = excluded.revision, state_version = excluded.state_version,
               build = excluded.build, state = excluded.state
         where s.revision < excluded.revision or s.state_version <> excluded.state_version
            or s.build <> excluded.build;
    end if;
end $$;
