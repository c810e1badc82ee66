-- Crashes of plugin code, and what follows from them.

-- Notes one death. Returns how many count now: of this event or command with this build, of different events with
-- this build within in_within_ms, and of this build outside of any call within that time.
create or replace function lantern.record_crash(
    in_role text, in_subject text, in_build text, in_event uuid, in_stream bigint, in_revision bigint,
    in_position bigint, in_attempt integer, in_command text, in_cause text, in_backtrace text, in_host text,
    in_pid integer, in_within_ms bigint,
    out out_same bigint, out out_events bigint, out out_loose bigint)
language plpgsql as $$
begin
    insert into lantern.crashes (role, subject, build, event_id, stream_id, revision, position, attempt, command,
                                 cause, backtrace, host, pid)
    values (in_role, in_subject, in_build, in_event, in_stream, in_revision, in_position, in_attempt, in_command,
            in_cause, in_backtrace, in_host, in_pid);
    delete from lantern.crashes c where c.at < clock_timestamp() - interval '90 days';
    select count(*) filter (where case when in_role = 'api' then c.command = in_command
                                       else c.event_id = in_event end),
           count(distinct c.event_id) filter (where recent),
           count(*) filter (where recent and in_role = 'worker' and c.event_id is null)
      into out_same, out_events, out_loose
      from lantern.crashes c,
           lateral (select c.at > clock_timestamp() - in_within_ms * interval '1 millisecond') r (recent)
     where c.role = in_role and c.subject = in_subject and c.build = in_build and not c.forgiven;
end $$;

-- What is held against a handler's events with this build: one row for each, and one without event when any may be to
-- blame, with the milliseconds for which that holds.
create or replace function lantern.suspicion(in_handler text, in_build text, in_within_ms bigint)
returns table (out_event uuid, out_crashes bigint, out_cause text, out_backtrace text, out_left_ms bigint)
language plpgsql stable as $$
begin
    return query
        select c.event_id, count(*), (array_agg(c.cause order by c.at desc))[1],
               (array_agg(c.backtrace order by c.at desc))[1],
               (in_within_ms - extract(epoch from clock_timestamp() - max(c.at)) * 1000)::bigint
          from lantern.crashes c
         where c.role = 'worker' and c.subject = in_handler and c.build = in_build and not c.forgiven
           and (c.event_id is not null or c.at > clock_timestamp() - in_within_ms * interval '1 millisecond')
         group by c.event_id;
end $$;

-- The operator wants to see it tried again: crashes of these streams, or of the whole handler, count no more.
create or replace function lantern.forgive_crashes(in_handler text, in_streams bigint[])
returns void language sql as $$
    update lantern.crashes c set forgiven = true
     where c.role = 'worker' and c.subject = in_handler and not c.forgiven
       and (in_streams is null or c.stream_id = any (in_streams))
$$;

-- The handler is not to run this build any more. False: that was known.
create or replace function lantern.quarantine_build(in_handler text, in_build text, in_why text)
returns boolean language plpgsql as $$
begin
    update lantern.builds b set quarantined_at = clock_timestamp(), quarantined_why = in_why
     where b.handler = in_handler and b.build = in_build and b.quarantined_at is null;
    if not found then
        return false;
    end if;
    insert into lantern.admin_log (who, action, subject, reason, detail)
    values ('lantern', 'quarantine', in_handler, in_why, json_build_object('build', in_build));
    return true;
end $$;

-- The handler is about to run this build, which is not quarantined. One that stands quarantined goes on with it; the
-- builds that did harm stay where they are.
create or replace function lantern.build_starts(
    in_handler text, in_build text, in_plugin text, in_version text, in_schema_version integer, in_hash text)
returns void language plpgsql as $$
begin
    insert into lantern.builds as b (handler, build, plugin, plugin_version, schema_version, declaration_hash)
    values (in_handler, in_build, in_plugin, in_version, in_schema_version, in_hash)
    on conflict (handler, build) do update set ran_at = clock_timestamp();
    perform from lantern.handlers h where h.handler = in_handler and h.state = 'quarantined' for no key update;
    if not found then
        return;
    end if;
    perform lantern.feed_from_the_store(in_handler, '');
    insert into lantern.admin_log (who, action, subject, reason, detail)
    values ('lantern', 'resume', in_handler, format('build %s of plugin %s %s is there', left(in_build, 12), in_plugin, in_version),
            json_build_object('was', 'quarantined', 'build', in_build));
end $$;

-- Nothing good is left to run: the handler stands until it is resumed, or a good build comes.
create or replace function lantern.quarantine_handler(in_handler text, in_why text) returns void language sql as $$
    update lantern.handlers h
       set state = 'quarantined', state_reason = in_why, state_since = clock_timestamp()
     where h.handler = in_handler and h.state in ('attached', 'detached')
$$;
