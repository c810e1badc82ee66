-- Handlers that have, or had, a route.
select distinct handler from lantern.routes
