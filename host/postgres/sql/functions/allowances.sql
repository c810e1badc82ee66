-- Takes one act from each allowance, or from none. An allowance of `acts` in `per_ms` is one act richer every
-- per_ms / acts, up to all of them.
--   wait_ms  0 taken; else how long until every one of them has an act
create or replace function lantern.take_allowances(names text[], acts bigint[], per_ms bigint[], out wait_ms bigint)
language plpgsql as $$
declare
    at timestamptz := clock_timestamp();
begin
    -- 1. Lock them, in one order for all callers.
    insert into lantern.allowances (name, full_at)
    select distinct a.name, at from unnest(names) a (name) order by 1
    on conflict do nothing;
    perform from lantern.allowances a where a.name = any (names) order by a.name for update;

    -- 2. Is there one in each?
    select greatest(0, ceil(max(extract(epoch from a.full_at - at) * 1000
                                - w.per_ms + w.per_ms::numeric / w.acts)))::bigint
      into wait_ms
      from unnest(names, acts, per_ms) w (name, acts, per_ms) join lantern.allowances a using (name);
    if wait_ms > 0 then return; end if;

    -- 3. Take them.
    update lantern.allowances a
       set full_at = greatest(a.full_at, at) + w.per_ms::numeric / w.acts * interval '1 millisecond'
      from unnest(names, acts, per_ms) w (name, acts, per_ms)
     where a.name = w.name;

    -- 4. Now and then, forget those that are whole.
    if random() < 0.01 then
        delete from lantern.allowances where name in (
            select a.name from lantern.allowances a where a.full_at < at - interval '1 minute' limit 1000
               for update skip locked);
    end if;
end $$;

-- Gives one act back to each.
create or replace function lantern.give_allowances_back(names text[], acts bigint[], per_ms bigint[]) returns void
language sql as $$
    with locked as (
        select a.name from lantern.allowances a where a.name = any (names) order by a.name for update
    )
    update lantern.allowances a
       set full_at = a.full_at - w.per_ms::numeric / w.acts * interval '1 millisecond'
      from unnest(names, acts, per_ms) w (name, acts, per_ms), locked
     where a.name = w.name and locked.name = a.name
$$;
