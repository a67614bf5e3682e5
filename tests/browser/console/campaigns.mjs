// Campaigns that the commands make, watched and stopped in the console.

import assert from 'node:assert/strict';
import { step, within } from '../checking.mjs';
import { bounce, bring, unsubscription } from './bringing.mjs';

const SOON_MS = 15_000;

const NAMES = ['Ayesha', 'Bryn', 'Carys', 'Dafydd', 'Elin', 'Farah', 'Gwen', 'Huw', 'Imran', 'Joan'];

/// A spreadsheet: some who have no mailbox any more, some for whom it is too early, some nobody may write to yet.
function people(total, { gone, later, held, lost = 0 }) {
  const rows = ['first_name,email,safe_to_email'];
  for (let number = 1; number <= total; number += 1) {
    const name = NAMES[number % NAMES.length];
    const kinds = [...Array(gone).fill('gone'), ...Array(later).fill('later'), ...Array(lost).fill('lost')];
    const kind = kinds[number - 1] ?? name.toLowerCase();
    rows.push(`${name},${kind}${number}@people.example,${number > total - held ? '' : 'yes'}`);
  }
  return `${rows.join('\n')}\n`;
}

function message(subject) {
  return `---\nsubject: "${subject}"\nlanguage: en\n---\nDear {{ first_name }},\n\nplease tell us how we did: ${subject}.\n`;
}

/// One person decides alone.
const ALONE = { UNDISCLOSED_APPROVAL__REQUIRED: 'false' };

/// Starts `undisclosed send`.
async function send(installation, name, total, parts, environment = ALONE) {
  const file = name.toLowerCase().replaceAll(' ', '-');
  await installation.write(`${file}.csv`, people(total, parts));
  await installation.write(`${file}.md`, message(name));
  const args = ['send', `${file}.csv`, `${file}.md`, '--name', name, '--acknowledge', 'all'];
  return installation.start(args, environment);
}

async function ended(command, code) {
  assert.equal(await within(SOON_MS, 'the command', command.ended), code, command.complained);
}

/// Waits until the page that is open says so, without being loaded again.
async function says(person, key, text) {
  await person.page.locator(`[data-show="${key}"]`, { hasText: new RegExp(`^${text}$`) }).waitFor();
}

async function numbers(person) {
  const shown = await person.page.locator('dl [data-show]').evaluateAll((all) =>
    all.map((it) => [it.dataset.show, Number(it.textContent)]));
  return Object.fromEntries(shown);
}

/// Looks again until it is there: a command has just been told to send it.
async function openCampaign(person, name) {
  const link = person.page.getByRole('link', { name, exact: true });
  const deadline = Date.now() + SOON_MS;
  do await person.open('/campaigns');
  while ((await link.count()) === 0 && Date.now() < deadline);
  await person.follow(name);
  // A campaign whose state changes in this moment is loaded again by itself.
  await person.page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
}

export async function finished(installation, relay, reader) {
  await step('a campaign that is done', async () => {
    relay.take(Infinity);
    await ended(await send(installation, 'January survey', 40, { gone: 2, later: 0, held: 3 }), 3);
    await openCampaign(reader, 'January survey');
    await says(reader, 'state', 'Done');
    const { accepted, failed, held, queued } = await numbers(reader);
    assert.deepEqual({ accepted, failed, held, queued }, { accepted: 35, failed: 2, held: 3, queued: 0 });
    assert.match(await reader.main(), /2 failed: the mail server answered 550 5\.1\.1/);
    assert.equal(await reader.page.getByRole('button', { name: 'Pause' }).count(), 0);
    assert.ok(!(await reader.page.content()).includes('people.example'), 'no address of anybody');
  });
  await reader.look('a campaign that is done');
}

/// What comes back of it: a bounce, somebody who asks for no more, somebody who answers.
export async function cameBack(relay, reader, port) {
  await step('what came back is counted, and followed', async () => {
    // People whom the next campaign writes to as well.
    const [first, second, third] = relay.envelopes.slice(10);
    await bring(port, '', first.from, bounce(first));
    const [mailbox, wish] = unsubscription(second);
    await bring(port, second.to, mailbox, wish);
    await bring(port, third.to, third.from, `From: ${third.to}\r\nSubject: Re: January\r\n\r\nPlease call me.`);
    await reader.follow('Look again');
    const page = await reader.main();
    assert.match(page, /What came back/);
    assert.match(page, /1 bounced: there is no such mailbox \(5\.1\.1\)/);
    assert.match(page, /1 asked for no more surveys/);
    assert.match(page, /1 wrote back; their words went to whoever reads answers/);
    const { to, text } = relay.envelopes.at(-1);
    assert.equal(to, 'survey@unit.example');
    assert.match(text, /Please call me\./);
    assert.ok(!(await reader.page.content()).includes('people.example'), 'no address of anybody');
  });
  await reader.look('what came back of a campaign');
}

