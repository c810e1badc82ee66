-- What adopting would find, handlers and their queues.
select a.out_handler, h.queues, a.out_ahead, a.out_missing
  from lantern.ahead() a join lantern.handlers h on h.handler = a.out_handler
