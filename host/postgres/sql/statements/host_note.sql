-- $1 host, $2 routing file, $3 run, $4 pid, $5 revision followed, $6 hash of its file, $7 revision in force when the
-- file was judged, $8 file state, $9 what its problems are about, $10 and what they are,
-- $11 its roles, $12 builds of plugins that it can open
insert into lantern.hosts as h (host, routing_file, run, pid, revision, file_hash, file_base, file_state, problems, roles,
                               builds)
values ($1, $2, $3::uuid, $4::integer, $5::bigint, $6, $7::bigint, $8, 
        (select coalesce(json_agg(json_build_object('about', p.about, 'text', p.text)), '[]')
           from unnest($9::text[], $10::text[]) p (about, text)), $11::text[], $12::text[])
on conflict (host, routing_file) do update
   set run = excluded.run, pid = excluded.pid, revision = excluded.revision, file_hash = excluded.file_hash,
       file_base = excluded.file_base, file_state = excluded.file_state, problems = excluded.problems,
       roles = excluded.roles, builds = excluded.builds,
       started_at = case when h.run = excluded.run then h.started_at else clock_timestamp() end,
       seen_at = clock_timestamp()
