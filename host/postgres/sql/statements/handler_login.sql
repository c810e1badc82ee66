-- $1 handler
select out_role, out_password, out_exists from lantern.handler_login($1::text)
