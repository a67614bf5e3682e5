// The demo's page in a real browser: read without JavaScript, looked over by axe, at three widths, by keyboard.
//
//   node inbox.mjs [--picture FILE]
//
// UNDISCLOSED names the program, CHROMIUM the browser. Exits with 0 only if every check passed.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import {
  END_MS, HEIGHT, PROGRAM, STEP_MS, TAGS, WIDTHS, check, ending, fits, runAll, showsFocus, violations, withBrowser, within,
} from './checking.mjs';

const START_MS = 180_000;
const PAGE_MESSAGES = 50;
const PEOPLE = 1136;

// The program, in a folder of its own.

async function startDemo(options, pattern) {
  const folder = await mkdtemp(path.join(tmpdir(), 'undisclosed-browser-'));
  const [cwd, temporary] = ['here', 'tmp'].map((name) => path.join(folder, name));
  await Promise.all([cwd, temporary].map((name) => mkdir(name)));
  const child = spawn(PROGRAM, ['demo', ...options], {
    cwd,
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = ending(child);
  let said = '';
  const url = new Promise((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said += text;
      const found = pattern.exec(said);
      if (found) resolve(found[1]);
    });
  });
  const demo = { child, ended, folder, left: async () => [...(await readdir(cwd)), ...(await readdir(temporary))] };
  try {
    const early = ended.then((how) => Promise.reject(new Error(`${PROGRAM} ended (${how}):\n${said}`)));
    demo.url = await within(START_MS, 'the demo', Promise.race([url, early]));
    return demo;
  } catch (error) {
    await removeDemo(demo);
    throw error;
  }
}

async function removeDemo(demo) {
  demo.child.kill('SIGKILL');
  await rm(demo.folder, { recursive: true, force: true });
}

// Without JavaScript.

