// The public pages in a real browser, behind a proxy with TLS: as a person comes to them from a message, with scripts and
// without, at three widths; and as a scanner does, which runs scripts and follows links, but submits no form.
//
//   node public.mjs [--pictures FOLDER]
//
// UNDISCLOSED names the program, CHROMIUM the browser. Exits with 0 only if every check passed.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { check, freePort, runAll, step, withBrowser } from './checking.mjs';
import { Installation } from './console/installation.mjs';
import { Person, keepPictures } from './console/person.mjs';
import { startProxy } from './console/proxy.mjs';
import { startRelay } from './console/relay.mjs';

const PEOPLE = 'first_name,email,language,safe_to_email\nAyesha,ayesha@people.example,en,yes\nBryn,bryn@people.example,cy,yes\n';

/// The two links of a message that the relay took: as its person gets them.
function links(relay, address) {
  const text = relay.messages.find((one) => one.includes(`To: ${address}`)).replaceAll('=\n', '').replaceAll('\n ', ' ');
  const [preferences] = /https:\/\/\S+\/preferences\/[a-z2-7]+/.exec(text);
  const [unsubscribe] = /https:\/\/\S+\/unsubscribe\/[a-z2-7]+/.exec(text);
  return { preferences, unsubscribe };
}

/// The database as it lies on the disk.
async function database(installation) {
  const names = ['undisclosed.db', 'undisclosed.db-wal'];
  const read = names.map((name) => readFile(path.join(installation.folder, 'data', name)));
  return Buffer.concat(await Promise.all(read));
}

async function acts(installation) {
  const { entries } = JSON.parse(await installation.run(['ledger', 'list', '--json']));
  return entries.map((entry) => entry.act);
}

/// Chooses, reads what it means, and confirms.
async function choose(person, label, button) {
  await person.tick(label);
  await person.press('Continue');
  assert.equal(await person.press(button), 200);
  assert.equal(await person.heading(), 'Saved');
}

async function chosen(browser, origin, link, installation) {
  const person = await Person.sitDown(browser, origin, { ours: false });
  await step('the link in the message opens the page, and the page has no cookie', async () => {
    assert.equal(await person.open(link), 200);
    assert.equal(await person.heading(), 'What we send you');
    assert.deepEqual(await person.context.cookies(), []);
    assert.doesNotMatch(await person.page.content(), /people\.example|Ayesha/);
  });
  await person.look('the preference page');
  await check('without a choice it says so, in its own place', async () => {
    await person.press('Continue');
    await person.errors(['choice']);
  });
  await person.look('the preference page with nothing chosen');
  const choices = [
    ['Stop surveys', 'Stop surveys', 'unsubscribe'],
    ['Get surveys again', 'Get surveys again', 'subscribe again'],
    ['Please telephone me instead', 'Ask for a call', 'ask for a call'],
    ['What do you hold about me?', 'Ask for a copy', 'ask for access'],
    ['Forget me', 'Ask to be forgotten', 'ask for erasure'],
    ['This e-mail address is not safe for me', 'Send nothing to this address', 'not safe'],
  ];
  for (const [label, button, act] of choices) {
    await person.open(link);
    await person.tick(label);
    await person.press('Continue');
    await person.look(`asked once more: ${label}`);
    await check(`a form under no-referrer is taken: ${label}`, async () => {
      assert.equal(await person.heading(), label);
      await person.press(button);
      assert.equal(await person.heading(), 'Saved');
      assert.equal((await acts(installation)).at(-1), act);
      assert.doesNotMatch(person.page.url(), new RegExp(act.split(' ').at(-1)));
    });
    if (act !== 'subscribe again') await person.look(`saved: ${label}`, { keys: act === 'unsubscribe' });
  }
  await check('whoever opens the link later sees the page as it was, and not what was chosen', async () => {
    const other = await Person.sitDown(browser, origin, { ours: false });
    await other.open(link);
    assert.equal(await other.heading(), 'What we send you');
    assert.doesNotMatch(await other.main(), /[Ss]aved|stopped surveys here\b.*undone/);
    await other.leave();
  });
  return person;
}

async function inWelsh(browser, origin, link) {
  const person = await Person.sitDown(browser, origin, { ours: false });
  await step('a reader of Welsh is spoken to in Welsh, and told that it was not reviewed', async () => {
    await person.open(link);
    assert.equal(await person.heading(), 'Yr hyn rydym yn ei anfon atoch');
    assert.match(await person.main(), /cyfieithydd/);
  });
  await person.look('the preference page in Welsh');
  await check('the page is switched to English, and stays so', async () => {
    await person.follow('English');
    assert.equal(await person.heading(), 'What we send you');
    await person.tick('Use another language');
    await person.press('Continue');
    assert.equal(await person.heading(), 'Use another language');
    await person.press('Save');
    assert.match(await person.page.title(), /^Error: /);
  });
  await person.look('choosing a language, with none chosen');
  await check('another language is saved', async () => {
    await person.tick('English');
    await person.press('Save');
    assert.equal(await person.heading(), 'Saved');
  });
  return person;
}

