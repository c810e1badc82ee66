-- The first answer, while it is kept (lantern.answers_kept).
--   $1 caller, $2 route, $3 key
select request_mac, status, body from lantern.idempotency
 where caller = $1 and route = $2 and key = $3 and recorded_at > clock_timestamp() - lantern.answers_kept()
