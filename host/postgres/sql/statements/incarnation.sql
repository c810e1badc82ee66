-- Which store this is.
select id from lantern.incarnation
