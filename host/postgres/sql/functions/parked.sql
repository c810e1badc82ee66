-- Parked streams, as operators see them and act on them. Handlers' schemas are named at run time, so these are
-- functions.

-- What an error has in common with others of its kind: ids, numbers, quoted text and addresses are taken out.
create or replace function lantern.error_pattern(in_error text) returns text language sql immutable parallel safe as $$
    select left(btrim(
        regexp_replace(
        regexp_replace(
        regexp_replace(
        regexp_replace(
        regexp_replace(
        regexp_replace(
        regexp_replace(left(in_error, 2000),
            '\m[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\M', '<uuid>', 'g'),
            '"[^"]*"', '<text>', 'g'),
            '(?<![[:alnum:]])''[^'']*''(?![[:alnum:]])', '<text>', 'g'),
            '[^[:space:]<>(),;:]+@[^[:space:]<>(),;:]+', '<address>', 'g'),
            '\m(?=[a-fA-F]*[0-9])[0-9a-fA-F]{16,}\M', '<hex>', 'g'),
            '[0-9]+([.,:][0-9]+)*', '<n>', 'g'),
            '[[:space:]]+', ' ', 'g')), 300)
$$;

create or replace function lantern.error_fingerprint(in_error text) returns text language sql immutable parallel safe as $$
    select left(md5(lantern.error_pattern(in_error)), 12)
$$;

-- Parked streams by handler and stream; null: whatever. in_older_ms: whose first failure is at least so old. The
-- failing event is the first behind the checkpoint that the handler's routes want, once it was tried; there is none
-- when its route ended, or what failed was skipped and the next not tried yet. The fingerprint is the one that was kept
-- with the attempt.
drop function if exists lantern.parked(text, bigint, text, bigint);
create or replace function lantern.parked(in_handler text, in_stream bigint, in_fingerprint text, in_older_ms bigint)
returns table (
    out_handler text, out_stream bigint, out_aggregate_type text, out_aggregate_id text, out_revision bigint,
    out_failing bigint, out_event uuid, out_type text, out_state smallint, out_seen bigint, out_attempts integer,
    out_next timestamptz, out_since timestamptz, out_error text, out_fingerprint text)
language plpgsql stable as $$
declare
    one text;
begin
    for one in select h.handler from lantern.handlers h
                where h.state <> 'removed' and (in_handler is null or h.handler = in_handler)
                  and to_regclass(format('%I.lantern_streams', h.handler)) is not null
                order by h.handler
    loop
        return query execute format($sql$
            select %1$L::text, s.stream_id, n.aggregate_type, n.aggregate_id, s.revision,
                   case when t.tried then f.revision end, case when t.tried then f.id end, case when t.tried then f.type end,
                   s.state, s.seen, s.attempts, s.next_attempt_at, a.since, s.last_error,
                   coalesce(p.fingerprint, lantern.error_fingerprint(s.last_error))
              from %1$I.lantern_streams s
              left join lantern.streams n on n.stream_id = s.stream_id
              left join lateral (
                    select e.revision, e.id, e.type from lantern.events e
                     where e.stream_id = s.stream_id and e.revision > s.revision
                       and lantern.wants(%1$L, e.type, e.position)
                     order by e.revision limit 1) f on true
              left join lateral (
                    select min(t.at) as since from lantern.attempts t
                     where t.handler = %1$L and t.stream_id = s.stream_id and t.revision = f.revision
                       and t.outcome <> 'skipped') a on true
              -- A skip leaves it retrying, without attempts.
              cross join lateral (select s.state = 2 or s.attempts > 0 or a.since is not null as tried) t
              left join lateral (
                    select t.fingerprint from lantern.attempts t
                     where t.handler = %1$L and t.stream_id = s.stream_id and t.error = s.last_error
                       and t.fingerprint <> ''
                     limit 1) p on true
             where s.state <> 0 and ($1 is null or s.stream_id = $1)
               and ($2 is null or coalesce(p.fingerprint, lantern.error_fingerprint(s.last_error)) = $2)
               and ($3 is null or a.since <= clock_timestamp() - $3 * interval '1 millisecond')
             order by s.stream_id $sql$, one)
         using in_stream, in_fingerprint, in_older_ms;
    end loop;
