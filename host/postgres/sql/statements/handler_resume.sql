-- $1 handler, $2 who, $3 why
select lantern.resume($1, $2, $3)
