-- Bulk append. The lines of a chunk stand in two temporary tables of the session (host/postgres/store/intake.cpp):
--   lantern_import (line, source, id, event_id, aggregate_type, aggregate_id, type, schema_version, recorded_at,
--                   revision, data, metadata), and lantern_import_streams, which this function fills.
--   want_*   the heads that the caller folded keys from: the stream must still be there
--   held_*   unique keys that streams hold after their new events and did not before; freed_* the reverse
--   counter_*  what the streams' new states contribute more to counters than the old ones, sorted by name; no minimum
--            is kept, since what is imported has happened
-- Side effects that are routed get ledger rows `suppressed`, unless the effects are to be delivered.
-- Errors, the text after ": " is read by the caller:
--   LN006 a line or a stream is not as the caller saw it: look again    LN003 a unique key is taken in scope: S
--   LN007 line N has another revision than the next: H
-- The order of steps is the guarantee:
create or replace function lantern.import_chunk(
    deliver_effects boolean, want_types text[], want_ids text[], want_heads bigint[],
    held_types text[], held_ids text[], held_scopes text[], held_keys text[],
    freed_types text[], freed_ids text[], freed_scopes text[], freed_keys text[],
    counter_names text[], counter_deltas bigint[],
    out out_events bigint)
language plpgsql as $$
declare
    own     xid8;
    lines   bigint;
    odd     record;
begin
    -- 1. Foreign ids: a concurrent import of the same lines waits here.
    select count(*) into lines from pg_temp.lantern_import;
    insert into lantern.intake (source, id, event_id)
    select i.source, i.id, i.event_id from pg_temp.lantern_import i
     order by i.source collate "C", i.id collate "C"
    on conflict do nothing;
    get diagnostics out_events = row_count;
    if out_events <> lines then
        raise exception 'some of the lines were imported meanwhile' using errcode = 'LN006';
    end if;

    -- 2. Lock the streams in one order; then check heads, before positions are drawn.
    insert into lantern.streams (aggregate_type, aggregate_id)
    select d.aggregate_type, d.aggregate_id
      from (select distinct i.aggregate_type, i.aggregate_id from pg_temp.lantern_import i
             where not exists (select from lantern.streams s where s.aggregate_type = i.aggregate_type
                                                               and s.aggregate_id = i.aggregate_id)) d
     order by d.aggregate_type collate "C", d.aggregate_id collate "C"
    on conflict do nothing;
    insert into pg_temp.lantern_import_streams (stream_id, aggregate_type, aggregate_id, head)
    select s.stream_id, s.aggregate_type, s.aggregate_id, s.revision
      from lantern.streams s
     where s.stream_id = any (array(
               select t.stream_id from (select distinct i.aggregate_type, i.aggregate_id from pg_temp.lantern_import i) d,
                      lateral (select n.stream_id from lantern.streams n
                                where n.aggregate_type = d.aggregate_type and n.aggregate_id = d.aggregate_id
                                offset 0) t))
     order by s.stream_id
       for no key update of s;
    if exists (select from unnest(want_types, want_ids, want_heads) w (aggregate_type, aggregate_id, head)
                where not exists (select from pg_temp.lantern_import_streams t
                                   where t.aggregate_type = w.aggregate_type and t.aggregate_id = w.aggregate_id
                                     and t.head = w.head)) then
        raise exception 'some of the streams moved on meanwhile' using errcode = 'LN006';
    end if;
    insert into pg_temp.lantern_import_events (line, stream_id, revision)
    select i.line, t.stream_id, t.head + row_number() over (partition by t.stream_id order by i.line)
      from pg_temp.lantern_import i
      join pg_temp.lantern_import_streams t
        on t.aggregate_type = i.aggregate_type and t.aggregate_id = i.aggregate_id;
    select i.line, e.revision into odd
      from pg_temp.lantern_import i join pg_temp.lantern_import_events e on e.line = i.line
     where i.revision <> e.revision order by i.line limit 1;
    if found then
        raise exception 'line % has another revision than the next: %', odd.line, odd.revision using errcode = 'LN007';
    end if;

    -- 3. Own the transaction id, then draw positions in the order of the lines.
    own := pg_current_xact_id();
    insert into lantern.events (position, stream_id, revision, id, type, schema_version, recorded_at, xid, data, metadata)
    select nextval('lantern.events_position'), o.stream_id, o.revision, o.event_id, o.type, o.schema_version,
           coalesce(o.recorded_at, clock_timestamp()), own, o.data, o.metadata
      from (select e.stream_id, e.revision, i.* from pg_temp.lantern_import_events e
              join pg_temp.lantern_import i (line, source, id, event_id, aggregate_type, aggregate_id, type, schema_version,
                                             recorded_at, given, data, metadata) on i.line = e.line
             order by e.line) o;
    update lantern.streams s set revision = n.head
      from (select e.stream_id, max(e.revision) as head from pg_temp.lantern_import_events e group by e.stream_id) n
     where s.stream_id = n.stream_id;

    -- 4. Unique keys.
    perform lantern.move_keys(held_types, held_ids, held_scopes, held_keys, freed_types, freed_ids, freed_scopes, freed_keys);

    -- 5. Counters.
    perform lantern.move_counters(counter_names, counter_deltas);

    -- 6. What was imported lies before every side effect's start.
    if not deliver_effects then
        insert into lantern.effects (handler, event_id, stream_id, revision, key, state, epoch, attempt, finished_at, note)
        select h.handler, i.event_id, e.stream_id, e.revision, i.event_id, 'suppressed', 0, 0, clock_timestamp(), 'imported'
          from lantern.handlers h
          join lantern.routes r on r.handler = h.handler and r.end_position is null
          join pg_temp.lantern_import i on i.type = r.event_type
          join pg_temp.lantern_import_events e on e.line = i.line
         where h.kind = 'side_effect' and h.state <> 'removed'
        on conflict do nothing;
    end if;
end $$;
