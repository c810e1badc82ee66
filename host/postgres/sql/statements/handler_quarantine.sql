-- $1 handler, $2 why
select lantern.quarantine_handler($1::text, $2::text)
