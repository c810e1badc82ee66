-- One row of kind 0: stream, head, snapshot; then one row of kind 1 for each event after the snapshot. A state is of a
-- prefix of the stream: recorded times need not follow revisions (imports bring their own), so that the state at a
-- time is the one before the first event that was recorded later.
--   $1 aggregate type, $2 aggregate id, $3 state version, $4 build, $5 until revision or null, $6 until time or null,
--   $7 after revision or null: then no snapshot
with stream as (
    select stream_id, revision from lantern.streams where aggregate_type = $1 and aggregate_id = $2
), last as (
    select least(coalesce($5::bigint, 9223372036854775807),
                 (select e.revision - 1 from stream join lantern.events e using (stream_id)
                   where $6::timestamptz is not null and e.recorded_at > $6
                   order by e.revision limit 1)) as revision
), snapshot as (
    select s.revision, s.state_version, s.build, s.state
      from lantern.snapshots s
      join stream using (stream_id)
     where $7::bigint is null and s.state_version = $3::integer and s.build = $4::text
       and s.revision <= (select revision from last)
)
select 0 as kind, stream.stream_id, stream.revision, snapshot.revision as position, null::uuid as id,
       snapshot.build as type, snapshot.state_version as schema_version, null::timestamptz as recorded_at,
       snapshot.state as data, null::json as metadata
  from stream left join snapshot on true
union all
select 1, tail.* from stream, lateral (
    select e.stream_id, e.revision, e.position, e.id, e.type, e.schema_version, e.recorded_at, e.data, e.metadata
      from lantern.events e
     where e.stream_id = stream.stream_id
       and e.revision > coalesce($7, (select revision from snapshot), 0)
       and e.revision <= (select revision from last)
     order by e.revision) tail
