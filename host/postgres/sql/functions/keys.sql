-- Unique keys of several streams that are locked: freed and held in one sorted order, so that two writers who swap
-- keys don't deadlock.
-- Errors, the text after ": " is read by the caller:
--   LN003 a unique key is taken in scope: S    with the stream that wanted it as detail
create or replace function lantern.move_keys(
    held_types text[], held_ids text[], held_scopes text[], held_keys text[],
    freed_types text[], freed_ids text[], freed_scopes text[], freed_keys text[])
returns void language plpgsql as $$
declare
    moved record;
begin
    for moved in
        select k.scope, k.key, k.held, k.aggregate_type, k.aggregate_id, s.stream_id
          from (select f.t, f.i, f.scope, f.key, false from unnest(freed_types, freed_ids, freed_scopes, freed_keys) f (t, i, scope, key)
                 union all
                select h.t, h.i, h.scope, h.key, true from unnest(held_types, held_ids, held_scopes, held_keys) h (t, i, scope, key))
               k (aggregate_type, aggregate_id, scope, key, held)
          join lantern.streams s on s.aggregate_type = k.aggregate_type and s.aggregate_id = k.aggregate_id
         order by k.scope collate "C", k.key collate "C", k.held
    loop
        if not moved.held then
            delete from lantern.unique_keys u
             where u.scope = moved.scope and u.key = moved.key and u.stream_id = moved.stream_id;
            continue;
        end if;
        insert into lantern.unique_keys (scope, key, stream_id) values (moved.scope, moved.key, moved.stream_id)
        on conflict do nothing;
        if not found and not exists (select from lantern.unique_keys u
                                      where u.scope = moved.scope and u.key = moved.key
                                        and u.stream_id = moved.stream_id) then
            raise exception 'a unique key is taken in scope: %', moved.scope
                using errcode = 'LN003', detail = moved.aggregate_type || '/' || moved.aggregate_id;
        end if;
    end loop;
end $$;

-- Counters by what the streams' new states contribute more than the old ones, in one sorted order. No minimum is kept:
-- what comes without a decision has happened.
create or replace function lantern.move_counters(names text[], deltas bigint[])
returns void language sql as $$
    insert into lantern.counters as c (name, value)
    select m.name, m.delta from unnest(names, deltas) m (name, delta) order by m.name collate "C"
    on conflict (name) do update set value = c.value + excluded.value
$$;
