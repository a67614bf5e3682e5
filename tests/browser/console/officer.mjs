// The data protection officer: a person is found, held, shown in full, exported and erased; nobody's address stands where it was
// not asked for.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { check, step } from '../checking.mjs';
import * as accounts from './accounts.mjs';

/// Stands in the address, a name and the message of one person.
const CANARY = 'officercanary';
const ADDRESS = `${CANARY}@people.example`;
const WHY = 'Request 12 of 3 March';

const LIST = ['email,first_name,safe_to_email', 'one@people.example,Ann,yes', `${ADDRESS},${CANARY}son,yes`, 'two@people.example,Bea,yes'];

async function masked(person) {
  assert.ok(!(await person.page.content()).includes(CANARY), 'no address, and no name');
  assert.ok(!person.page.url().includes(CANARY));
}

async function sent(installation) {
  await installation.write('office.csv', `${LIST.join('\n')}\n`);
  await installation.write('office.md', '---\nsubject: "How did we do?"\nlanguage: en\n---\nDear {{ first_name }},\n\nplease tell us.\n');
  await installation.run(['import', 'Office list', 'office.csv', '--acknowledge', 'all']);
  const alone = { UNDISCLOSED_APPROVAL__REQUIRED: 'false' };
  const args = ['send', 'Office list', 'office.md', '--name', 'Office letter', '--acknowledge', 'all'];
  await installation.run(args, [0], alone);
}

async function find(person, address) {
  await person.open('/people');
  await person.type('E-mail address', address);
  await person.type('Why do you look?', WHY);
  assert.equal(await person.press('Find'), 200);
}

/// What a button gives to keep, under a name that says nothing of anybody.
async function download(person, name, kept = /^personal-data\.(html|json)$/) {
  const button = person.page.getByRole('button', { name, exact: true });
  const [file] = await Promise.all([person.page.waitForEvent('download'), button.click()]);
  assert.match(file.suggestedFilename(), kept);
  return readFile(await file.path(), 'utf8');
}

/// Every file of the installation but the spreadsheet itself.
async function onDisk(installation) {
  const folders = ['.', 'data', 'keys'].map((name) => path.join(installation.folder, name));
  const files = await Promise.all(folders.map(async (folder) => (await readdir(folder, { withFileTypes: true }))
    .filter((it) => it.isFile() && !it.name.endsWith('.csv')).map((it) => readFile(path.join(folder, it.name)))));
  return (await Promise.all(files.flat())).some((octets) => octets.includes(CANARY));
}

/// Everything an officer does, by somebody who signs in for it.
export async function answers(browser, installation, ada) {
  await sent(installation);
  const link = await accounts.invite(ada, { login: 'olga@unit.example', name: 'Olga Ladyzhenskaya', roles: ['Officer'] });
  const [olga, account] = await accounts.join(browser, ada.origin, link, 'olga@unit.example');
  await olga.signIn(account);
  await step('an officer looks for somebody: what is missing is said', async () => {
    await olga.open('/people');
    await olga.look('finding a person');
    assert.equal(await olga.press('Find'), 200);
    await olga.errors(['address', 'reason']);
    await olga.look('finding a person, with nothing typed');
    await olga.type('E-mail address', 'nobody');
    await olga.type('Why do you look?', ADDRESS);
    await olga.press('Find');
    await olga.errors(['address', 'reason']);
  });
  await step('nobody is found, and that is said', async () => {
    await find(olga, 'else@people.example');
    assert.equal(await olga.heading(), 'Nobody was found');
    await olga.look('nobody found');
  });
  await step('somebody is found, masked: where they are, and what was sent', async () => {
    await find(olga, ADDRESS);
    assert.equal(await olga.heading(), 'A person was found');
    assert.match(await olga.main(), /Office letter\s+accepted/);
    await masked(olga);
    await olga.look('a person found');
    await olga.press('Everything about this person');
    await masked(olga);
    await olga.look('a person');
  });
  await seenInFull(olga);
  await accounting(olga);
  await held(olga);
  await erased(olga, installation);
  await lists(olga);
  return olga;
}

