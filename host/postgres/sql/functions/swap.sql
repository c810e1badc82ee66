-- Schemas that are built beside a handler's live one, and the swap.

-- Takes keys and indexes off the tables of a schema and notes how they are made again, in lantern_keys.
create or replace function lantern.strip_keys(in_schema text) returns void language plpgsql as $$
declare
    one record;
begin
    execute format('create table %I.lantern_keys (place integer generated always as identity, ddl text not null)', in_schema);
    for one in
        select c.conrelid::regclass as of_table, c.conname, pg_get_constraintdef(c.oid) as definition
          from pg_constraint c join pg_namespace n on n.oid = c.connamespace
         where n.nspname = in_schema and c.contype in ('p', 'u') order by c.oid
    loop
        execute format('insert into %I.lantern_keys (ddl) values ($1)', in_schema)
          using format('alter table %s add constraint %I %s', one.of_table, one.conname, one.definition);
        execute format('alter table %s drop constraint %I', one.of_table, one.conname);
    end loop;
    for one in
        select i.indexrelid::regclass as of_index, pg_get_indexdef(i.indexrelid) as definition
          from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = in_schema order by i.indexrelid
    loop
        execute format('insert into %I.lantern_keys (ddl) values ($1)', in_schema) using one.definition;
        execute format('drop index %s', one.of_index);
    end loop;
end $$;

-- What of others hangs on a handler's schema and would stay with the old tables: views and functions bind by oid,
-- and what somebody else made inside of the schema is not in the new one.
create or replace function lantern.dependents(in_schema text) returns table (out_kind text, out_name text)
language sql stable as $$
    with mine as (select c.oid, c.relname, c.relkind, c.reltype, n.oid as schema
                    from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = in_schema),
         declared as (select t.value ->> 'name' as name
                        from lantern.handlers h, json_array_elements(case json_typeof(h.declaration) when 'array' then h.declaration
                                                                          else '[]' end) t
                       where h.handler = in_schema)
    select distinct case v.relkind when 'm' then 'materialized view' when 'v' then 'view' else 'rule of' end, v.oid::regclass::text
      from pg_depend d
      join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
      join pg_class v on v.oid = r.ev_class
     where d.refclassid = 'pg_class'::regclass and d.refobjid in (select oid from mine) and d.refobjid <> v.oid
    union
    select 'foreign key', f.conrelid::regclass || ' ' || f.conname
      from pg_constraint f
     where f.contype = 'f' and f.confrelid in (select oid from mine) and f.conrelid not in (select oid from mine)
    union
    select 'function', p.oid::regprocedure::text
      from pg_depend d join pg_proc p on d.classid = 'pg_proc'::regclass and p.oid = d.objid
     where (d.refclassid = 'pg_class'::regclass and d.refobjid in (select oid from mine)
            or d.refclassid = 'pg_type'::regclass and d.refobjid in (select reltype from mine))
       and p.pronamespace not in (select schema from mine)
    union
    select 'publication', p.pubname::text
      from pg_publication_rel r join pg_publication p on p.oid = r.prpubid where r.prrelid in (select oid from mine)
    union
    select 'trigger', t.tgrelid::regclass || ' ' || t.tgname
      from pg_trigger t where t.tgrelid in (select oid from mine) and not t.tgisinternal
    union
    select 'policy', p.polrelid::regclass || ' ' || p.polname from pg_policy p where p.polrelid in (select oid from mine)
    union
    select case m.relkind when 'r' then 'table' when 'S' then 'sequence' when 'v' then 'view' when 'm' then 'materialized view'
                          else 'relation' end, m.oid::regclass::text
      from mine m
     where m.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and m.relname not like 'lantern\_%'
       and (exists (select from declared) and m.relname not in (select name from declared))
    union
    select 'function', p.oid::regprocedure::text
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = in_schema and p.proname not like 'lantern\_%'
$$;

-- Owners, grants and comments of a schema and its tables, given to those of the same name in another.
create or replace function lantern.copy_rights(in_from text, in_to text) returns void language plpgsql as $$
declare
    one record;