/// A campaign that stands still in the middle of being sent, watched by the author.
export async function watched(installation, relay, author, picture) {
  await step('the numbers change while one looks on', async () => {
    relay.take(500);
    installation.sending = await send(installation, 'Spring questions', 1136, { gone: 4, later: 3, held: 12 });
    await openCampaign(author, 'Spring questions');
    await says(author, 'accepted', 500);
    await author.page.evaluate(() => { globalThis.since = 'before'; });
    relay.take(125);
    await says(author, 'accepted', 625);
    await says(author, 'failed', 2);
    await says(author, 'suppressed', 4); // whom the campaign before found gone, who bounced, who asked for no more
    await says(author, 'deferred', 3);
    assert.equal(await author.page.evaluate(() => globalThis.since), 'before', 'the page was not loaded again');
    assert.equal(await author.page.locator('progress').evaluate((it) => it.value), 625 + 2 + 4 + 12);
  });
  if (picture) await author.page.screenshot({ path: picture, fullPage: true });
  await author.look('a campaign that is being sent');
  await step('it is not offered to be taken back: messages have left', async () => {
    assert.equal(await author.page.getByRole('button', { name: 'Take it back' }).count(), 0);
    assert.equal(await author.page.getByRole('button', { name: 'Pause' }).count(), 1);
  });
}

export async function stopped(installation, relay, author) {
  await step('paused by a button', async () => {
    await author.press('Pause');
    await says(author, 'state', 'Paused');
    assert.match(await author.main(), /paused by hand/);
    relay.take(Infinity);
    await ended(installation.sending, 3);
    await author.look('a campaign that is paused');
  });
  await step('stopped for good, behind a question', async () => {
    await author.follow('Stop it for good');
    assert.equal(await author.heading(), 'Stop this campaign for good?');
    await author.look('stopping for good');
    await author.follow('Do nothing');
    await says(author, 'state', 'Paused');
    await author.follow('Stop it for good');
    await author.press('Stop it for good');
    await says(author, 'state', 'Cancelled');
    await author.look('a campaign that is cancelled');
  });
}

/// One that waits for the second person, is approved, and taken back.
/// A mail to the approver, which does not say of what it is.
async function told(relay, approver, pattern) {
  const { text } = await within(SOON_MS, `a mail with ${pattern}`, relay.got('grace@unit.example', pattern));
  assert.ok(!/Autumn|letter/.test(text) && text.includes(approver.origin), text);
  return text;
}

export async function approved(installation, relay, approver, author) {
  await step('the approver is told by mail that something waits, and not what', async () => {
    const sent = await send(installation, 'Autumn letter', 12, { gone: 0, later: 0, held: 0 }, {});
    await ended(sent, 4);
    await told(relay, approver, /^Subject: Something waits for you$/m);
  });
  await step('an approver opens what was picked, and then agrees', async () => {
    await openCampaign(approver, 'Autumn letter');
    await says(approver, 'state', 'Waits for approval');
    await approver.look('a campaign that waits for approval');
    await approver.press('Look at it and approve');
    await approver.look('approving, with nothing opened');
    const links = await approver.page.locator('main li a').allInnerTexts();
    assert.equal(new Set(links).size, 3);
    for (const [number, link] of links.entries()) {
      assert.equal(await approver.page.getByRole('button', { name: 'Approve' }).count(), 0);
      await approver.follow(link);
      if (number === 0) await approver.look('a message, before it is opened');
      await approver.press('Open the message');
      assert.match(await approver.page.frameLocator('iframe').locator('body').innerText(), /please tell us how we did/);
      const main = await approver.main();
      assert.match(main, /To: \S\*{3}\S+@p---e\.example/, 'the address is masked');
      assert.ok(!main.includes('@people.example'));
      if (number === 0) await approver.look('a message');
      await approver.follow('Back to the approval');
    }
    await approver.look('approving, with all opened');
    await approver.press('Approve');
    await says(approver, 'state', '(Approved|About to begin)');
    assert.match(await approver.main(), /Approved by\s+Grace Hopper/);
  });
  await step('the approver was told by mail of the hash and the checkpoint', async () => {
    const text = await told(relay, approver, /^Subject: Something was approved$/m);
    assert.match(text, /[0-9a-f]{64}[^]*undisclosed\/[0-9a-f]{16}/);
  });
  await step('taken back before anything left', async () => {
    await openCampaign(author, 'Autumn letter');
    await says(author, 'state', 'About to begin');
    await author.look('a campaign that is about to begin');
    await author.press('Take it back');
    await says(author, 'state', 'Draft');
    await author.look('a draft');
  });
  await step('numbers that stand still say so', async () => {
    await author.context.route('**/events', (route) => route.fulfill({ status: 503 }));
    await openCampaign(author, 'Autumn letter');
    await author.page.getByText('These numbers are no longer kept up to date').waitFor();
    await author.context.unroute('**/events');
  });
  await step('all of them in a list', async () => {
    await author.open('/campaigns');
    assert.ok((await author.page.locator('tbody tr').count()) >= 3);
  });
  await author.look('the campaigns');
}

