// What an administrator looks after beside users: senders, the mail server, backups, the ledger.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { step } from '../checking.mjs';

/// What the sender of these tests has published.
export const PUBLISHED = {
  'unit.example': { MX: 'mx.unit.example' },
  'bounce.unit.example': { TXT: 'v=spf1 ip4:203.0.113.5 -all', MX: 'mx.unit.example' },
  '_dmarc.unit.example': { TXT: 'v=DMARC1; p=reject' },
};

async function senders(person) {
  await step('senders: what a domain publishes is looked up', async () => {
    await person.open('/campaigns');
    await person.follow('Senders');
    await person.look('the senders');
    await person.press('Look it up');
    assert.match(await person.main(), /What unit\.example publishes/);
    assert.match(await person.main(), /cannot be told/);
    await person.look('what a sender publishes');
  });
  await step('senders: what is missing stands there with its value', async () => {
    await person.type('Domain', 'other.example');
    await person.press('Look it up');
    const text = await person.main();
    assert.match(text, /Missing/);
    assert.match(text, /_dmarc\.other\.example/);
    assert.match(text, /v=DMARC1; p=none/);
    await person.look('what a sender lacks');
    await person.type('Domain', 'not a domain');
    await person.press('Look it up');
    await person.errors(['domain']);
    await person.look('what is no domain');
  });
}

async function mailServer(person) {
  await step('the mail server is tried, and nothing is sent', async () => {
    await person.follow('Mail server');
    await person.look('the mail server');
    await person.press('Try it');
    assert.match(await person.main(), /The mail server is ready for messages/);
    await person.look('the mail server, tried');
  });
}

async function backups(person, folder) {
  await step('a backup of the database is made by a button', async () => {
    await person.follow('Backups');
    assert.match(await person.main(), /backup\.keys_folder/);
    await person.look('backups, none yet');
    await person.press('Back up the database');
    assert.match(await person.main(), /Written on .*without its keys/);
    const [file, ...more] = await readdir(folder);
    assert.match(file, /^undisclosed-\d{8}T\d{6}Z\.db$/);
    assert.deepEqual(more, []);
    await person.look('backups');
  });
}

async function ledger(person) {
  await step('the ledger is verified, and its checkpoint fits', async () => {
    await person.follow('Ledger');
    assert.match(await person.main(), /not gone through/);
    await person.look('the ledger');
    await person.press('Verify all of it');
    assert.match(await person.main(), /entries, none altered, removed or moved/);
    await person.look('the ledger, verified');
    const [download] = await Promise.all([
      person.page.waitForEvent('download'),
      person.page.getByRole('link', { name: 'Download the checkpoint' }).click(),
    ]);
    await person.type('Checkpoint', await readFile(await download.path(), 'utf8'));
    await person.press('Compare');
    assert.match(await person.main(), /The first \d+ entries are those of the checkpoint/);
    await person.look('the ledger, compared');
    await person.type('Checkpoint', 'something else');
    await person.press('Compare');
    await person.errors(['checkpoint']);
    await person.look('what is no checkpoint');
  });
}

export async function settingUp(person, folder) {
  await senders(person);
  await mailServer(person);
  await backups(person, folder);
  await ledger(person);
}
