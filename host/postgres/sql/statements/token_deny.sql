-- $1 token id, $2 when it expires. Those that have expired are forgotten.
with expired as (
    delete from lantern.denied_tokens where expires_at < now()
)
insert into lantern.denied_tokens (id, expires_at) values ($1, $2::timestamptz) on conflict do nothing
