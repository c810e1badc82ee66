-- $1 handler, $2 who, $3 why
select lantern.pause($1, $2, $3)
