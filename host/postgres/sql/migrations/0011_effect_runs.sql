-- Side effects over history (host/postgres/backfill/effect_runs.cpp).

-- run: 0 what delivery did; else the number of a run over history that an operator asked for, whose rows stand beside
-- delivery's. They begin as `asked` (to be acted on, not before next_attempt_at), or are `suppressed` at once.
alter table lantern.effects
    add column run             bigint not null default 0,
    add column next_attempt_at timestamptz,
    drop constraint effects_pkey,
    add constraint effects_pkey primary key (handler, event_id, run),
    drop constraint effects_state_check,
    add constraint effects_state_check
        check (state in ('pending', 'done', 'skipped', 'failed', 'held', 'suppressed', 'asked'));
create sequence lantern.effect_runs;
create index effects_asked on lantern.effects (handler, stream_id, run, revision)
    where run > 0 and state in ('asked', 'pending');
create index effects_of_run on lantern.effects (handler, run, state) where run > 0;

-- They take more now (functions/record_effect.sql, import.sql).
drop function if exists lantern.record_effect(text, uuid, bigint, bigint, uuid, text, bigint, integer, text);
drop function if exists lantern.import_chunk(boolean, text[], text[], bigint[], text[], text[], text[], text[], text[], text[],
                                             text[], text[]);
