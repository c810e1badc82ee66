-- Appends events of other producers to any streams, all or none: one autocommitted call, one round trip. The n-th
-- elements of the first arrays are one event.
--   in_sources, in_ids   unique together; an event that is there already is passed over
--   in_revisions         the revision that the event must get; null: the next
--   want_*   the heads that the caller folded keys from: the stream must still be there
--   held_*   unique keys that streams hold after their new events and did not before; freed_* the reverse
--   counter_*  what their new states contribute more to counters than the old ones
-- Gives a row for each event, in their order. Errors, the text after ": " is read by the caller:
--   LN006 a stream is not as the caller saw it: look again    LN003 a unique key is taken in scope: S
--   LN007 event N has another revision than the next: H       LN008 source and id are another event's, of event: N
-- The order of steps is the guarantee:
create or replace function lantern.intake_append(
    in_sources text[], in_ids text[], in_event_ids uuid[], in_aggregate_types text[], in_aggregate_ids text[],
    in_types text[], in_versions integer[], in_datas text[], in_metadatas text[], in_revisions bigint[],
    want_types text[], want_ids text[], want_heads bigint[],
    held_types text[], held_ids text[], held_scopes text[], held_keys text[],
    freed_types text[], freed_ids text[], freed_scopes text[], freed_keys text[],
    counter_names text[], counter_deltas bigint[])
returns table (place bigint, event_id uuid, revision bigint, was_known boolean)
language plpgsql as $$
#variable_conflict use_column
declare
    fresh bigint[];
    own   xid8;
    odd   record;
begin
    -- 1. Foreign ids: a concurrent twin waits here. An event of this store's own export is there without one.
    with placed as (
        insert into lantern.intake (source, id, event_id)
        select g.source, g.id, g.event_id from unnest(in_sources, in_ids, in_event_ids) g (source, id, event_id)
         order by g.source collate "C", g.id collate "C"
        on conflict do nothing
        returning source, id)
    select coalesce(array_agg(g.n), '{}') into fresh
      from unnest(in_sources, in_ids, in_event_ids) with ordinality g (source, id, event_id, n)
      join placed p on p.source = g.source and p.id = g.id
     where not exists (select from lantern.events e where e.id = g.event_id);

    -- 2. What is there already must be the same event.
    select g.n into odd
      from unnest(in_sources, in_ids, in_aggregate_types, in_aggregate_ids, in_types, in_versions, in_datas)
           with ordinality g (source, id, aggregate_type, aggregate_id, type, version, data, n)
      join lantern.intake i on i.source = g.source and i.id = g.id
      join lantern.events e on e.id = i.event_id
      join lantern.streams s on s.stream_id = e.stream_id
     where g.n <> all (fresh)
       and (e.type <> g.type or e.schema_version <> g.version
            or s.aggregate_type <> g.aggregate_type or s.aggregate_id <> g.aggregate_id
            or (coalesce(e.data::text, 'null') <> g.data and coalesce(e.data::jsonb, 'null'::jsonb) <> g.data::jsonb))
     order by g.n limit 1;
    if found then
        raise exception 'source and id are another event''s, of event: %', odd.n using errcode = 'LN008';
    end if;

    if cardinality(fresh) > 0 then
        -- 3. Lock the streams in one order; then check heads, before positions are drawn.
        insert into lantern.streams (aggregate_type, aggregate_id)
        select d.aggregate_type, d.aggregate_id
          from (select distinct g.aggregate_type, g.aggregate_id
                  from unnest(in_aggregate_types, in_aggregate_ids) with ordinality g (aggregate_type, aggregate_id, n)
                 where g.n = any (fresh)
                   and not exists (select from lantern.streams s where s.aggregate_type = g.aggregate_type
                                                                   and s.aggregate_id = g.aggregate_id)) d
         order by d.aggregate_type collate "C", d.aggregate_id collate "C"
        on conflict do nothing;
        perform from lantern.streams s
          where s.stream_id = any (array(
                    select t.stream_id
                      from unnest(in_aggregate_types, in_aggregate_ids) with ordinality g (aggregate_type, aggregate_id, n),
                           lateral (select f.stream_id from lantern.streams f
                                     where f.aggregate_type = g.aggregate_type and f.aggregate_id = g.aggregate_id
                                     offset 0) t
                     where g.n = any (fresh)))
          order by s.stream_id
            for no key update of s;
        if exists (select from unnest(want_types, want_ids, want_heads) w (aggregate_type, aggregate_id, head)
                    where w.head <> coalesce((select s.revision from lantern.streams s
                                               where s.aggregate_type = w.aggregate_type
                                                 and s.aggregate_id = w.aggregate_id), 0)) then
            raise exception 'some of the streams moved on meanwhile' using errcode = 'LN006';
        end if;
        select p.n, p.next into odd
          from (select g.n, g.revision,
                       s.revision + row_number() over (partition by s.stream_id order by g.n) as next
                  from unnest(in_aggregate_types, in_aggregate_ids, in_revisions)
                       with ordinality g (aggregate_type, aggregate_id, revision, n)
                  join lantern.streams s on s.aggregate_type = g.aggregate_type and s.aggregate_id = g.aggregate_id
                 where g.n = any (fresh)) p
         where p.revision <> p.next order by p.n limit 1;
        if found then
            raise exception 'event % has another revision than the next: %', odd.n, odd.next using errcode = 'LN007';
        end if;

        -- 4. Own the transaction id, then draw positions in the order of the events.
        own := pg_current_xact_id();
        insert into lantern.events (position, stream_id, revision, id, type, schema_version, recorded_at, xid, data, metadata)
        select nextval('lantern.events_position'), o.stream_id, o.next, o.event_id, o.type, o.version,
               clock_timestamp(), own, nullif(o.data, 'null')::json, o.metadata::json
          from (select g.*, s.stream_id,
                       s.revision + row_number() over (partition by s.stream_id order by g.n) as next
                  from unnest(in_event_ids, in_aggregate_types, in_aggregate_ids, in_types, in_versions, in_datas, in_metadatas)
                       with ordinality g (event_id, aggregate_type, aggregate_id, type, version, data, metadata, n)
                  join lantern.streams s on s.aggregate_type = g.aggregate_type and s.aggregate_id = g.aggregate_id
                 where g.n = any (fresh)
                 order by g.n) o;
        update lantern.streams s set revision = s.revision + d.events
          from (select g.aggregate_type, g.aggregate_id, count(*) as events
                  from unnest(in_aggregate_types, in_aggregate_ids) with ordinality g (aggregate_type, aggregate_id, n)
                 where g.n = any (fresh) group by g.aggregate_type, g.aggregate_id) d
         where s.aggregate_type = d.aggregate_type and s.aggregate_id = d.aggregate_id;

        -- 5. Unique keys, and counters.
        if coalesce(cardinality(held_keys), 0) + coalesce(cardinality(freed_keys), 0) > 0 then
            perform lantern.move_keys(held_types, held_ids, held_scopes, held_keys,
                                      freed_types, freed_ids, freed_scopes, freed_keys);
        end if;
        if coalesce(cardinality(counter_names), 0) > 0 then
            perform lantern.move_counters(counter_names, counter_deltas);
        end if;
    end if;

    return query
    select g.n, e.id, e.revision, g.n <> all (fresh)
      from unnest(in_sources, in_ids) with ordinality g (source, id, n)
      join lantern.intake i on i.source = g.source and i.id = g.id
      join lantern.events e on e.id = i.event_id
     order by g.n;
end $$;
