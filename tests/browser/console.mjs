// The console in a real browser, as people use it: by typing and by keys, with scripts and without, at three widths.
//
//   node console.mjs [--picture FILE] [--users-picture FILE] [--pictures FOLDER] [--postgres]
//
// The pictures are of a campaign that is being sent, of the users, and of everything that is looked at. With --postgres the same
// story on PostgreSQL, without looking at each page once more.
//
// UNDISCLOSED names the program, CHROMIUM the browser. Exits with 0 only if every check passed.

import assert from 'node:assert/strict';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { check, freePort, runAll, step, withBrowser } from './checking.mjs';
import * as accounts from './console/accounts.mjs';
import { apiKeys } from './console/api_keys.mjs';
import * as audiences from './console/audiences.mjs';
import * as campaigns from './console/campaigns.mjs';
import * as drafts from './console/drafts.mjs';
import { Installation } from './console/installation.mjs';
import * as officer from './console/officer.mjs';
import { startNames } from './console/names.mjs';
import { Person, keepPictures, lookAway } from './console/person.mjs';
import { startPostgres } from './console/postgres.mjs';
import { startProvider } from './console/provider.mjs';
import { startProxy } from './console/proxy.mjs';
import { startRelay } from './console/relay.mjs';
import { PUBLISHED, settingUp } from './console/setting_up.mjs';
import { signedOn } from './console/sign_on.mjs';
import { trouble } from './console/trouble.mjs';

const LINK = /The console is at (\S+)\n[^]*?\n(http\S+\/link\/\S+)\n/;

/// A first start, behind a proxy; the path of its link.
async function behindProxy(browser, installation) {
  const proxy = await startProxy(installation.folder);
  // The proxy has to know the port, and the program says the proxy's.
  const port = await freePort();
  proxy.to(`http://127.0.0.1:${port}`);
  const environment = { UNDISCLOSED_CONSOLE__URL: proxy.url, UNDISCLOSED_CONSOLE__LISTEN: `127.0.0.1:${port}` };
  const serving = await installation.serve(/^(\{.*\})\n/, ['--json'], environment);
  const { console: origin, health, first_administrator: link } = JSON.parse(serving.found[1]);
  await check('behind a proxy with TLS: forms are taken, and cookies are for TLS alone', async () => {
    assert.equal(origin, proxy.url);
    const person = await Person.sitDown(browser, origin);
    assert.equal(await person.open(link), 200);
    await person.press('Set up my account');
    await person.errors(['login', 'name', 'password', 'code']);
    const [cookie, ...more] = await person.context.cookies();
    assert.deepEqual([cookie.name, cookie.secure, cookie.httpOnly, more], ['__Host-visit', true, true, []]);
    assert.deepEqual(person.complaints, []);
    await person.leave();
  });
  await check('it says that it lives, and that it can work', async () => {
    for (const [place, text] of [['/healthz', 'alive\n'], ['/readyz', 'ready\n']]) {
      const response = await fetch(new URL(place, health));
      assert.deepEqual([response.status, await response.text()], [200, text]);
    }
  });
  await check('Ctrl-C ends it with 0', async () => assert.equal(await installation.interrupt(serving), 0));
  proxy.close();
  return new URL(link).pathname;
}

async function withoutScript(browser, ada, account) {
  const plain = await Person.sitDown(browser, ada.origin, { script: false });
  await check('without scripts: signing in, and what is wrong is said', async () => {
    await plain.open('/sign-in');
    await plain.press('Continue');
    await plain.errors(['login', 'password']);
    await plain.look('signing in without scripts, with nothing typed');
    await plain.signIn(account);
    assert.equal(plain.path(), '/campaigns');
    await plain.look('the campaigns without scripts');
  });
  let katherine;
  await step('without scripts: somebody is invited, and sets up an account', async () => {
    const link = await accounts.invite(plain, {
      login: 'katherine@unit.example', name: 'Katherine Johnson', roles: ['Author', 'Officer'],
    });
    const [joined, theirs] = await accounts.join(browser, ada.origin, link, 'katherine@unit.example', { script: false });
    await joined.signIn(theirs);
    assert.equal(joined.path(), '/campaigns');
    katherine = joined;
  });
  await audiences.withoutScript(katherine);
  await katherine.leave();
  return plain;
}

