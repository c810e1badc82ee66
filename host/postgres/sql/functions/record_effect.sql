-- Writes the ledger row of (handler, event): what is about to be done (pending) or what came of it. A null event
-- records nothing. A row of a younger epoch belongs to a successor: LN011. What is done stays done: LN010.
create or replace function lantern.record_effect(
    in_handler text, in_event uuid, in_stream bigint, in_revision bigint, in_key uuid, in_state text,
    in_epoch bigint, in_attempt integer, in_note text)
returns void language plpgsql as $$
declare
    was record;
begin
    if in_event is null then
        return;
    end if;
    select e.state, e.epoch into was from lantern.effects e
     where e.handler = in_handler and e.event_id = in_event for update;
    if not found then
        insert into lantern.effects (handler, event_id, stream_id, revision, key, state, epoch, attempt, finished_at, note)
        values (in_handler, in_event, in_stream, in_revision, in_key, in_state, in_epoch, in_attempt,
                case when in_state = 'pending' then null else clock_timestamp() end, in_note)
        on conflict do nothing;
        if not found then
            raise exception 'the effect was recorded by another worker' using errcode = 'LN010';
        end if;
        return;
    end if;
    if was.epoch > in_epoch then
        raise exception 'the effect belongs to a younger lease' using errcode = 'LN011';
    end if;
    if was.state = 'done' then
        raise exception 'the effect is done already' using errcode = 'LN010';
    end if;
    update lantern.effects e
       set key = in_key, state = in_state, epoch = in_epoch, attempt = in_attempt, note = in_note,
           started_at = case when in_state = 'pending' then clock_timestamp() else e.started_at end,
           finished_at = case when in_state = 'pending' then null else clock_timestamp() end
     where e.handler = in_handler and e.event_id = in_event;
end $$;
