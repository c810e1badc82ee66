-- Takes away what is not needed any more, at most in_limit rows of each kind; ages in ms.
--   effects   rows of acts that ended so long ago, once the stream row covers them; those of runs over history without it
--   attempts  of streams that are live again, once they are so old
--   answers   to Idempotency-Key
-- Nothing while another session does the same. out_more: there is more to do.
create or replace function lantern.prune(
    in_effects_ms bigint, in_attempts_ms bigint, in_answers_ms bigint, in_limit bigint,
    out out_effects bigint, out out_attempts bigint, out out_answers bigint, out out_more boolean)
language plpgsql as $$
declare
    one     text;
    taken   bigint;
    started timestamptz := clock_timestamp();
begin
    out_effects := 0; out_attempts := 0; out_answers := 0; out_more := false;
    if not pg_try_advisory_xact_lock(19521, 3) then
        return;
    end if;
    for one in select h.handler from lantern.handlers h
                where to_regclass(format('%I.lantern_streams', h.handler)) is not null
                order by h.handler
    loop
        execute format($sql$
            delete from lantern.effects e
             using (select f.event_id, f.run from lantern.effects f left join %1$I.lantern_streams s on s.stream_id = f.stream_id
                     where f.handler = %1$L and f.state in ('done', 'skipped', 'suppressed')
                       and f.finished_at < $1 and (f.run > 0 or s.revision >= f.revision)
                     order by f.finished_at limit $2) old
             where e.handler = %1$L and e.event_id = old.event_id and e.run = old.run $sql$, one)
          using started - in_effects_ms * interval '1 millisecond', in_limit;
        get diagnostics taken = row_count;
        out_effects := out_effects + taken; out_more := out_more or taken = in_limit;
        execute format($sql$
            delete from lantern.attempts a
             using (select t.ctid as place from lantern.attempts t join %1$I.lantern_streams s on s.stream_id = t.stream_id
                     where t.handler = %1$L and t.at < $1 and s.state = 0
                     order by t.at limit $2) old
             where a.ctid = old.place $sql$, one)
          using started - in_attempts_ms * interval '1 millisecond', in_limit;
        get diagnostics taken = row_count;
        out_attempts := out_attempts + taken; out_more := out_more or taken = in_limit;
    end loop;
    delete from lantern.idempotency i
     using (select o.ctid as place from lantern.idempotency o
             where o.recorded_at < started - in_answers_ms * interval '1 millisecond'
             order by o.recorded_at limit in_limit) old
     where i.ctid = old.place;
    get diagnostics out_answers = row_count;
    out_more := out_more or out_answers = in_limit;
end $$;
