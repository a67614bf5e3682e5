// Spreadsheets become audiences: uploaded, looked at, mapped, decided on, imported; with scripts and without.

import assert from 'node:assert/strict';
import { readFile, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { check, step } from '../checking.mjs';

/// Stands in every address of these lists, and may be readable nowhere.
const CANARY = 'canary';

/// Bad rows, equal ones, an address that two share, and columns that are not called what they are.
const LIST = [
  'E-mail;First name;Last name;Iaith;May we write?',
  ...Array.from({ length: 60 }, (_, n) => `${CANARY}${n}@people.example;Ann;Other;cy;${n < 50 ? 'yes' : 'no'}`),
  `${CANARY}0@people.example;Ann;Other;cy;yes`,
  `two ${CANARY}@people.example addresses@people.example;Bob;Both;en;yes`,
  ';Nobody;Atall;en;yes',
  `${CANARY}-shared@people.example;Cy;First;en;yes`,
  `${CANARY}-shared@people.example;Dee;Second;en;yes`,
].join('\n');

async function choose(person, name, text) {
  const file = { name, mimeType: 'text/csv', buffer: Buffer.from(text) };
  await person.page.locator('input[type=file]').setInputFiles(file);
}

/// As somebody does it who drags the file there from a folder.
async function drop(person, name, text) {
  const transfer = await person.page.evaluateHandle(([called, content]) => {
    const data = new DataTransfer();
    data.items.add(new File([content], called, { type: 'text/csv' }));
    return data;
  }, [name, text]);
  await person.page.locator('#spreadsheet').dispatchEvent('drop', { dataTransfer: transfer });
  assert.match(await person.page.locator('#spreadsheet').innerText(), new RegExp(name));
}

async function noAddress(person) {
  const content = await person.page.content();
  assert.ok(!content.includes(CANARY), 'no address of anybody');
}

/// Every octet that the installation has on the disk: its folder, and what the process holds open without a name.
async function readable(installation, serving) {
  const folders = ['.', 'data', 'keys'].map((name) => path.join(installation.folder, name));
  const names = await Promise.all(folders.map(async (folder) =>
    (await readdir(folder, { withFileTypes: true })).filter((it) => it.isFile()).map((it) => path.join(folder, it.name))));
  const open = `/proc/${serving.child.pid}/fd`;
  const unnamed = [];
  for (const descriptor of await readdir(open)) {
    const target = await readlink(path.join(open, descriptor)).catch(() => '');
    if (target.startsWith(installation.folder) && target.endsWith(' (deleted)')) unnamed.push(path.join(open, descriptor));
  }
  const octets = await Promise.all([...names.flat(), ...unnamed].map((name) => readFile(name)));
  return { canary: octets.some((file) => file.includes(CANARY)), unnamed: unnamed.length };
}

async function nothingToRead(installation, serving, waiting) {
  const { canary, unnamed } = await readable(installation, serving);
  assert.ok(!canary, 'an address can be read on the disk');
  assert.equal(unnamed > 0, waiting, `${unnamed} files without a name`);
}

export async function imported(installation, serving, author) {
  await step('there are no audiences of one\'s own yet', async () => {
    await author.open('/');
    await author.follow('Audiences');
    assert.equal(await author.heading(), 'Audiences');
    await author.look('the audiences');
    await author.press('Add an audience');
    await author.look('adding an audience');
    assert.equal(await author.press('Upload and check'), 200);
    await author.errors(['spreadsheet']);
    await author.look('adding an audience, without a file');
  });
  await step('a spreadsheet is dropped there, and what was found is shown', async () => {
    await author.type('Name of the audience', 'Winter');
    await drop(author, 'winter.csv', LIST);
    assert.equal(await author.press('Upload and check'), 200);
    assert.equal(await author.heading(), 'Check the list');
    const main = await author.main();
    assert.match(main, /c\*\*\*0@p---e\.example/);
    assert.match(main, /row 66 has the same address/);
    await noAddress(author);
    await nothingToRead(installation, serving, true);
  });
  await author.look('checking a list with bad rows');
  await step('what is not decided is said', async () => {
    await author.press('Import 60 people');
    await author.errors(['bad_rows', 'acknowledged']);
  });
  await author.look('checking a list, with nothing decided');
  await step('other columns, and the list is read again', async () => {
    await author.field('Column with the language').selectOption('Iaith');
    await author.field('Column that says to whom e-mail is safe').selectOption('May we write?');
    await author.tick('A message for each row');
    await author.press('Read it again like this');
    const main = await author.main();
    assert.match(main, /safe in 53 rows, not safe in 10, not known in 0/);
    assert.doesNotMatch(main, /No column says to whom e-mail is safe/);
    assert.match(main, /2 rows are bad/);
  });
  await step('the bad rows are downloaded, without addresses', async () => {
    const [download] = await Promise.all([
      author.page.waitForEvent('download'),
      author.page.getByRole('link', { name: 'Download them as a table (CSV)' }).click(),
    ]);
    assert.equal(download.suggestedFilename(), 'bad-rows.csv');
    const table = await readFile(await download.path(), 'utf8');
    assert.match(table, /63,E-mail,/);
    assert.ok(!table.includes(CANARY));
  });
  await step('without the bad rows it becomes an audience', async () => {
    await author.tick('Leave the 2 bad rows out');
    await author.press('Import 62 people');
    assert.equal(await author.heading(), 'Winter');
    await noAddress(author);
    await nothingToRead(installation, serving, false);
  });
  await author.look('an audience');
  await step('its people, page by page', async () => {
    assert.equal(await author.page.locator('tbody tr').count(), 50);
    await author.follow('The next people');
    assert.equal(await author.page.locator('tbody tr').count(), 12);
    assert.match(await author.main(), /not safe/);
    await author.follow('The first people');
  });
  await check('the command line knows the audience, and the ledger who made it', async () => {
    assert.match(await installation.run(['ledger', 'list', '--json']), /"import"/);
    assert.match(await installation.run(['preview', 'Winter', 'autumn-letter.md', '--person', '3']), /c\*\*\*2@/);
    await assert.rejects(installation.run(['import', 'Winter', 'autumn-letter.csv', '--acknowledge', 'all'], [0]), /exited|ended/);
  });
}

/// Without scripts, with what somebody has to know first, and with a spreadsheet that is none.
export async function withoutScript(plain) {
  await step('without scripts: what cannot be read is said, and which column it is can be said', async () => {
    await plain.open('/audiences/new');
    await choose(plain, 'two.csv', 'one,other\na@people.example,b@people.example\n');
    await plain.press('Upload and check');
    assert.match(await plain.main(), /Several columns could hold the addresses/);
  });
  await plain.look('a list whose address column is not clear');
  await step('without scripts: a column is chosen, a warning acknowledged, a list imported', async () => {
    await plain.field('Column with the e-mail addresses').selectOption('other');
    await plain.press('Read it with this column');
    assert.equal(await plain.heading(), 'Check the list');
    await plain.press('Import 1 person');
    await plain.errors(['acknowledged']);
    await plain.tick('No column says to whom e-mail is safe');
    await plain.type('Name of the audience', 'Two columns');
    await plain.press('Import 1 person');
    assert.equal(await plain.heading(), 'Two columns');
    assert.match(await plain.main(), /b\*\*\*b@p---e\.example/);
  });
  await plain.look('an audience without scripts');
  await step('without scripts: the name is taken', async () => {
    await plain.open('/audiences/new');
    await choose(plain, 'Two columns.csv', 'email,safe to email\na@people.example,yes\n');
    await plain.press('Upload and check');
    await plain.press('Import 1 person');
    await plain.errors(['name']);
    await plain.press('Remove this spreadsheet');
    assert.equal(await plain.heading(), 'Audiences');
  });
}

/// The process is killed while a spreadsheet waits: nothing of it is left, and its page says so. Those of whoever is there
/// go on with the new one.
export async function killed(installation, serving, author, again) {
  let place;
  await step('a spreadsheet waits when the server is killed', async () => {
    await author.open('/audiences/new');
    await choose(author, 'spring.csv', LIST);
    await author.press('Upload and check');
    assert.equal(await author.heading(), 'Check the list');
    place = author.path();
    await nothingToRead(installation, serving, true);
    serving.child.kill('SIGKILL');
    await serving.ended;
  });
  const next = await again();
  await step('after the restart nothing is left of it, and its page says so', async () => {
    await nothingToRead(installation, next, false);
    assert.equal(await author.open(place), 404);
    assert.equal(await author.heading(), 'This spreadsheet is not waiting any more');
    await author.open('/audiences');
    assert.doesNotMatch(await author.main(), /spring/);
  });
  await author.open(place);
  await author.look('a spreadsheet that is gone');
  return next;
}
