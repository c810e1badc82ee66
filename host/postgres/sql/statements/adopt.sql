-- $1 who, $2 reason
select out_handler, '', out_ahead, out_missing, out_from from lantern.adopt($1::text, $2::text)