async function reading(browser, url) {
  const context = await browser.newContext({ javaScriptEnabled: false, acceptDownloads: true });
  context.setDefaultTimeout(STEP_MS);
  const asked = [];
  context.on('request', (request) => asked.push(request.url()));
  const page = await context.newPage();
  const titles = new Set();
  const seen = async () => {
    const title = await page.title();
    assert.ok(!titles.has(title), `a second page is called ${title}`);
    titles.add(title);
  };
  let addresses;

  await check('the first page: accounting, 50 messages, pages onward', async () => {
    const response = await page.goto(url);
    assert.equal(response.status(), 200);
    await seen();
    assert.equal(await page.locator('h1').count(), 1);
    const summary = await page.locator('dl.summary > div').allInnerTexts();
    assert.ok(summary.some((line) => /show another person\s+0$/.test(line)), summary.join(' | '));
    assert.ok(summary.some((line) => /arrived\s+1,?136$/.test(line)), summary.join(' | '));
    assert.match(await page.locator('table > caption').innerText(), /^1,?136 messages, page 1 of 23$/);
    assert.equal(await page.locator('tbody tr').count(), PAGE_MESSAGES);
    addresses = (await page.locator('tbody tr').allInnerTexts()).map((row) => /\S+@\S+/.exec(row)[0]);
    assert.equal(new Set(addresses).size, PAGE_MESSAGES);
    assert.deepEqual(await page.locator('tbody a').allInnerTexts(), addresses, 'links are named by recipients');
  });

  await check('pages onward and back, to the last', async () => {
    const pages = page.getByRole('navigation', { name: 'Pages' });
    await pages.getByRole('link', { name: 'Next page' }).click();
    await seen();
    assert.equal(await page.locator('tbody tr').count(), PAGE_MESSAGES);
    await pages.getByRole('link', { name: 'Previous page' }).click();
    assert.match(await page.locator('caption').innerText(), /page 1 of 23$/);
    await page.goto(new URL('/?page=23', url).href);
    await seen();
    assert.equal(await page.locator('tbody tr').count(), PEOPLE % PAGE_MESSAGES);
    assert.equal(await pages.getByRole('link').count(), 1);
  });

  await check('search by a part of an address', async () => {
    await page.goto(url);
    const wanted = addresses[0];
    await page.getByLabel('Search by address').fill(wanted.slice(1, -4).toUpperCase());
    await page.getByRole('button', { name: 'Search' }).click();
    await seen();
    assert.equal(await page.locator('tbody tr').count(), 1);
    assert.ok((await page.locator('tbody').innerText()).includes(wanted));
    await page.getByLabel('Search by address').fill('nobody <b>here</b>');
    await page.keyboard.press('Enter');
    await page.waitForURL(/to=nobody/);
    await seen();
    assert.equal(await page.locator('table, main b').count(), 0);
    assert.match(await page.locator('main').innerText(), /No message to such an address/);
    await page.getByRole('link', { name: 'Show all messages' }).click();
    assert.equal(await page.locator('tbody tr').count(), PAGE_MESSAGES);
  });

  await check('a message: envelope, text, HTML in its frame, headers', async () => {
    await page.goto(url);
    await page.locator('tbody a').first().click();
    await seen();
    const main = await page.locator('main').innerText();
    for (const words of ['Envelope', 'Text', 'HTML', 'Headers', 'Source']) {
      assert.equal(await page.getByRole('heading', { level: 2, name: words, exact: true }).count(), 1, words);
    }
    const headers = page.locator('dl.headers dt');
    for (const name of ['From', 'To', 'Subject', 'Date', 'Message-ID']) {
      assert.ok((await headers.allInnerTexts()).some((text) => text.toLowerCase() === name.toLowerCase()), name);
    }
    assert.ok((await page.locator('.text').innerText()).length > 200);
    const frame = page.locator('iframe');
    assert.equal(await frame.getAttribute('sandbox'), '', 'the frame allows something');
    const inside = await page.frameLocator('iframe').locator('body').innerText();
    assert.ok(inside.length > 200, 'the frame is empty');
    const [own, ...others] = addresses;
    assert.ok(main.includes(own));
    assert.deepEqual(others.filter((other) => main.includes(other) || inside.includes(other)), []);
  });

  await check('the source is downloaded as it was received', async () => {
    const link = page.getByRole('link', { name: /^Download the message/ });
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
    assert.equal(download.suggestedFilename(), 'message-1.eml');
    const source = await readFile(await download.path(), 'latin1');
    assert.match(source, /^[!-9;-~]+:/, 'it begins with a header field');
    const [own, ...others] = addresses;
    assert.ok(source.includes(own));
    assert.deepEqual(others.filter((other) => source.includes(other)), []);
  });

  await check('a page that is not there', async () => {
    const response = await page.goto(new URL('/message/99999', url).href);
    assert.equal(response.status(), 404);
    await seen();
    await page.getByRole('link', { name: 'Go to the inbox' }).click();
    assert.equal(await page.locator('tbody tr').count(), PAGE_MESSAGES);
  });

  await check('policies are sent, and writing is refused', async () => {
    for (const place of ['/', '/message/1', '/message/99999', '/style.css']) {
      const policy = (await fetch(new URL(place, url))).headers.get('content-security-policy');
      assert.match(policy, /^default-src 'none';/, place);
    }
    const frame = await fetch(new URL('/message/1/html', url));
    assert.match(frame.headers.get('content-security-policy'), /^sandbox; default-src 'none';/);
    const posted = await fetch(url, { method: 'POST', body: 'x' });
    assert.equal(posted.status, 405);
    assert.equal(posted.headers.get('allow'), 'GET, HEAD');
  });

  await check('nothing was asked of another machine', async () => {
    assert.ok(asked.length > 20, `only ${asked.length} requests were seen`);
    assert.deepEqual(asked.filter((one) => new URL(one).origin !== new URL(url).origin), []);
  });
  await context.close();
}

// Keyboard alone, still without JavaScript.

async function keyboard(browser, url) {
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 1280, height: HEIGHT } });
  context.setDefaultTimeout(STEP_MS);
  const page = await context.newPage();
  const focused = () => page.evaluate(() => {
    const it = document.activeElement;
    return it.id || it.getAttribute('href') || it.tagName.toLowerCase();
  });
  const order = ['#main', '/', 'to', 'button', '/message/1', '/message/2'];

  await check('the tab key reaches search and messages, in order', async () => {
    await page.goto(url);
    for (const stop of order) {
      await page.keyboard.press('Tab');
      assert.equal(await focused(), stop);
    }
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/message/1');
  });

  await check('what has the focus looks different', async () => {
    await page.goto(url);
    // The skip link appears above everything; from then on the rest stays in its place.
    await page.keyboard.press('Tab');
    assert.ok(await page.locator('.skip').isVisible());
    const box = await page.locator('.skip').boundingBox();
    assert.ok(box.x >= 0 && box.y >= 0, 'the skip link is out of sight');
    for (const stop of order.slice(1)) {
      await page.keyboard.press('Tab');
      await showsFocus(page, page.locator(':focus'), stop);
    }
  });

  await check('the skip link leads to the main content', async () => {
    await page.goto(url);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.equal(await focused(), 'main');
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'to');
  });
  await context.close();
}