begin
    for one in
        select format('alter schema %I owner to %I', in_to, pg_get_userbyid(f.nspowner)) as ddl
          from pg_namespace f, pg_namespace t where f.nspname = in_from and t.nspname = in_to and f.nspowner <> t.nspowner
        union all
        select format('grant %s on schema %I to %s%s', a.privilege_type, in_to,
                      case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end,
                      case when a.is_grantable then ' with grant option' else '' end)
          from pg_namespace f, aclexplode(f.nspacl) a where f.nspname = in_from and a.grantee <> f.nspowner
        union all
        select format('comment on schema %I is %L', in_to, obj_description(f.oid, 'pg_namespace'))
          from pg_namespace f where f.nspname = in_from and obj_description(f.oid, 'pg_namespace') is not null
    loop
        execute one.ddl;
    end loop;
    for one in
        with pairs as (
            select f.oid, f.relowner, f.relacl, t.oid as to_oid, t.relowner as to_owner, format('%I.%I', in_to, t.relname) as name
              from pg_class f join pg_namespace n on n.oid = f.relnamespace and n.nspname = in_from
              join pg_class t on t.relname = f.relname and t.relkind = f.relkind
              join pg_namespace m on m.oid = t.relnamespace and m.nspname = in_to
             where f.relkind = 'r')
        select format('alter table %s owner to %I', p.name, pg_get_userbyid(p.relowner)) as ddl
          from pairs p where p.relowner <> p.to_owner
        union all
        select format('grant %s on %s to %s%s', a.privilege_type, p.name,
                      case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end,
                      case when a.is_grantable then ' with grant option' else '' end)
          from pairs p, aclexplode(p.relacl) a where a.grantee <> p.relowner
        union all
        select format('grant %s (%I) on %s to %s%s', a.privilege_type, c.attname, p.name,
                      case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end,
                      case when a.is_grantable then ' with grant option' else '' end)
          from pairs p join pg_attribute c on c.attrelid = p.oid and c.attnum > 0 and not c.attisdropped,
               aclexplode(c.attacl) a
         where exists (select from pg_attribute t where t.attrelid = p.to_oid and t.attname = c.attname and not t.attisdropped)
        union all
        select format('comment on table %s is %L', p.name, obj_description(p.oid, 'pg_class'))
          from pairs p where obj_description(p.oid, 'pg_class') is not null
        union all
        select format('comment on column %s.%I is %L', p.name, c.attname, col_description(p.oid, c.attnum))
          from pairs p join pg_attribute c on c.attrelid = p.oid and c.attnum > 0 and not c.attisdropped
         where col_description(p.oid, c.attnum) is not null
           and exists (select from pg_attribute t where t.attrelid = p.to_oid and t.attname = c.attname and not t.attisdropped)
    loop
        execute one.ddl;
    end loop;
    for one in
        select format('alter function %s owner to %I', t.oid::regprocedure, pg_get_userbyid(f.proowner)) as ddl
          from pg_proc f join pg_namespace n on n.oid = f.pronamespace and n.nspname = in_from
          join pg_proc t on t.proname = f.proname
          join pg_namespace m on m.oid = t.pronamespace and m.nspname = in_to
         where f.proowner <> t.proowner
    loop
        execute one.ddl;
    end loop;
end $$;

-- Streams that the live model has applied more of than the one beside: a routed event lies in between, or the stream is
-- parked there. in_among: null, all of them; at most in_limit are returned.
create or replace function lantern.streams_ahead(in_handler text, in_beside text, in_among bigint[], in_limit bigint)
returns setof bigint language plpgsql stable as $$
begin
    return query execute format($sql$
        select l.stream_id from %I.lantern_streams l
          left join %I.lantern_streams n on n.stream_id = l.stream_id
         where %s l.revision > coalesce(n.revision, 0)
           and (n.state <> 0 or exists (
                select from lantern.events e join lantern.routes r on r.handler = $1 and r.event_type = e.type
                 where e.stream_id = l.stream_id and e.revision > coalesce(n.revision, 0) and e.revision <= l.revision
                   and (r.end_position is null or (e.position > r.begin_position and e.position <= r.end_position))))
         limit $3 $sql$, in_handler, in_beside, case when in_among is null then '' else 'l.stream_id = any ($2) and' end)
      using in_handler, in_among, in_limit;
end $$;

-- Puts the schema built beside into the place of the handler's own, which is kept under another name. The caller
-- holds the handler's barrier exclusively, and has applied everything that live workers may have.
-- in_watched: streams that lantern.streams_ahead has found before the barrier was taken.
-- LN031: readers would go back, LN032: others hang on the old tables; the text behind ": " says what.
create or replace function lantern.swap_schemas(
    in_handler text, in_beside text, in_kept text, in_plugin text, in_plugin_version text, in_plugin_build text,
    in_schema_version integer, in_declaration json, in_declaration_hash text, move_dependents boolean, keep_ms bigint,
    in_watched bigint[] default '{}')
returns bigint language plpgsql as $$
declare
    behind    bigint;
    example   text;
    dead      bigint;
    live_dead bigint;
    hanging   text;
    views     text[];
    one       text;
    raised    bigint;