end $$;

-- An operator's action on parked streams of one handler, written to the admin log in the same transaction.
--   retry  leaves a note for the lease holder: attempts from the start, due now
--   skip   the failing event is passed over, never silently: its checkpoint moves behind it, an attempt `skipped` is
--          kept, a side effect's ledger says so; the rest of the stream is caught up
--          in order. Nothing is skipped of a stream that waits to be caught up, and has not failed again
-- Compare-and-set: only streams that still are parked at in_revisions. Returns how many that were.
create or replace function lantern.parked_act(
    in_handler text, in_action text, in_streams bigint[], in_revisions bigint[], in_failing bigint[],
    in_events uuid[], in_who text, in_reason text, in_selection json)
returns bigint language plpgsql as $$
declare
    note  text := case when in_action = 'skip' then format('skipped by %s: %s', in_who, in_reason) end;
    acted bigint[];
begin
    if in_action not in ('retry', 'skip') or (in_action = 'skip' and btrim(in_reason) = '') then
        raise exception 'a skip needs a reason' using errcode = 'LN021';
    end if;
    -- 1. The barrier, shared: a swap of this handler's tables takes it exclusively.
    perform pg_advisory_xact_lock_shared(x'4c42'::integer, h.handler_id)
       from lantern.handlers h where h.handler = in_handler;
    -- 2. Rows in one order, so that two who want many of them don't wait for each other.
    execute format('select from %I.lantern_streams where stream_id = any ($1) order by stream_id for update', in_handler)
      using in_streams;
    if in_action = 'skip' then
        execute format($sql$
            insert into lantern.attempts (handler, stream_id, revision, event_id, attempt, at, outcome, error,
                                          fingerprint, plugin_build)
            select %1$L, s.stream_id, a.failing, a.event, s.attempts, clock_timestamp(), 'skipped', $5,
                   lantern.error_fingerprint($5), ''
              from unnest($1, $2, $3, $4) a (stream, revision, failing, event)
              join %1$I.lantern_streams s on s.stream_id = a.stream and s.revision = a.revision and s.state <> 0
             where a.failing is not null $sql$, in_handler)
          using in_streams, in_revisions, in_failing, in_events, note;
        execute format($sql$
            update lantern.effects e
               set state = 'skipped', finished_at = clock_timestamp(),
                   note = $4 || case when e.state = 'pending' then '; it was pending and may have been done' else '' end
              from unnest($1, $2, $3) a (stream, revision, event)
              join %1$I.lantern_streams s on s.stream_id = a.stream and s.revision = a.revision and s.state <> 0
             where e.handler = %1$L and e.event_id = a.event and e.run = 0 and e.state in ('pending', 'failed', 'held') $sql$, in_handler)
          using in_streams, in_revisions, in_events, note;
    end if;
    execute format($sql$
        with done as (
            update %1$I.lantern_streams s
               set state = 1, attempts = 0, next_attempt_at = clock_timestamp(),
                   revision = case when $4 is null then s.revision else coalesce(a.failing, s.revision) end,
                   last_error = coalesce($4, s.last_error)
              from unnest($1, $2, $3) a (stream, revision, failing)
             where s.stream_id = a.stream and s.revision = a.revision and s.state <> 0
               and ($4 is null or a.failing is not null or s.state = 2)
            returning s.stream_id)
        select coalesce(array_agg(stream_id order by stream_id), '{}') from done $sql$, in_handler)
       into acted using in_streams, in_revisions, in_failing, note;
    -- 3. What killed workers is to be tried too; then who, what, why.
    if in_action = 'retry' then
        perform lantern.forgive_crashes(in_handler, acted);
    end if;
    if cardinality(acted) > 0 then
        insert into lantern.admin_log (who, action, subject, reason, detail)
        values (in_who, 'parked ' || in_action, in_handler, in_reason,
                json_build_object('selection', in_selection, 'count', cardinality(acted), 'streams', acted));
    end if;
    return cardinality(acted);
end $$;
