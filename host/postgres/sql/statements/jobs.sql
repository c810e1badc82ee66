-- jobs
-- Newest first.  $1 job or null, $2 limit, $3 only those that have not ended
select j.job_id, j.handler, j.kind, j.state, j.phase, j.schema_name, j.request, j.progress, j.reason, j.requested_by,
       j.mark_floor, j.mark_snapshot, j.mark_ceiling, j.max_rate, j.created_at, j.ended_at,
       s.events, s.events_total, s.parked, s.slots, s.slots_done, s.processes, j.plugin_build, j.slowed,
       s.worked_on, h.hosts, h.hosts_able, coalesce((select r.plugin from lantern.handlers r where r.handler = j.handler), ''),
       j.folded_with
  from (select * from lantern.jobs k where ($1::bigint is null or k.job_id = $1) and not ($3::boolean and k.ended_at is not null)
         order by k.job_id desc limit $2::bigint) j,
       lateral (select coalesce(sum(t.events), 0)::bigint as events, coalesce(sum(t.events_total), 0)::bigint as events_total,
                       coalesce(sum(t.parked), 0)::bigint as parked, count(*) filter (where t.slot > 0) as slots,
                       count(*) filter (where t.slot > 0 and t.done) as slots_done,
                       count(distinct t.worker_id) filter (where t.beat_at > clock_timestamp() - interval '10 seconds'
                                                             and not t.done) as processes,
                       coalesce(max(t.beat_at) > clock_timestamp() - interval '10 seconds', false) as worked_on
                  from lantern.job_slots t where t.job_id = j.job_id) s,
       lateral (select count(*) as hosts,
                       count(*) filter (where j.plugin_build = '' or j.plugin_build = any (o.builds)) as hosts_able
                  from lantern.hosts o
                 where 'backfill' = any (o.roles) and o.seen_at > clock_timestamp() - interval '10 seconds') h
 order by j.job_id desc
