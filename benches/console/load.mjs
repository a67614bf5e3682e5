// Sending at a pace while people look: 2,000 messages a second to smtp-sink for a minute, 50 streams of events and a browser
// that watch the campaign, and 200 preference pages a second. Prints a table: whether the pace holds, and how long pages take.
//
//   UNDISCLOSED=target/release/undisclosed node benches/console/load.mjs [--seconds 60]

import { spawn } from 'node:child_process';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { freePort, withBrowser } from '../../tests/browser/checking.mjs';
import { setUp } from '../../tests/browser/console/accounts.mjs';
import { Installation } from '../../tests/browser/console/installation.mjs';
import { Person } from '../../tests/browser/console/person.mjs';
import { startRelay } from '../../tests/browser/console/relay.mjs';

const PACE = 2_000;
const PAGES = 200;
const STREAMS = 50;
/// Before the minute: the campaign begins, connections are made.
const WARM_UP_S = 5;
const MESSAGE = '---\nsubject: "How did we do"\nlanguage: en\n---\nDear {{ first_name }},\n\nplease tell us how we did.\n\n[Your choices]({{ preferences_url }})\n';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const SECONDS = Number(values.seconds);

function people(total, domain) {
  const rows = Array.from({ length: total }, (_, n) => `Person${n},person${n}@${domain},yes`);
  return `first_name,email,safe_to_email\n${rows.join('\n')}\n`;
}

async function listens(port) {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const there = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (there) return;
  }
}

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/// Messages that this process has handed over since it began.
async function accepted(health) {
  const text = await (await fetch(new URL('/metrics', health))).text();
  return Number(/^undisclosed_attempts_total\{outcome="accepted"\} (\d+)$/m.exec(text)?.[1] ?? 0);
}

/// A stream of events; how many came is counted in `counted`.
async function watch(url, cookie, counted, signal) {
  const response = await fetch(url, { headers: { cookie }, signal });
  if (response.status !== 200) throw new Error(`a stream was answered with ${response.status}`);
  counted.open += 1;
  const reader = response.body.getReader();
  for (;;) {
    const { done } = await reader.read();
    if (done) return;
    counted.events += 1;
  }
}

/// Asks for pages at their rate, whatever the answers take: the time counts from when a page was due.
async function load(base, tokens) {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const taken = [];
  let wrong = 0;
  const begun = performance.now();
  const all = Array.from({ length: PAGES * SECONDS }, async (_, n) => {
    const due = begun + (n * 1_000) / PAGES;
    await pause(Math.max(0, due - performance.now()));
    await new Promise((resolve) => {
      const url = new URL(`/preferences/${tokens[n % tokens.length]}`, base);
      const failed = () => { wrong += 1; resolve(); };
      request(url, { agent }, (response) => {
        if (response.statusCode !== 200) wrong += 1;
        response.resume().once('end', () => { taken.push(performance.now() - due); resolve(); });
      }).once('error', failed).end();
    });
  });
  await Promise.all(all);
  agent.destroy();
  taken.sort((a, b) => a - b);
  const at = (share) => taken[Math.min(taken.length - 1, Math.floor(taken.length * share))];
  return { pages: taken.length, wrong, median: at(0.5), p99: at(0.99), most: taken.at(-1) };
}

async function signedIn(browser, serving) {
  const [, origin, link] = serving.found;
  const ada = await Person.sitDown(browser, origin);
  await ada.open(link);
  await ada.type('Your e-mail address', 'ada@unit.example');
  await ada.type('Your name', 'Ada Lovelace');
  const account = await setUp(ada, 'ada@unit.example', 'kettles under wet umbrellas');
  await ada.signIn(account);
  return ada;
}

/// A campaign that the console's own worker sends: made by the command, which is told to stop before its time.
async function campaign(installation, sink) {
  await installation.write('many.csv', people(PACE * (SECONDS + 60), 'many.example'));
  await installation.write('many.md', MESSAGE);
  const at = new Date(Date.now() + 60_000).toISOString();
  const args = ['send', 'many.csv', 'many.md', '--name', 'many', '--smtp', `smtp://127.0.0.1:${sink}`, '--at', at];
  const sending = installation.start([...args, '--acknowledge', 'all']);
  for (;;) {
    const listed = JSON.parse(await installation.run(['status', '--json']));
    if (listed.campaigns.some((one) => one.campaign === 'many')) break;
  }
  await installation.interrupt(sending);
}