/// The connection broke off behind two messages: somebody says what became of them.
export async function doubted(installation, relay, author) {
  await step('in doubt: nothing is asked of anybody who looked nothing up', async () => {
    relay.take(Infinity);
    const environment = { ...ALONE, UNDISCLOSED_DELIVERY__DOUBT_MAX: '10' };
    await ended(await send(installation, 'Winter questions', 6, { gone: 0, later: 0, held: 0, lost: 2 }, environment), 3);
    await openCampaign(author, 'Winter questions');
    await says(author, 'in_doubt', 2);
    await author.follow('Everybody, one by one');
    await author.follow('In doubt');
    await author.look('those in doubt');
    await author.follow('say what you know');
    await author.look('what became of those in doubt');
    assert.match(await author.main(), /Row 2: l\*{3}\S+@p---e\.example/);
    await author.press('Settle them');
    await author.errors(['delivery', 'became', 'reason']);
    await author.look('those in doubt, with nothing said');
  });
  await step('in doubt: nobody can know yet that they were not sent, and what was sent is settled', async () => {
    for (const box of await author.page.getByRole('checkbox').all()) await box.check();
    await author.tick('The mail server did not take them');
    await author.type('How do you know?', 'The log of this afternoon');
    await author.press('Settle them');
    await author.errors(['became']);
    assert.match(await author.main(), /may still be deciding about 2 of them/);
    await author.tick('The mail server took them');
    await author.press('Settle them');
    assert.match(await author.main(), /Nobody\./);
    await openCampaign(author, 'Winter questions');
    await says(author, 'accepted', 6);
    const listed = await installation.run(['ledger', 'list', '--json']);
    const entry = JSON.parse(listed).entries.findLast((one) => one.act === 'reconcile');
    assert.match(entry.actor, /^user \d+$/);
    await installation.run(['ledger', 'verify']);
  });
}

/// Without scripts: looked at, loaded again, paused; and another person's page follows by itself to the end.
export async function pausedWithoutScript(installation, relay, plain, watcher) {
  let sending;
  await step('without scripts: a campaign is watched and paused', async () => {
    relay.take(30);
    sending = await send(installation, 'Summer questions', 90, { gone: 0, later: 0, held: 0 });
    await openCampaign(watcher, 'Summer questions');
    await says(watcher, 'accepted', 30);
    await openCampaign(plain, 'Summer questions');
    assert.equal((await numbers(plain)).accepted, 30);
    relay.take(20);
    await says(watcher, 'accepted', 50);
    await plain.follow('Look again');
    assert.equal((await numbers(plain)).accepted, 50);
    await plain.press('Pause');
    assert.match(await plain.main(), /Paused/);
  });
  await step('whoever watches sees it paused, and sees it end', async () => {
    await says(watcher, 'state', 'Paused');
    await watcher.page.getByText('paused by hand').waitFor();
    assert.equal(await watcher.page.getByRole('button', { name: 'Pause' }).count(), 0, 'there is nothing to pause');
    relay.take(Infinity);
    await ended(sending, 3);
    // Not to those two who bounced, or asked for no more, in January.
    await installation.run(['resume', 'Summer questions'], [3], ALONE);
    await says(watcher, 'state', 'Done');
    await says(watcher, 'accepted', 88);
    assert.equal(await watcher.page.getByRole('link', { name: 'Stop it for good' }).count(), 0);
  });
}
