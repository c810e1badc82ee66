-- What the process that reads the queue of events from outside says of itself, for status and metrics. One row; counts
-- are since ever, over all hosts.
create table lantern.intake_queue (
    the_one         boolean     primary key default true check (the_one),
    queue           text        not null,
    host            text        not null,            -- who took messages last
    pid             integer     not null,
    seen_at         timestamptz not null default clock_timestamp(),
    appended        bigint      not null default 0,
    known           bigint      not null default 0,
    refused         bigint      not null default 0,
    waiting         bigint      not null default 0,  -- messages in the queue
    lying           bigint      not null default 0,  -- refused messages that nobody has taken away
    last_refusal    text        not null default '',
    last_refusal_at timestamptz,
    trouble         text        not null default ''
);
