// Writes the demo's input: web-shop events, one JSON object a line, the same ones on every machine.

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const SEED = 20_240_229;
const FIRST_EVENT = Date.UTC(2024, 1, 29, 8);
const USERS = 50_000;
const PRODUCTS = 4_000;
const LINES_PER_WRITE = 5_000;
const CURRENCIES = ['EUR', 'EUR', 'EUR', 'USD', 'GBP', 'PLN'];
const CHANNELS = ['web', 'web', 'ios', 'android'];
// How often each kind of event comes, of 100.
const KINDS = [
  ...Array(62).fill('view'),
  ...Array(18).fill('search'),
  ...Array(12).fill('cart'),
  ...Array(7).fill('purchase'),
  'refund',
];
const QUERIES = ['wool socks', 'trail shoes', 'rain jacket', 'tent 2p', 'Trinkflasche grün', 'sac à dos'];

/** Makes the file whole or not at all. */
export async function makeEvents(file, count) {
  const unfinished = path.join(path.dirname(file), `unfinished-${path.basename(file)}`);
  const out = createWriteStream(unfinished);
  const random = mulberry32(SEED);
  let time = FIRST_EVENT;
  for (let made = 0; made < count; ) {
    let text = '';
    for (const end = Math.min(made + LINES_PER_WRITE, count); made < end; made++) {
      time += random() * 40;
      text += `${JSON.stringify(event(made, Math.floor(time), random))}\n`;
    }
    if (!out.write(text)) await once(out, 'drain');
    tellProgress(made, count);
  }
  out.end();
  await once(out, 'finish');
  await rename(unfinished, file);
}

function event(number, time, random) {
  const below = (limit) => Math.floor(random() * limit);
  const oneOf = (choices) => choices[below(choices.length)];
  const type = oneOf(KINDS);
  const common = {
    id: `evt-${String(number).padStart(9, '0')}`,
    ts: new Date(time).toISOString(),
    type,
    // A few customers are far busier than the rest.
    user: `u${Math.floor(USERS * random() ** 2)}`,
    channel: oneOf(CHANNELS),
  };
  if (type === 'search') return { ...common, query: oneOf(QUERIES), results: below(200) };
  const sku = `SKU-${String(below(PRODUCTS)).padStart(5, '0')}`;
  if (type === 'view')
    return { ...common, sku, seconds: below(120), referrer: oneOf(['home', 'search', 'mail']) };
  const amount = (random() * 200 + 1).toFixed(2);
  return { ...common, sku, quantity: 1 + below(4), amount: Number(amount), currency: oneOf(CURRENCIES) };
}

function mulberry32(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function tellProgress(made, count) {
  if (made === count) {
    process.stderr.write(
      `${process.stderr.isTTY ? '\r' : ''}Made ${count.toLocaleString('en-US')} events.\n`,
    );
  } else if (process.stderr.isTTY) {
    process.stderr.write(
      `\rMaking ${count.toLocaleString('en-US')} events: ${Math.floor((made / count) * 100)} % `,
    );
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [file, count = '1000000'] = process.argv.slice(2);
  if (!file || !/^[1-9]\d*$/.test(count)) {
    console.error('Usage: make-events.mjs FILE [COUNT]');
    process.exit(2);
  }
  await makeEvents(file, Number(count));
}
