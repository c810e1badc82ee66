-- What handlers declare as their tables.
select handler, declaration::text from lantern.handlers where json_typeof(declaration) = 'array'