/// A name and an address as long as they may be.
async function longNames(ada) {
  await check('names as long as they may be', async () => {
    const name = 'Wolfeschlegelsteinhausenbergerdorff'.repeat(2);
    await accounts.invite(ada, { login: `${name.toLowerCase()}@${'long-'.repeat(10)}name.unit.example`, name, roles: ['Author'] });
    await ada.look('the invitation of somebody with a long name');
    await ada.open('/users');
    await ada.look('users, one with a long name');
    await ada.follow(name);
    await ada.look('a user with a long name');
  });
}

async function walk(browser, installation, { relay, names, provider }, values) {
  const olderLink = await behindProxy(browser, installation);
  const port = await freePort();
  const environment = {
    UNDISCLOSED_CONSOLE__LISTEN: `127.0.0.1:${port}`,
    UNDISCLOSED_DNS__RESOLVER: names.place,
    UNDISCLOSED_BACKUP__FOLDER: 'backups',
    ...provider.environment(),
  };
  let serving = await installation.serve(LINK, [], environment);
  const [, origin, link] = serving.found;
  const ada = await Person.sitDown(browser, origin);
  const account = await accounts.firstAdministrator(ada, { link, olderLink });
  await accounts.signingIn(ada, account);
  const grace = await accounts.colleagues(browser, ada);
  await accounts.oneUser(ada, grace);
  await apiKeys(ada);
  await settingUp(ada, path.join(installation.folder, 'backups'));
  await accounts.ownAccount(browser, ada, account);
  const mallory = await trouble(browser, ada);
  await campaigns.finished(installation, relay, grace);
  const [, mailPort] = /^Mail for bounce\.unit\.example is taken at 127\.0\.0\.1:(\d+)$/m.exec(serving.said);
  await campaigns.cameBack(relay, grace, mailPort);
  const mary = await accounts.invite(ada, { login: 'mary@unit.example', name: 'Mary Somerville', roles: ['Author'] });
  const [author, hers] = await accounts.join(browser, origin, mary, 'mary@unit.example');
  await author.signIn(hers);
  await campaigns.watched(installation, relay, author, values.picture);
  await campaigns.stopped(installation, relay, author);
  await campaigns.doubted(installation, relay, author);
  await campaigns.approved(installation, relay, grace, author);
  await drafts.written(installation, author, grace);
  await audiences.imported(installation, serving, author);
  // A page that watches a campaign complains of a server that is killed, rightly.
  await grace.open('/me');
  serving = await audiences.killed(installation, serving, author, () =>
    installation.serve(/The console is at \S+\n/, [], environment));
  const olga = await officer.answers(browser, installation, ada);
  const plain = await withoutScript(browser, ada, account);
  if (values['users-picture']) {
    await ada.open('/users');
    await ada.page.screenshot({ path: values['users-picture'], fullPage: true });
  }
  await campaigns.pausedWithoutScript(installation, relay, plain, grace);
  await longNames(ada);
  await signedOn(browser, ada, provider);

  for (const [name, person] of Object.entries({ ada, grace, author, mallory, olga, plain })) {
    await check(`nothing against the policy, nothing from elsewhere: ${name}`, async () => {
      assert.deepEqual(person.complaints, []);
    });
  }
  await check('what is against the policy would be seen', async () => {
    await mallory.open('/sign-in');
    await mallory.page.evaluate(() => document.body.setAttribute('style', 'color: red'));
    assert.match(mallory.complaints.join(), /Content Security Policy/);
  });
  await check('Ctrl-C ends it with 0 while somebody watches a campaign', async () => {
    await grace.open('/campaigns');
    await grace.follow('Autumn letter');
    await grace.page.waitForResponse((one) => one.url().endsWith('/events'));
    assert.equal(await installation.interrupt(serving), 0);
  });
}

async function main() {
  const text = { type: 'string' };
  const options = { picture: text, 'users-picture': text, pictures: text, postgres: { type: 'boolean' } };
  const { values } = parseArgs({ options });
  if (values.pictures) keepPictures(values.pictures);
  const [relay, names, provider] = [await startRelay(), await startNames(PUBLISHED), await startProvider()];
  const database = values.postgres && (await startPostgres());
  if (database) lookAway();
  const installation = await Installation.make(relay, database ? { UNDISCLOSED_DATABASE: database.url } : {});
  try {
    await withBrowser((browser) => walk(browser, installation, { relay, names, provider }, values));
  } finally {
    await installation.remove();
    relay.close();
    names.close();
    provider.close();
    if (database) await database.stop();
  }
}

await runAll(main);
