-- Jobs of backfill (lantern.jobs, lantern.job_slots).

-- Begins a job; one for each handler. LN030: one is running, its number behind ": ".
create or replace function lantern.job_start(in_handler text, in_kind text, in_request json, in_who text, in_rate bigint,
                                             in_build text)
returns bigint language plpgsql as $$
declare
    job bigint;
begin
    perform from lantern.handlers h where h.handler = in_handler for no key update;
    select j.job_id into job from lantern.jobs j where j.handler = in_handler and j.ended_at is null;
    if found then
        raise exception 'a job for this handler is running: %', job using errcode = 'LN030';
    end if;
    insert into lantern.jobs (handler, kind, state, request, requested_by, max_rate, plugin_build, phase)
    values (in_handler, in_kind, 'running', in_request, in_who, in_rate, in_build,
            case in_kind when 'rebuild' then 'plan' else 'rest' end)
    returning job_id into job;
    insert into lantern.job_slots (job_id, slot) values (job, 0);
    insert into lantern.admin_log (who, action, subject, detail) values (in_who, in_kind, in_handler, in_request);
    return job;
end $$;

-- Shares the streams out, in ranges with about in_events events each, in the order of their ids: neighbours were
-- made at about the same time, so that a range often lies together on disk. Safe to repeat; whoever still folds one of
-- the ranges before is fenced.
create or replace function lantern.job_plan(in_job bigint, in_events bigint) returns void language plpgsql as $$
declare
    fenced bigint;
begin
    with gone as (delete from lantern.job_slots where job_id = in_job and slot > 0 returning epoch)
    select coalesce(max(g.epoch), 0) into fenced from gone g;
    insert into lantern.job_slots (job_id, slot, first_stream, cursor, last_stream, events_total, epoch)
    select in_job, row_number() over w, coalesce(lag(r.last) over w, 0), coalesce(lag(r.last) over w, 0), r.last, r.events, fenced
      from (select max(s.stream_id) as last, sum(s.revision) as events
              from (select stream_id, revision, (sum(revision) over (order by stream_id) - 1) / greatest(in_events, 1) as share
                      from lantern.streams) s
             group by div(s.share, 1)) r
    window w as (order by r.last);
end $$;

-- Leases the next slot that is not done: one of the history, or slot 0, the steps that one process does alone.
create or replace function lantern.job_lease(in_job bigint, in_worker uuid, in_steps boolean, dead_ms bigint)
returns table (out_slot integer, out_epoch bigint, out_cursor bigint, out_last bigint, out_lost integer)
language sql as $$
    update lantern.job_slots s
       set worker_id = in_worker, epoch = s.epoch + 1, beat_at = clock_timestamp(),
           lost = s.lost + case when s.worker_id is null then 0 else 1 end
     where s.job_id = in_job and s.slot = (
               select f.slot from lantern.job_slots f join lantern.jobs j on j.job_id = f.job_id
                where f.job_id = in_job and not f.done and (f.slot = 0) = in_steps and j.state = 'running'
                  and (in_steps or j.phase = 'load')
                  and (f.worker_id is null or f.beat_at < clock_timestamp() - dead_ms * interval '1 millisecond')
                order by f.slot limit 1 for update of f skip locked)
    returning s.slot, s.epoch, s.cursor, s.last_stream, s.lost
$$;

-- pause, resume, cancel, or another rate. A failed job is resumed where it failed; a rebuild whose schema is gone, is
-- another's by now, or was for another generation, from the first event on. Returns the state before; null: there is no
-- such job. LN030: another one is running, its number behind ": ".
create or replace function lantern.job_act(in_job bigint, in_action text, in_rate bigint, in_who text)
returns text language plpgsql as $$
declare
    was     text;
    name    text;
    another bigint;
begin
    perform from lantern.handlers h join lantern.jobs j on j.handler = h.handler and j.job_id = in_job
        for no key update of h;
    select j.state, j.handler into was, name from lantern.jobs j where j.job_id = in_job for no key update;
    if was = 'failed' and in_action = 'resume' then
        select j.job_id into another from lantern.jobs j where j.handler = name and j.ended_at is null;
        if found then
            raise exception 'a job for this handler is running: %', another using errcode = 'LN030';
        end if;
        update lantern.jobs j set phase = case j.kind when 'rebuild' then 'plan' else 'rest' end, schema_name = ''
          from lantern.handlers h
         where j.job_id = in_job and h.handler = j.handler
           and not (j.kind = 'rebuild' and j.schema_name = h.handler || '@' || (h.generation + 1)
                    and to_regnamespace(quote_ident(j.schema_name)) is not null);
    end if;
    if was in ('running', 'paused') or (was = 'failed' and in_action in ('resume', 'cancel')) then
        update lantern.jobs j
           set state = case in_action when 'pause' then 'paused' when 'resume' then 'running' when 'cancel' then 'cancelled'
                                      else j.state end,
               max_rate = case in_action when 'throttle' then in_rate else j.max_rate end,
               reason = case in_action when 'resume' then '' else j.reason end,
               slowed = '', ended_at = case in_action when 'cancel' then clock_timestamp() end
         where j.job_id = in_job;
        insert into lantern.admin_log (who, action, subject, detail)
        values (in_who, 'job ' || in_action, name, json_build_object('job', in_job, 'rate', in_rate));
    end if;
    return was;
end $$;
