// What both tests of pages need: checks that are counted, a browser, and what is asked of any page.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const HERE = path.dirname(fileURLToPath(import.meta.url));
export const PROGRAM = path.resolve(process.env.UNDISCLOSED || path.join(HERE, '../../target/release/undisclosed'));
const BROWSER = process.env.CHROMIUM || '/usr/bin/chromium';
export const STEP_MS = 15_000;
export const END_MS = 20_000;
// 320 is also what a window of 1280 has left at 400 % zoom (WCAG 2.2, 1.4.10).
export const WIDTHS = [320, 768, 1280];
export const HEIGHT = 900;
export const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

let passed = 0;
let failed = 0;

/// One check; whether it passed.
export async function check(name, body) {
  try {
    await body();
    passed += 1;
    console.log(`ok      ${name}`);
    return true;
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${error.stack}`);
    return false;
  }
}

/// A check that what comes behind it needs: without it nothing goes on.
export async function step(name, body) {
  if (!(await check(name, body))) throw new Error(`Without this, nothing goes on: ${name}`);
}

/// Runs everything; the exit code says whether every check passed.
export async function runAll(everything) {
  try {
    await everything();
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${error.stack}`);
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

export function within(ms, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${ms / 1000} s`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/// A port on this machine that nothing listens on.
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address();
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}

/// How a program ended: its code, the signal, or why it did not start.
export function ending(child) {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(String(error)));
    child.once('exit', (code, signal) => resolve(signal ?? code));
  });
}

export async function withBrowser(use) {
  const args = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'];
  if (process.getuid?.() === 0) args.push('--no-sandbox');
  // The cache of pages to go back to is what people have, too.
  const ignoreDefaultArgs = ['--disable-back-forward-cache'];
  const browser = await chromium.launch({ executablePath: BROWSER, args, ignoreDefaultArgs });
  try {
    return await use(browser);
  } finally {
    await browser.close();
  }
}

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/// What axe finds in the page that is open.
export async function violations(page, options) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe);
  const found = await page.evaluate((how) => globalThis.axe.run(document, how), options);
  assert.ok(found.passes.length > 5, 'axe found nothing to look at');
  return found.violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((n) => n.html).join(' ')}`);
}

/// No sideways scrolling. A region that scrolls by itself is allowed if the keyboard reaches it and a reader is told what
/// it is.
export async function fits(frame, name) {
  const found = await frame.evaluate(() => {
    const root = document.documentElement;
    const wide = [...document.querySelectorAll('body *')].filter((it) =>
      it.scrollWidth > it.clientWidth + 1 && ['auto', 'scroll'].includes(getComputedStyle(it).overflowX)
        && !(it.hasAttribute('tabindex') && it.hasAttribute('role')));
    return { needs: root.scrollWidth, has: root.clientWidth, wide: wide.map((it) => it.outerHTML.slice(0, 80)) };
  });
  assert.ok(found.needs <= found.has, `${name} needs ${found.needs} pixels of ${found.has}`);
  assert.deepEqual(found.wide, [], name);
}

/// Whether an element with the focus looks different from the same without. With the caret hidden, only the style tells.
export async function showsFocus(page, element, name) {
  const { x, y, width, height } = await element.boundingBox();
  const clip = { x: Math.max(0, x - 4), y: Math.max(0, y - 4), width: width + 8, height: height + 8 };
  const focused = await page.screenshot({ clip, caret: 'hide' });
  await element.evaluate((it) => it.blur());
  const without = await page.screenshot({ clip, caret: 'hide' });
  assert.ok(!focused.equals(without), `${name} looks the same without the focus`);
}
