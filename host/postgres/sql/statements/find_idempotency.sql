-- $1 caller, $2 route, $3 key
select request_mac, status, body from lantern.idempotency where caller = $1 and route = $2 and key = $3
