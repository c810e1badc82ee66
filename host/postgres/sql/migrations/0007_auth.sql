-- What the api must know over all hosts to let callers in.

-- How much of an allowance is used up: it is whole again at full_at. Names are keyed hashes of what was typed.
create table lantern.allowances (
    name    text primary key,
    full_at timestamptz not null
);
create index allowances_age on lantern.allowances (full_at);

-- Tokens that were given back before they expired.
create table lantern.denied_tokens (
    id         text primary key,
    expires_at timestamptz not null
);
create index denied_tokens_age on lantern.denied_tokens (expires_at);