begin
    -- 1. Nobody goes back: neither a stream that is parked in the new model, nor one that the live model was ahead in.
    --    All others stand where the slices have brought them; to look at each would take longer than live batches wait.
    execute format($sql$
        select count(*), min(s.aggregate_type || '/' || s.aggregate_id)
          from (select n.stream_id from %1$I.lantern_streams n join %2$I.lantern_streams l on l.stream_id = n.stream_id
                 where n.state <> 0 and l.revision > n.revision
                union
                select lantern.streams_ahead($1, $2, $3, cardinality($3))) b
          left join lantern.streams s on s.stream_id = b.stream_id $sql$, in_beside, in_handler)
       into behind, example using in_handler, in_beside, in_watched;
    execute format('select (select count(*) from %I.lantern_streams where state = 2),
                           (select count(*) from %I.lantern_streams where state = 2)', in_beside, in_handler) into dead, live_dead;
    if behind > 0 or dead > live_dead then
        raise exception 'the new model is behind: % streams would go back%, % are dead (live: %)',
            behind, coalesce(', e.g. ' || example, ''), dead, live_dead using errcode = 'LN031';
    end if;
    -- 2. What hangs on the old tables.
    select string_agg(d.out_kind || ' ' || d.out_name, ', ' order by d.out_kind, d.out_name) into hanging
      from lantern.dependents(in_handler) d
     where not (move_dependents and d.out_kind = 'view' and split_part(d.out_name, '.', 1) <> quote_ident(in_handler));
    if hanging is not null then
        raise exception 'others hang on the old tables: %', hanging using errcode = 'LN032';
    end if;
    if move_dependents then
        select array_agg(format('create or replace view %s as %s', d.out_name, pg_get_viewdef(d.out_name::regclass)))
          into views from lantern.dependents(in_handler) d where d.out_kind = 'view';
    end if;
    -- 3. Rights, names, generation.
    perform lantern.copy_rights(in_handler, in_beside);
    insert into lantern.kept_schemas (handler, generation, schema_name, plugin, plugin_version, plugin_build, schema_version,
                                      declaration, declaration_hash, drop_after)
    select h.handler, h.generation, in_kept, h.plugin, h.plugin_version, h.plugin_build, h.schema_version, h.declaration, h.declaration_hash,
           case when keep_ms > 0 then clock_timestamp() + keep_ms * interval '1 millisecond' end
      from lantern.handlers h where h.handler = in_handler;
    delete from lantern.kept_schemas k where k.handler = in_handler and k.schema_name = in_beside;
    -- Of that name there can only be what a job that failed has left.
    execute format('drop schema if exists %I cascade', in_kept);
    execute format('alter schema %I rename to %I', in_handler, in_kept);
    execute format('alter schema %I rename to %I', in_beside, in_handler);
    foreach one in array coalesce(views, '{}') loop
        execute one;
    end loop;
    update lantern.handlers h
       set generation = h.generation + 1, plugin = in_plugin, plugin_version = in_plugin_version,
           plugin_build = in_plugin_build, schema_version = in_schema_version, declaration = in_declaration, declaration_hash = in_declaration_hash
     where h.handler = in_handler returning h.generation into raised;
    -- What a job has left under a name that is taken now, or swapped in, it can neither drop nor go on with.
    update lantern.jobs j set schema_name = ''
     where j.handler = in_handler and j.schema_name in (in_kept, in_beside) and j.ended_at is not null;
    -- 4. History was applied from the first event on: workers must not go by routes that begin later.
    update lantern.routes r set begin_position = 0
     where r.handler = in_handler and r.end_position is null and r.begin_position is distinct from 0;
    if found then
        perform lantern.leases_fence(in_handler);
    end if;
    return raised;
end $$;

-- Streams that a schema of this handler is behind in: a routed event lies above the checkpoint of a stream that is
-- not parked. Routes count from the first event on.
create or replace function lantern.streams_behind(in_handler text, in_schema text) returns setof bigint
language plpgsql stable as $$
begin
    return query execute format($sql$
        select e.stream_id from lantern.events e
          left join %I.lantern_streams s on s.stream_id = e.stream_id
         where e.revision > coalesce(s.revision, 0) and coalesce(s.state, 0) = 0
           and exists (select from lantern.routes r where r.handler = $1 and r.event_type = e.type
                          and (r.end_position is null or (e.position > r.begin_position and e.position <= r.end_position)))
         group by e.stream_id order by e.stream_id $sql$, in_schema) using in_handler;
end $$;
