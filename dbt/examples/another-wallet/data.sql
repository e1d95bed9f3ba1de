-- Nine transfers, few enough to work every mart out by hand. Jakarta is seven hours ahead of UTC.
insert into currency (number, title, digits) values
('840', 'US dollar', 2),
('414', 'Kuwaiti dinar', 3),
('704', 'Vietnamese dong', 0);

insert into holder (id, display_name, mail, msisdn, nation, born, level, verified_on, state, invited_by, joined, modified)
values
(
  'a0000000-0000-0000-0000-000000000001', 'Ana', 'ana@example.com', '+62 811 1', 'ID', '1990-05-01', 'L2',
  '2026-02-11 09:00', 'A', null, '2026-02-10 06:30', '2026-02-11 09:00'
),
(
  'a0000000-0000-0000-0000-000000000002', 'Binh', 'binh@example.com', '+84 90 2', 'VN', null, 'L1',
  null, 'B', 'a0000000-0000-0000-0000-000000000001', '2026-02-20 12:00', '2026-02-20 12:00'
);

insert into shop (id, label, mcc, nation, town, commission_bps, keywords, state, joined, modified) values
(
  'b0000000-0000-0000-0000-000000000001', 'Kedai', '5411', 'ID', 'Jakarta', 150, 'halal,open late', 'A',
  '2026-02-01 08:00', '2026-02-01 08:00'
);

insert into purse (id, owner_kind, owner_id, currency, minor_units, opened, modified) values
('c0000000-0000-0000-0000-000000000840', 'O', null, '840', -10000, '2026-02-01 08:00', '2026-03-03 13:00'),
('c0000000-0000-0000-0000-000000000414', 'O', null, '414', -12345, '2026-02-01 08:00', '2026-03-03 13:00'),
('c0000000-0000-0000-0000-000000000704', 'O', null, '704', -500000, '2026-02-01 08:00', '2026-03-03 13:00'),
('d0000000-0000-0000-0000-000000000840', 'F', null, '840', 35, '2026-02-01 08:00', '2026-03-03 13:00'),
('d0000000-0000-0000-0000-000000000414', 'F', null, '414', 5, '2026-02-01 08:00', '2026-03-03 13:00'),
(
  'e0000000-0000-0000-0000-000000000840', 'S', 'b0000000-0000-0000-0000-000000000001', '840', 2000,
  '2026-02-01 08:00', '2026-03-03 13:00'
),
(
  'e0000000-0000-0000-0000-000000000414', 'S', 'b0000000-0000-0000-0000-000000000001', '414', 2005,
  '2026-02-01 08:00', '2026-03-03 13:00'
),
(
  'f1000000-0000-0000-0000-000000000840', 'H', 'a0000000-0000-0000-0000-000000000001', '840', 6965,
  '2026-02-10 06:30', '2026-03-03 13:00'
),
(
  'f1000000-0000-0000-0000-000000000414', 'H', 'a0000000-0000-0000-0000-000000000001', '414', 10335,
  '2026-02-10 06:30', '2026-03-03 13:00'
),
(
  'f2000000-0000-0000-0000-000000000840', 'H', 'a0000000-0000-0000-0000-000000000002', '840', 1000,
  '2026-02-20 12:00', '2026-03-03 13:00'
),
(
  'f2000000-0000-0000-0000-000000000704', 'H', 'a0000000-0000-0000-0000-000000000002', '704', 500000,
  '2026-02-20 12:00', '2026-03-03 13:00'
);

insert into transfer (id, from_purse, to_purse, currency, minor_units, fee_minor_units, via, gives_back, made_at)
select
  cast('00000000-0000-0000-0000-00000000000' || t.n as uuid),
  cast(t.from_purse || '000000-0000-0000-0000-000000000' || t.currency as uuid),
  cast(t.to_purse || '000000-0000-0000-0000-000000000' || t.currency as uuid),
  t.currency,
  t.minor_units,
  t.fee_minor_units,
  t.via,
  cast('00000000-0000-0000-0000-00000000000' || t.gives_back as uuid),
  cast(t.made_at as timestamp)
from (
  values
  (1, 'c0', 'f1', '840', 10000, 0, 'cash point', null, '2026-03-01 08:00'),
  (2, 'f1', 'e0', '840', 2550, 25, 'terminal', null, '2026-03-02 03:00'), -- still 1 March in UTC
  (3, 'f1', 'f2', '840', 1000, 10, 'phone', null, '2026-03-02 09:00'),
  (4, 'f2', 'c0', '840', 400, 0, 'cash point', null, '2026-03-02 09:30'), -- rejected
  (5, 'c0', 'f1', '414', 12345, 0, 'cash point', null, '2026-03-02 10:00'),
  (6, 'f1', 'e0', '414', 2005, 5, 'terminal', null, '2026-03-02 11:00'),
  (7, 'c0', 'f2', '704', 500000, 0, 'cash point', null, '2026-03-02 06:00'), -- 1 March in UTC, settled on the 2nd
  (8, 'e0', 'f1', '840', 550, 0, 'terminal', 2, '2026-03-03 12:00'), -- gives part of number 2 back
  (9, 'f1', 'e0', '840', 300, 0, 'phone', null, '2026-03-03 13:00') -- held, never captured
) as t (n, from_purse, to_purse, currency, minor_units, fee_minor_units, via, gives_back, made_at);

insert into transfer_step (transfer_id, step, state, reason, entered_at)
select
  cast('00000000-0000-0000-0000-00000000000' || s.n as uuid),
  s.step,
  s.state,
  s.reason,
  cast(s.entered_at as timestamp)
from (
  values
  (1, 1, 'NEW', null, '2026-03-01 08:00:00'),
  (1, 2, 'CAPTURED', null, '2026-03-01 08:00:30'),
  (2, 1, 'NEW', null, '2026-03-02 03:00:00'),
  (2, 2, 'HELD', null, '2026-03-02 03:00:02'),
  (2, 3, 'CAPTURED', null, '2026-03-02 03:00:05'),
  (3, 1, 'CAPTURED', null, '2026-03-02 09:00:01'),
  (4, 1, 'NEW', null, '2026-03-02 09:30:00'),
  (4, 2, 'REJECTED', 'limit reached', '2026-03-02 09:30:10'),
  (5, 1, 'CAPTURED', null, '2026-03-02 10:00:20'),
  (6, 1, 'CAPTURED', null, '2026-03-02 11:00:04'),
  (7, 1, 'NEW', null, '2026-03-02 06:00:00'),
  (7, 2, 'CAPTURED', null, '2026-03-02 07:30:00'),
  (8, 1, 'CAPTURED', null, '2026-03-03 12:00:02'),
  (9, 1, 'HELD', null, '2026-03-03 13:00:00')
) as s (n, step, state, reason, entered_at);

insert into sign_in (id, holder_id, what, device, happened_at) values
(
  '10000000-0000-0000-0000-000000000001', 'a0000000-0000-0000-0000-000000000001', 'SIGN_IN', 'ios', '2026-03-02 02:59'
),
(
  '10000000-0000-0000-0000-000000000002', 'a0000000-0000-0000-0000-000000000002', 'BAD_PIN', 'web', '2026-03-02 09:29'
);