/// Opens a link as a scanner does: everything is followed, nothing is submitted.
async function scan(person, link) {
  const seen = new Set();
  const waiting = [link];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (seen.has(next)) continue;
    seen.add(next);
    await person.open(next);
    await person.page.evaluate(() => {
      for (const it of document.querySelectorAll('input, label, legend, h1')) it.click();
      document.dispatchEvent(new Event('visibilitychange'));
    });
    const found = await person.page.locator('a').evaluateAll((all) => all.map((it) => it.href));
    waiting.push(...found.map((href) => href.split('#')[0]).filter((href) => href.startsWith('https:')));
  }
  return seen.size;
}

async function walk(browser, installation, relay, proxy) {
  const { preferences, unsubscribe } = links(relay, 'ayesha@people.example');
  const theirs = links(relay, 'bryn@people.example');
  const origin = proxy.url;
  await check('a scanner that runs scripts and follows links changes nothing', async () => {
    const scanner = await Person.sitDown(browser, origin, { ours: false });
    const before = await database(installation);
    assert.ok(await scan(scanner, unsubscribe) >= 4);
    assert.ok(before.equals(await database(installation)), 'it wrote to the database');
    await scanner.leave();
  });
  const ada = await chosen(browser, origin, preferences, installation);
  const bryn = await inWelsh(browser, origin, theirs.preferences);
  const plain = await Person.sitDown(browser, origin, { script: false });
  await check('without scripts: the button behind the unsubscribe link', async () => {
    assert.equal(await plain.open(theirs.unsubscribe), 200);
    await plain.look('the unsubscribe page without scripts');
    // English, for that was chosen a moment ago.
    await plain.press('Stop surveys');
    assert.equal(await plain.heading(), 'Saved');
    assert.equal((await acts(installation)).at(-1), 'unsubscribe');
  });
  await check('without scripts: a choice', async () => {
    await plain.open(`${preferences}?lang=en`);
    await choose(plain, 'Get surveys again', 'Get surveys again');
  });
  await check('a link that is not ours: one page, that says what to do', async () => {
    assert.equal(await bryn.open('/preferences/aaaa'), 404);
    assert.equal(await bryn.heading(), 'This link does not work');
  });
  await bryn.look('a link that does not work', { keys: false });
  for (const [name, person] of Object.entries({ ada, bryn, plain })) {
    await check(`nothing against the policy, nothing from elsewhere: ${name}`, async () => {
      assert.deepEqual(person.complaints, []);
    });
  }
}

async function main() {
  const { values } = parseArgs({ options: { pictures: { type: 'string' } } });
  if (values.pictures) keepPictures(values.pictures);
  const relay = await startRelay();
  const installation = await Installation.make(relay);
  const proxy = await startProxy(installation.folder);
  const listen = `127.0.0.1:${await freePort()}`;
  proxy.to(`http://${listen}`);
  Object.assign(installation.environment, {
    UNDISCLOSED_PUBLIC__URL: proxy.url,
    UNDISCLOSED_PUBLIC__LISTEN: listen,
    UNDISCLOSED_APPROVAL__REQUIRED: 'false',
  });
  try {
    await installation.write('people.csv', PEOPLE);
    await installation.write('letter.md', '---\nsubject: A letter\nlanguage: en\n---\nDear {{ first_name }},\n\nhow did we do?\n');
    await installation.write('letter.cy.md', '---\nsubject: Llythyr\n---\nAnnwyl {{ first_name }},\n\nsut wnaethom ni?\n');
    await installation.run(['send', 'people.csv', 'letter.md', '--name', 'Letter', '--acknowledge', 'all']);
    const serving = await installation.serve(/^(\{.*\})\n/, ['--json']);
    await withBrowser((browser) => walk(browser, installation, relay, proxy));
    await check('Ctrl-C ends it with 0, and no link was said', async () => {
      assert.equal(await installation.interrupt(serving), 0);
      for (const link of Object.values(links(relay, 'ayesha@people.example'))) {
        assert.ok(!(serving.said + serving.complained).includes(new URL(link).pathname.split('/').at(-1)));
      }
    });
  } finally {
    await installation.remove();
    proxy.close();
    relay.close();
  }
}

await runAll(main);
