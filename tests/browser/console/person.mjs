// Somebody in front of a browser, who types and presses keys; and what is asked of every page they come to.

import assert from 'node:assert/strict';
import path from 'node:path';
import { HEIGHT, STEP_MS, TAGS, WIDTHS, check, fits, showsFocus, violations } from '../checking.mjs';

const STOPS = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]';
/// More than any page here has.
const STOPS_MAX = 80;
/// Frames one behind another.
const FRAMES_MAX = 3;
/// A message in its frame runs no script: axe cannot look into it.
const RULES = { runOnly: { type: 'tag', values: TAGS }, iframes: false };

/// Pages that were looked at, by name: each once.
const looked = new Set();

/// Keeps a picture of every page that is looked at, at every width, in this folder.
export function keepPictures(folder) {
  pictures = folder;
}

let pictures;

/// Goes on without looking at each page: they were looked at where the same story was told before.
export function lookAway() {
  away = true;
}

let away = false;

export class Person {
  /// What the browser complained of, and where it asked for something else.
  complaints = [];

  /// `ours`: the pages have a script of ours, which takes the focus where it belongs. `beside`: other origins that people go to.
  static async sitDown(browser, origin, { script = true, ours = script, beside = [] } = {}) {
    const person = new Person();
    person.origin = origin;
    person.script = script;
    person.ours = ours;
    person.context = await browser.newContext({
      javaScriptEnabled: script,
      ignoreHTTPSErrors: true, // the proxy's certificate is its own
      viewport: { width: 1280, height: HEIGHT },
    });
    person.context.setDefaultTimeout(STEP_MS);
    person.context.on('request', (request) => {
      const url = new URL(request.url());
      if (url.protocol !== 'data:' && ![origin, ...beside].includes(url.origin)) person.complaints.push(`asked for ${url.href}`);
    });
    person.context.on('console', (message) => {
      // That something is answered with 403 or 503 is what the test wants.
      const expected = /^Failed to load resource: the server responded with a status of [45]\d\d/.test(message.text());
      if (['error', 'warning'].includes(message.type()) && !expected) person.complaints.push(message.text());
    });
    person.context.on('weberror', (error) => person.complaints.push(String(error.error())));
    person.page = await person.context.newPage();
    return person;
  }

  async leave() {
    await this.context.close();
  }

  /// Opens a page by its address; the status. A page that is just loading itself again (its campaign went on) can take the
  /// browser's answer from under us. Then once more, in a tab of its own: in the same one, the first try would be what
  /// interrupts the second.
  async open(place) {
    const { href } = new URL(place, this.origin);
    const response = (await this.#go(href)) ?? (await this.#newTab(href));
    assert.ok(response, `${place}: the browser had no answer`);
    return response.status();
  }

  /// The response; nothing where another navigation came between.
  async #go(href) {
    return this.page.goto(href).catch((error) => {
      if (!/interrupted by another navigation|ERR_ABORTED/.test(error.message)) throw error;
    });
  }

