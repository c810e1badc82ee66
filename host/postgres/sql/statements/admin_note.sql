-- $1 who, $2 action, $3 subject, $4 reason
insert into lantern.admin_log (who, action, subject, reason) values ($1, $2, $3, $4)
