-- The account that a user has at the command line, as the ledger names it (uid 1000); empty: none that is known.
ALTER TABLE staff ADD COLUMN command_line TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX staff_command_line ON staff (command_line) WHERE command_line <> '';
