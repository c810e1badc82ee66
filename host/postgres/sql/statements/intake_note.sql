-- intake_note
-- $1 queue, $2 host, $3 pid, $4..$6 events appended, known and messages refused since the last note, $7 messages that
-- wait, $8 that lie refused, $9 why the last one was refused or null, $10 trouble
insert into lantern.intake_queue as q (queue, host, pid, appended, known, refused, waiting, lying, last_refusal, last_refusal_at, trouble)
values ($1, $2, $3::integer, $4::bigint, $5::bigint, $6::bigint, $7::bigint, $8::bigint, coalesce($9, ''),
        case when $9::text is not null then clock_timestamp() end, $10)
on conflict (the_one) do update
   set queue = excluded.queue, seen_at = clock_timestamp(),
       host = case when excluded.appended + excluded.known + excluded.refused > 0 then excluded.host else q.host end,
       pid = case when excluded.appended + excluded.known + excluded.refused > 0 then excluded.pid else q.pid end,
       appended = q.appended + excluded.appended, known = q.known + excluded.known, refused = q.refused + excluded.refused,
       waiting = excluded.waiting, lying = excluded.lying,
       last_refusal = case when $9::text is null then q.last_refusal else excluded.last_refusal end,
       last_refusal_at = coalesce(excluded.last_refusal_at, q.last_refusal_at), trouble = excluded.trouble
