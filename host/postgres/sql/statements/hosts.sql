-- Hosts that were seen within $1 ms, one row for each problem of each.
select h.host, h.routing_file, h.run, h.pid, h.revision, h.file_hash, h.file_base, h.file_state, h.started_at, h.seen_at,
       p.about, p.text, array_to_string(h.roles, ','), array_to_string(h.builds, ',')
  from lantern.hosts h left join lateral json_to_recordset(h.problems) p (about text, text text) on true
 where h.seen_at > clock_timestamp() - $1::bigint * interval '1 millisecond'
 order by h.host, h.routing_file
