// The keeper's status as a page for people: `GET /_keeper/`. It needs no script and loads nothing; it comes again by
// itself. All that it shows is escaped: keys and reasons are other people's words.
import { createHash } from 'node:crypto';
import type { KeepsakeError } from '../../shared/errors.ts';
import type { KeeperStatus } from '../../shared/keeper-api.ts';
import { countOf, sizeOf } from '../../shared/words.ts';
import { type Html, html } from './html.ts';
import { statusPageStyle } from './status-page-style.ts';

export interface StatusPageOptions {
  readonly status: KeeperStatus;
  /** Why the store can't write any more. */
  readonly failure: KeepsakeError | undefined;
  /** Host and port that the reader used: the endpoint for their clients, too. */
  readonly host: string;
}

/** Headers of the page: nothing is loaded, nothing runs, no other site frames it. */
export const statusPageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(statusPageStyle).digest('base64')}'`,
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

const shownDamaged = 100;

/** The page, whole. Pure. */
export function renderStatusPage({ status, failure, host }: StatusPageOptions): string {
  const { state, version, damaged } = status;
  const isCalm = state === 'ready' && failure === undefined;
  const { word, sentence, tone } = failure === undefined ? describe(status) : failed(failure);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="${isCalm ? 10 : 2}">
<title>${word} · Keepsake keeper</title>
<style>${{ markup: statusPageStyle }}</style>
</head>
<body>
<main>
<header><h1>Keepsake keeper <small>${version}</small></h1><p class="state ${tone}">${word}</p></header>
<p class="lead">${sentence}</p>
${state === 'restoring' ? progressOf(status) : html``}
${damaged.length > 0 ? damagedList(damaged) : html``}
${factsOf(status)}
${usage(host)}
</main>
</body>
</html>
`.markup;
}

interface Description {
  readonly word: string;
  readonly sentence: string;
  readonly tone: 'good' | 'warn' | 'bad';
}

function describe({ state, upstream, damaged, disk }: KeeperStatus): Description {
  switch (state) {
    case 'ready':
      if (disk?.isLow === true)
        return {
          word: 'Disk nearly full',
          tone: 'bad',
          sentence: `Under ${sizeOf(disk.minFreeBytes)} would be left: what needs space is refused with 507. Reads and deletes go on. Make room on the disk of the store.`,
        };
      return damaged.length === 0
        ? { word: 'Ready', tone: 'good', sentence: 'What S3 clients are told is stored is on disk.' }
        : {
            word: 'Ready, with damage',
            tone: 'warn',
            sentence: 'Everything but the entries below is served as it was acknowledged.',
          };
    case 'restoring':
      return {
        word: 'Restoring',
        tone: 'warn',
        sentence: 'The emulator is new and gets back what was acknowledged. What a client asks for comes first.',
      };
    case 'upstream-down':
      return {
        word: 'Emulator down',
        tone: 'bad',
        sentence: `Nothing answers as it should at ${upstream}. Start the emulator: it is filled before clients see it. Until then they get 503.`,
      };
    case 'starting':
      return { word: 'Starting', tone: 'warn', sentence: `The emulator at ${upstream} is asked what it is.` };
  }
}

function failed(failure: KeepsakeError): Description {
  return {
    word: 'Needs a new start',
    tone: 'bad',
    sentence: `The store can't be written any more: ${failure.message}`,
  };
}

function progressOf({ restore }: KeeperStatus): Html {
  const { objectsDone, objectsTotal, bytesDone, bytesTotal, secondsLeft } = restore;
  const share = objectsTotal === 0 ? 0 : Math.floor((100 * objectsDone) / objectsTotal);
  return html`<section class="progress">
<progress aria-label="Objects restored" value="${objectsDone}" max="${Math.max(1, objectsTotal)}"></progress>
<p><strong>${share} %</strong> ${digits(objectsDone)} of ${countOf(objectsTotal, 'object')}, ${sizeOf(bytesDone)} of ${sizeOf(bytesTotal)}${secondsLeft === null ? '' : `, about ${timeInWords(secondsLeft)} left`}</p>
</section>`;
}

function damagedList(damaged: KeeperStatus['damaged']): Html {
  const rows = damaged
    .slice(0, shownDamaged)
    .map(({ bucket, key, reason }) => html`<tr><td><code>${bucket}/${key}</code></td><td>${reason}</td></tr>`);
  const rest = damaged.length - rows.length;
  return html`<section>
<h2>Damaged</h2>
<p>Set aside, not served, not lost from sight. An earlier version may be kept: <code>keepsake keeper versions &lt;key&gt;</code>, then <code>keepsake keeper restore &lt;key&gt;</code>. Writing or deleting the key mends it, too.</p>
<div class="wide"><table><thead><tr><th>Object</th><th>Reason</th></tr></thead><tbody>${rows}</tbody></table></div>
${rest > 0 ? html`<p>And ${digits(rest)} more: see <a href="/_keeper/status">status</a>.</p>` : html``}
</section>`;
}

function factsOf({ counts, restore, disk, upstream, session, storeId, storeCreatedAt }: KeeperStatus): Html {
  const facts: readonly (readonly [string, string])[] = [
    ['Objects', `${digits(counts.objects)}, ${sizeOf(counts.bytes)}`],
    ['Buckets', digits(counts.buckets)],
    ['Kept for undo', `${countOf(counts.retired, 'earlier version')}, ${sizeOf(counts.retiredBytes)}`],
    ['Disk', disk === null ? 'not known' : `${sizeOf(disk.freeBytes)} free of ${sizeOf(disk.totalBytes)}`],
    ['Last restore', lastRestore(restore)],
    ['Emulator', upstream],
    ['Its session', session ?? 'not known'],
    ['Store', `${storeId}, since ${storeCreatedAt}`],
  ];
  const rows = facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`);
  return html`<section><h2>What it holds</h2><dl>${rows}</dl></section>`;
}

function lastRestore({ finishedAt, startedAt, objectsDone }: KeeperStatus['restore']): string {
  if (startedAt === null) return 'none since this start';
  return finishedAt === null ? `began ${startedAt}` : `${countOf(objectsDone, 'object')}, done ${finishedAt}`;
}

function usage(host: string): Html {
  const endpoint = `http://${host}`;
  const links = ['status', 'metrics', 'readyz', 'livez'].map(
    (name) => html`<li><a href="/_keeper/${name}">/_keeper/${name}</a></li>`,
  );
  return html`<section>
<h2>Use it</h2>
<p>An S3 client talks to the keeper as it would to the emulator:</p>
<pre>AWS_ENDPOINT_URL=${endpoint}
aws --endpoint-url ${endpoint} s3 ls</pre>
<p>An overwritten or deleted object back:</p>
<pre>AWS_S3_ENDPOINT_URL=${endpoint} keepsake keeper versions &lt;key&gt;
AWS_S3_ENDPOINT_URL=${endpoint} keepsake keeper restore &lt;key&gt;</pre>
<ul>${links}</ul>
</section>`;
}

function timeInWords(seconds: number): string {
  if (seconds < 60) return countOf(Math.max(1, Math.ceil(seconds)), 'second');
  return countOf(Math.ceil(seconds / 60), 'minute');
}

const digits = (count: number): string => count.toLocaleString('en');