// axe, and widths.

async function accessible(browser, url) {
  const context = await browser.newContext({ bypassCSP: true });
  context.setDefaultTimeout(STEP_MS);
  const page = await context.newPage();
  for (const [name, place] of PLACES) {
    for (const width of WIDTHS) {
      await check(`axe at ${width}: ${name}`, async () => {
        await page.setViewportSize({ width, height: HEIGHT });
        await page.goto(new URL(place, url).href);
        // The frame runs no script, so what is in it is looked at by itself, below.
        const options = { runOnly: { type: 'tag', values: TAGS }, iframes: false };
        assert.deepEqual(await violations(page, options), []);
      });
    }
  }
  await check('axe: the HTML of a message, outside its frame', async () => {
    const html = await (await fetch(new URL('/message/1/html', url))).text();
    await page.goto('about:blank');
    await page.setContent(html);
    // A letter has no landmarks, which the best practices ask of pages.
    const options = { runOnly: { type: 'tag', values: TAGS.filter((tag) => tag !== 'best-practice') } };
    assert.deepEqual(await violations(page, options), []);
  });
  await context.close();
}

const PLACES = [
  ['the list', '/'],
  ['a later page', '/?page=2'],
  ['a message', '/message/1'],
  ['a search without result', '/?to=nobody-has-this-address'],
  ['a page that is not there', '/message/99999'],
];

async function widths(browser, url) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  context.setDefaultTimeout(STEP_MS);
  const page = await context.newPage();
  for (const width of WIDTHS) {
    await check(`no sideways scrolling at ${width}`, async () => {
      await page.setViewportSize({ width, height: HEIGHT });
      for (const [name, place] of PLACES) {
        await page.goto(new URL(place, url).href);
        await fits(page.mainFrame(), name);
        for (const frame of page.frames().slice(1)) await fits(frame, `${name}, in its frame`);
      }
    });
  }
  await context.close();
}

async function takePicture(browser, url, file) {
  const context = await browser.newContext({ viewport: { width: 1280, height: HEIGHT } });
  const page = await context.newPage();
  await page.goto(url);
  await page.screenshot({ path: file });
  await context.close();
}

async function main() {
  const { values } = parseArgs({ options: { picture: { type: 'string' } } });
  const demo = await startDemo(['--no-console', '--port', '0'], /^Read what arrived: (http:\S+)$/m);
  try {
    await withBrowser(async (browser) => {
      for (const part of [reading, keyboard, accessible, widths]) await part(browser, demo.url);
      if (values.picture) await takePicture(browser, demo.url, values.picture);
    });
    await check('Ctrl-C ends the demo with 0, and nothing is left', async () => {
      demo.child.kill('SIGINT');
      assert.equal(await within(END_MS, 'the end', demo.ended), 0);
      assert.deepEqual(await demo.left(), []);
    });
  } finally {
    await removeDemo(demo);
  }
}

/// What stays open after the story, for somebody who looks around.
async function withConsole() {
  const demo = await startDemo([], /^The console: (http:\S+)$[^]*Read what arrived: http:\S+$/m);
  try {
    await check('the console is open: one can sign in', async () => {
      const page = await fetch(new URL('/sign-in', demo.url));
      assert.equal(page.status, 200);
      assert.match(await page.text(), /<h1[^>]*>Sign in/);
    });
    await check('Ctrl-C ends it in the middle of a campaign with 0, and nothing is left', async () => {
      demo.child.kill('SIGINT');
      assert.equal(await within(END_MS, 'the end', demo.ended), 0);
      assert.deepEqual(await demo.left(), []);
    });
  } finally {
    await removeDemo(demo);
  }
}

await runAll(async () => {
  await main();
  await withConsole();
});
