-- Writes the ledger row of (handler, event, run): what is about to be done (pending) or what came of it. A null event
-- records nothing. A row of a younger epoch belongs to a successor: LN011. What is done stays done, and so does what
-- a run was told to leave: LN010. Where a run's act failed for good, its stream ends for that run.
create or replace function lantern.record_effect(
    in_handler text, in_event uuid, in_stream bigint, in_revision bigint, in_key uuid, in_state text,
    in_epoch bigint, in_attempt integer, in_note text, in_run bigint default 0, in_next timestamptz default null)
returns void language plpgsql as $$
declare
    was record;
begin
    if in_event is null then
        return;
    end if;
    select e.state, e.epoch into was from lantern.effects e
     where e.handler = in_handler and e.event_id = in_event and e.run = in_run for update;
    if not found then
        insert into lantern.effects (handler, event_id, stream_id, revision, key, state, epoch, attempt, finished_at, note, run)
        values (in_handler, in_event, in_stream, in_revision, in_key, in_state, in_epoch, in_attempt,
                case when in_state = 'pending' then null else clock_timestamp() end, in_note, in_run)
        on conflict do nothing;
        if not found then
            raise exception 'the effect was recorded by another worker' using errcode = 'LN010';
        end if;
        return;
    end if;
    if was.epoch > in_epoch then
        raise exception 'the effect belongs to a younger lease' using errcode = 'LN011';
    end if;
    if was.state = 'done' or (in_run > 0 and was.state not in ('asked', 'pending')) then
        raise exception 'the effect is % already', was.state using errcode = 'LN010';
    end if;
    update lantern.effects e
       set key = in_key, state = in_state, epoch = in_epoch, attempt = in_attempt, note = in_note,
           next_attempt_at = in_next,
           started_at = case when in_state = 'pending' then clock_timestamp() else e.started_at end,
           finished_at = case when in_state in ('pending', 'asked') then null else clock_timestamp() end
     where e.handler = in_handler and e.event_id = in_event and e.run = in_run;
    if in_run > 0 and in_state in ('failed', 'held') then
        update lantern.effects e
           set state = 'suppressed', finished_at = clock_timestamp(),
               note = format('revision %s of its stream is %s in this run', in_revision, in_state)
         where e.handler = in_handler and e.stream_id = in_stream and e.run = in_run and e.state = 'asked'
           and e.revision > in_revision;
    end if;
end $$;