async function measured(browser, installation, relay, sink) {
  const [console_, pages] = [await freePort(), await freePort()];
  const base = `http://127.0.0.1:${pages}`;
  Object.assign(installation.environment, {
    UNDISCLOSED_APPROVAL__REQUIRED: 'false',
    UNDISCLOSED_CONSOLE__LISTEN: `127.0.0.1:${console_}`,
    UNDISCLOSED_DELIVERY__CONNECTIONS: '20',
    UNDISCLOSED_DELIVERY__PER_SECOND: String(PACE),
    UNDISCLOSED_PUBLIC__LISTEN: `127.0.0.1:${pages}`,
    UNDISCLOSED_PUBLIC__URL: base,
  });
  // Whose pages are asked for.
  await installation.write('few.csv', people(PAGES, 'few.example'));
  await installation.write('few.md', MESSAGE);
  await installation.run(['send', 'few.csv', 'few.md', '--name', 'few', '--acknowledge', 'all']);
  const tokens = relay.messages.map((text) => /\/preferences\/([a-z2-7]{39})/.exec(text.replaceAll('=\n', ''))[1]);
  await campaign(installation, sink);

  const serving = await installation.serve(/The console is at (\S+)\n[^]*?\n(http\S+\/link\/\S+)\n/);
  const health = `http://127.0.0.1:${installation.healthPort}`;
  const ada = await signedIn(browser, serving);
  await ada.open('/campaigns');
  await ada.follow('many');
  const cookie = (await ada.context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
  const stop = new AbortController();
  const counted = { open: 0, events: 0 };
  const events = `${ada.page.url()}/events`;
  const streams = Array.from({ length: STREAMS }, () => watch(events, cookie, counted, stop.signal));
  for (const stream of streams) stream.catch(() => {});
  while ((await accepted(health)) < PACE * WARM_UP_S) await pause(200);
  const [before, since] = [await accepted(health), performance.now()];
  const pagesTook = await load(base, tokens);
  const [after, seconds] = [await accepted(health), (performance.now() - since) / 1_000];
  const shown = await ada.page.locator('[data-show="accepted"]').innerText();
  stop.abort();
  await ada.leave();
  await installation.interrupt(serving);
  return { rate: (after - before) / seconds, seconds, counted, shown: Number(shown), after, ...pagesTook };
}

async function main() {
  const relay = await startRelay();
  const installation = await Installation.make(relay);
  installation.healthPort = await freePort();
  installation.environment.UNDISCLOSED_HEALTH__LISTEN = `127.0.0.1:${installation.healthPort}`;
  const sink = await freePort();
  const taking = spawn('smtp-sink', ['-u', 'nobody', `127.0.0.1:${sink}`, '1000'], { stdio: 'ignore' });
  try {
    await listens(sink);
    await withBrowser(async (browser) => {
      const it = await measured(browser, installation, relay, sink);
      const ms = (number) => `${number.toFixed(1)} ms`;
      console.log(`| while ${STREAMS} streams and a browser watch, for ${it.seconds.toFixed(0)} s | wanted | measured |`);
      console.log('|---|---|---|');
      console.log(`| messages a second | ${PACE} | ${it.rate.toFixed(0)} (${(it.rate / PACE).toFixed(3)} of it) |`);
      console.log(`| preference pages a second | ${PAGES} | ${(it.pages / it.seconds).toFixed(0)}, ${it.wrong} wrong |`);
      console.log(`| a page, median / 99th percentile / longest | p99 < 100 ms | ${ms(it.median)} / ${ms(it.p99)} / ${ms(it.most)} |`);
      console.log(`| streams open, events | ${STREAMS} | ${it.counted.open}, ${it.counted.events} |`);
      console.log(`| what the browser shows, of what was accepted | all but a second's | ${it.shown} of ${it.after} |`);
    });
  } finally {
    taking.kill();
    await installation.remove();
    relay.close();
  }
}

await main();