async function seenInFull(olga) {
  const page = olga.path();
  await step('in full only with a reason, and once', async () => {
    await olga.press('Show everything');
    await olga.errors(['reason']);
    await masked(olga);
    await olga.type('Why?', WHY);
    assert.equal(await olga.press('Show everything'), 200);
    const text = await olga.main();
    assert.ok(text.includes(ADDRESS) && text.includes(`Dear ${CANARY}son,`), text);
    assert.match(text, /octet for octet as it was sent/i);
    assert.ok(!olga.page.url().includes(CANARY));
    await olga.look('a person in full');
    await olga.open(page);
    await masked(olga);
  });
  await check('it is exported as a page and as JSON', async () => {
    await olga.type('Why?', WHY);
    const html = await download(olga, 'Export as a page');
    assert.ok(html.includes(ADDRESS) && html.includes('Your rights') && !html.includes('<script'), html);
    const data = JSON.parse(await download(olga, 'Export as JSON'));
    assert.equal(data.address, ADDRESS);
    assert.match(data.messages[0].message, new RegExp(`^[^]*To: ${ADDRESS}[^]*Subject: How did we do`));
  });
}

async function accounting(olga) {
  const page = olga.path();
  await step('the accounting of a campaign, with addresses for a reason', async () => {
    await olga.open('/campaigns');
    await olga.follow('Office letter');
    await olga.follow('Everybody, one by one');
    await masked(olga);
    await olga.follow('With addresses');
    await olga.look('the accounting with addresses');
    await olga.press('Download the table');
    await olga.errors(['reason']);
    await olga.look('the accounting, with nothing typed');
    await olga.type('Why?', WHY);
    const table = await download(olga, 'Download the table', /^accounting-\d+\.csv$/);
    assert.match(table, /^\ufeff?row,address,state,attempts,settled,code,enhanced\r\n/);
    assert.ok(table.includes(`,${ADDRESS},accepted,1,`), table);
  });
  await olga.open(page);
}

async function held(olga) {
  const page = olga.path();
  await step('a hold stops erasing until somebody says why', async () => {
    await olga.open(page);
    await olga.type('Why?', 'A complaint');
    assert.equal(await olga.press('Hold: not to be erased'), 200);
    assert.match(await olga.main(), /Not to be erased for now/);
    await olga.follow('Erase this person');
    await olga.look('erasing a person who is held');
    await olga.press('Erase this person');
    await olga.errors(['suppression', 'reason', 'overriding']);
    await olga.look('erasing a person, with nothing typed');
    await olga.open('/retention');
    await olga.look('retention, with a hold');
    await olga.press('Hold it');
    await olga.errors(['audience', 'hold_reason']);
    await olga.follow('Lift the hold on Office list, row 3');
    await olga.look('lifting a hold');
    await olga.press('Lift the hold');
    await olga.errors(['lift_reason']);
    await olga.type('Why is it not held any more?', 'The complaint is over');
    assert.equal(await olga.press('Lift the hold'), 200);
    assert.match(await olga.main(), /Nobody has set a hold/);
    await olga.open(page);
  });
}

async function erased(olga, installation) {
  const page = olga.path();
  await step('the person is erased', async () => {
    await olga.follow('Erase this person');
    await olga.tick('Do not write to them');
    await olga.type('Why are they erased?', WHY);
    assert.equal(await olga.press('Erase this person'), 200);
    assert.equal(await olga.heading(), 'The person is erased');
    await olga.look('a person erased');
    assert.equal(await olga.open(page), 404);
    await find(olga, ADDRESS);
    assert.match(await olga.main(), /Wants no more surveys/);
    assert.ok(!(await olga.main()).includes('Office list'));
  });
  await check('nothing of them is on the disk, and the ledger holds', async () => {
    assert.ok(!(await onDisk(installation)));
    await installation.run(['ledger', 'verify']);
  });
}

async function lists(olga) {
  await step('the suppression list, by a form', async () => {
    await olga.open('/suppressions');
    await olga.look('the suppression list');
    await olga.press('Put on the list');
    await olga.errors(['address', 'scope', 'reason']);
    await olga.type('E-mail address', 'two@people.example');
    await olga.tick('E-mail is not safe for them');
    await olga.type('Why do you change the list?', WHY);
    assert.equal(await olga.press('Put on the list'), 200);
    assert.match(await olga.main(), /nobody writes to it any more/);
    await olga.look('the suppression list, changed');
  });
  await step('no request is open', async () => {
    await olga.open('/requests');
    await olga.look('no requests');
  });
}
