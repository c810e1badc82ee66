-- Snapshots, unless there is a newer one of the same build.
-- $1 aggregate types, $2 aggregate ids, $3 revisions, $4 state versions, $5 builds, $6 states
insert into lantern.snapshots as s (stream_id, revision, state_version, build, state)
select t.stream_id, n.revision, n.state_version, n.build, n.state::json
  from unnest($1::text[], $2::text[], $3::bigint[], $4::integer[], $5::text[], $6::text[])
           n (aggregate_type, aggregate_id, revision, state_version, build, state)
  join lantern.streams t on t.aggregate_type = n.aggregate_type and t.aggregate_id = n.aggregate_id
on conflict (stream_id) do update
   set revision = excluded.revision, state_version = excluded.state_version,
       build = excluded.build, state = excluded.state
 where s.revision < excluded.revision or s.state_version <> excluded.state_version or s.build <> excluded.build