  async #newTab(href) {
    const left = this.page;
    this.page = await this.context.newPage();
    await left.close();
    return this.#go(href);
  }

  path() {
    return new URL(this.page.url()).pathname;
  }

  field(label) {
    return this.page.getByLabel(label, { exact: true });
  }

  async type(label, text) {
    await this.field(label).focus();
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.press('Delete');
    await this.page.keyboard.type(text);
  }

  async tick(label) {
    await this.field(label).focus();
    await this.page.keyboard.press('Space');
  }

  /// Presses a button by the keyboard; the response that the browser got.
  async press(name) {
    return this.#enter(this.page.getByRole('button', { name, exact: true }));
  }

  /// Follows a link by the keyboard.
  async follow(name) {
    return this.#enter(this.page.getByRole('link', { name, exact: true }).first());
  }

  async #enter(element) {
    await element.focus();
    const [response] = await Promise.all([
      this.page.waitForResponse((one) => one.request().isNavigationRequest() && ![302, 303].includes(one.status())),
      this.page.waitForEvent('load'),
      this.page.keyboard.press('Enter'),
    ]);
    return response.status();
  }

  async heading() {
    assert.equal(await this.page.locator('h1').count(), 1);
    return this.page.locator('h1').innerText();
  }

  async main() {
    return this.page.locator('main').innerText();
  }

  /// Signs in, with the app or, where both its codes were used, with a code on paper.
  async signIn(account) {
    assert.equal(await this.open('/sign-in'), 200);
    await this.type('E-mail address', account.login);
    await this.type('Password', account.password);
    await this.press('Continue');
    assert.equal(await this.heading(), 'Enter your code');
    await this.type('Code', account.authenticator.code() ?? account.paper.shift());
    await this.press('Continue');
  }

  /// What every page has to be: the one that is open, as it is now. `keys`: there is something to go to.
  async look(name, { keys = true } = {}) {
    assert.ok(!looked.has(name), `${name} was looked at before`);
    looked.add(name);
    if (away) return;
    const { page } = this;
    await check(`${name}: axe finds nothing, and nothing sticks out, at ${WIDTHS.join(', ')}`, async () => {
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: HEIGHT });
        if (pictures) await page.screenshot({ path: path.join(pictures, `${name} ${width}.png`), fullPage: true });
        for (const frame of page.frames()) await fits(frame, `${name} at ${width}`);
        if (this.script) assert.deepEqual(await violations(page, RULES), [], `at ${width}`);
      }
    });
    await page.setViewportSize({ width: 1280, height: HEIGHT });
    if (keys) await check(`${name}: by the keyboard alone`, async () => this.#keyboard(name));
  }

  /// What a form says when something is wrong with it: in which fields, in the order of the page.
  async errors(fields) {
    const { page } = this;
    assert.match(await page.title(), /^Error: /);
    const summary = page.locator('.govuk-error-summary');
    assert.equal(await summary.locator('h2').innerText(), 'There is a problem');
    if (this.ours) assert.ok(await summary.evaluate((it) => it === document.activeElement), 'it has the focus');
    const links = await summary.locator('a').evaluateAll((all) => all.map((it) => it.getAttribute('href')));
    assert.deepEqual(links, fields.map((field) => `#${field}`));
    for (const field of fields) {
      const input = page.locator(`#${field}`);
      // The boxes of a group are described as a group: the innermost that there is, unless the field says it itself.
      const group = page.locator(`fieldset:has(#${field})`).last();
      const own = (await input.getAttribute('aria-describedby')) ?? '';
      const described = own.includes(`${field}-error`) || !(await group.count()) ? input : group;
      const ids = (await described.getAttribute('aria-describedby')).split(' ');
      assert.ok(ids.includes(`${field}-error`), `${field} is described by ${ids}`);
      assert.match(await page.locator(`#${field}-error`).innerText(), /^Error:\s+\S/);
    }
    await summary.locator('a').last().focus();
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), fields.at(-1));
  }

  /// Tab goes to everything, from top to bottom, and shows where it is; the skip link skips.
  async #keyboard(name) {
    const { page } = this;
    await page.evaluate((stops) => {
      // From the top, wherever the focus was.
      document.body.tabIndex = -1;
      document.body.focus();
      document.body.removeAttribute('tabindex');
      // Of radio buttons the chosen one is a stop, or the first; arrows go on from there.
      const group = (it) => [...document.querySelectorAll(`input[type=radio][name="${it.name}"]`)];
      const isStop = (it) => it.type !== 'radio' || it === (group(it).find((one) => one.checked) ?? group(it)[0]);
      globalThis.stops = [...document.querySelectorAll(stops)].filter((it) => it.checkVisibility() && isStop(it));
    }, STOPS);
    const expected = await page.evaluate(() => globalThis.stops.length);
    assert.ok(expected > 1 && expected < STOPS_MAX, `${expected} stops`);
    let above = -Infinity;
    let right = Infinity;
    for (let stop = 0; stop < expected; stop += 1) {
      await page.keyboard.press('Tab');
      // Frames that scroll take the key as well.
      for (let frames = 0; frames < FRAMES_MAX; frames += 1) {
        if (!(await page.evaluate(() => document.activeElement.tagName === 'IFRAME'))) break;
        await page.keyboard.press('Tab');
      }
      const [at, what] = await page.evaluate(() =>
        [globalThis.stops.indexOf(document.activeElement), document.activeElement.outerHTML.slice(0, 80)]);
      assert.equal(at, stop, `${name}: stop ${stop} is ${what}`);
      const element = page.locator(':focus');
      const box = await element.boundingBox();
      // What is higher than the window is in sight with a part of it (WCAG 2.2, 2.4.11).
      const inSight = box.height > HEIGHT ? box.y < HEIGHT && box.y + box.height > 0 : box.y >= 0;
      const there = box.x >= 0 && inSight && box.width > 1 && box.height > 1;
      assert.ok(there, `${what} is out of sight with the focus`);
      if (stop === 0) {
        assert.match(what, /govuk-skip-link/);
        continue;
      }
      const bottom = box.y + box.height + (await page.evaluate(() => window.scrollY));
      // Beside a column, the next one begins at its top.
      assert.ok(bottom > above || box.x >= right, `${what} is above what comes before it`);
      above = bottom - box.height;
      right = box.x + box.width;
      await showsFocus(page, element, what);
    }
    await this.#skip();
  }

  async #skip() {
    const { page } = this;
    await page.evaluate(() => globalThis.stops[0].focus());
    await page.keyboard.press('Enter');
    if (this.ours) assert.equal(await page.evaluate(() => document.activeElement.id), 'main-content');
    await page.keyboard.press('Tab');
    const inside = await page.evaluate(() => {
      const main = document.getElementById('main-content');
      const first = globalThis.stops.find((it) => main.contains(it));
      return !first || document.activeElement === first;
    });
    assert.ok(inside, 'behind the skip link comes the first thing in the main content');
  }
}
