-- $1 token id
select exists (select from lantern.denied_tokens where id = $1)
