// How each action of the object load is carried out, and what its answer proves about the keys it touched.
import { setTimeout as delay } from 'node:timers/promises';
import { assertNever } from '../../src/shared/errors.ts';
import type { Operation } from '../model/linearizable.ts';
import type { Random } from '../model/random.ts';
import { type Held, heldIn, nothing, put, putIfAbsent, remove, seen, tag } from '../model/register.ts';
import { type Bodies, type Body, bytesOf, partsOf, sha256Of } from './object-bodies.ts';
import type { ObjectClient, Reply, Shown } from './object-client.ts';
import type { Answer, ObjectLedger, Open } from './object-ledger.ts';
import { type Action, coldKeys, fixedKeys, hotKeys, type Setting, stillKeys } from './object-plan.ts';

/** The tools of an action. */
export interface Doing {
  readonly client: ObjectClient;
  readonly ledger: ObjectLedger;
  readonly bodies: Bodies;
  readonly random: Random;
  /** Who does it: cycle and client. */
  readonly who: string;
  /** This id names its write. */
  readonly id: string;
  /** An answer that S3 never gives to such a request. */
  onWrong(what: string): void;
}

export const objectKeys = [...hotKeys, ...coldKeys, ...stillKeys, ...fixedKeys];

/** True when the system answered (be it with a refusal), false when it was down. */
export function perform(doing: Doing, action: Action): Promise<boolean> {
  switch (action.kind) {
    case 'put':
      return putOne(doing, action);
    case 'put-wrong':
      return putWrong(doing, action);
    case 'multipart':
      return upload(doing, action);
    case 'delete':
      return change(doing, action.key, { what: 'delete', effect: remove(), send: doing.client.remove(action.key) });
    case 'delete-many':
      return removeMany(doing, action.keys);
    case 'copy':
      return copy(doing, action);
    case 'copy-as-it-is':
      return copyAsItIs(doing, action);
    case 'tag': {
      const send = doing.client.tag(action.key, doing.id);
      return change(doing, action.key, { what: `tag ${doing.id}`, effect: tag(doing.id), send });
    }
    case 'untag':
      return change(doing, action.key, { what: 'untag', effect: tag(''), send: doing.client.untag(action.key) });
    case 'set': {
      const send = doing.client.set(action.setting, doing.id);
      return change(doing, settingKey(action.setting), { what: `set ${doing.id}`, effect: put(doing.id, ''), send });
    }
    case 'unset': {
      const send = doing.client.unset(action.setting);
      return change(doing, settingKey(action.setting), { what: 'unset', effect: remove(), send });
    }
    case 'read-setting':
      return readSetting(doing, action.setting);
    case 'get':
      return readWhole(doing, action.key, doing.client.get(action.key));
    case 'head':
      return readWhole(doing, action.key, doing.client.head(action.key));
    case 'range':
      return readRange(doing, action);
    case 'read-tags':
      return readTags(doing, action.key);
    case 'if-match':
    case 'if-none-match':
      return readIf(doing, action);
    case 'list':
      return list(doing, action.pageSize);
    default:
      return assertNever(action);
  }
}

/** Settings of the bucket are registers beside those of the keys. */
export const settingKey = (setting: Setting): string => `?${setting}`;

const absent: Answer = { step: seen((held) => held === null), text: 'absent', isRead: true, shows: null };
const isAbsence = ({ status, code }: { readonly status: number; readonly code: string }): boolean =>
  status === 404 && ['NoSuchKey', 'NotFound', 'NoSuchCORSConfiguration', 'NoSuchTagSet'].includes(code);

interface Ways<T> {
  /** Its effect when it happens; undefined for a read. */
  readonly effect?: Operation['step'];
  readonly done: (value: T) => Answer;
  /** The proof in a refusal other than absence; undefined: it must not be. */
  readonly refused?: (reply: Extract<Reply<T>, { kind: 'refused' }>) => Answer | undefined;
}

function settle<T>(doing: Doing, open: Open, { reply, ways }: { reply: Reply<T>; ways: Ways<T> }): boolean {
  switch (reply.kind) {
    case 'done':
      open.answered(ways.done(reply.value));
      return true;
    case 'refused': {
      const answer = ways.refused?.(reply) ?? (isAbsence(reply) ? absent : undefined);
      if (answer) open.answered(answer);
      else {
        open.unanswered(ways.effect, `${reply.status} ${reply.code}`);
        doing.onWrong(`${reply.status} ${reply.code}`);
      }
      return true;
    }
    case 'unknown':
      open.unanswered(ways.effect, reply.reason);
      return false;
    case 'unsent':
      open.dropped('refused the connection');
      return false;
    default:
      return assertNever(reply);
  }
}

async function putWrong(doing: Doing, { key, sizeBytes }: Extract<Action, { kind: 'put-wrong' }>): Promise<boolean> {
  const { client, ledger, bodies, id, who } = doing;
  const body = bodies.make(id, [sizeBytes], false);
  const open = ledger.begin(key, who, `put ${id} (${sizeBytes} bytes) with a wrong MD5`);
  const never: Operation['step'] = seen(() => false);
  return settle(doing, open, {
    reply: await client.put(key, id, { body, md5: wrongMd5 }),
    ways: {
      done: () => ({ step: never, text: 'taken' }),
      refused: ({ code }) =>
        code === 'BadDigest' ? { step: seen(() => true), text: 'refused', isRead: true } : undefined,
    },
  });
}

const wrongMd5 = Buffer.alloc(16).toString('base64');

async function change(
  { ledger, who, ...rest }: Doing,
  key: string,
  { what, effect, send }: { what: string; effect: Operation['step']; send: Promise<Reply<unknown>> },
): Promise<boolean> {
  const open = ledger.begin(key, who, what);
  return settle({ ledger, who, ...rest }, open, {
    reply: await send,
    ways: { effect, done: () => ({ step: effect, text: 'done' }) },
  });
}

async function putOne(doing: Doing, { key, sizeBytes, ifAbsent }: Extract<Action, { kind: 'put' }>): Promise<boolean> {
  const { client, ledger, bodies, id, who } = doing;
  const body = bodies.make(id, [sizeBytes], false);
  ledger.expect(key, id, { body, etag: body.etag });
  const effect = ifAbsent ? putIfAbsent(id, id) : put(id, id);
  const open = ledger.begin(key, who, `put ${id} (${sizeBytes} bytes${ifAbsent ? ', if absent' : ''})`);
  const reply = await client.put(key, id, { body, ...(ifAbsent && { condition: { IfNoneMatch: '*' } }) });
  return settle(doing, open, {
    reply,
    ways: {
      effect,
      done: ({ ETag }) => {
        if (ETag !== body.etag)
          ledger.report('torn', key, `put ${id} was answered with the ETag ${ETag}, not ${body.etag}`);
        return { step: effect, text: 'done' };
      },
      refused: ({ status }) =>
        ifAbsent && (status === 412 || status === 409) ? present('there is one', status) : undefined,
    },
  });
}

// 409: another one was being written, which proves nothing.
function present(text: string, status: number): Answer {
  return { step: seen((held) => status === 409 || held !== null), text, isRead: true };
}

async function removeMany(doing: Doing, keys: readonly string[]): Promise<boolean> {
  const { client, ledger, who } = doing;
  const opens = keys.map((key) => ({ key, open: ledger.begin(key, who, `delete with ${keys.length - 1} others`) }));
  const reply = await client.removeMany(keys);
  const failed = reply.kind === 'done' ? reply.value.failed : [];
  const settled = opens.map(({ key, open }) =>
    settle(doing, open, {
      reply: failed.includes(key) ? { kind: 'unknown', reason: 'failed in the answer' } : reply,
      ways: { effect: remove(), done: () => ({ step: remove(), text: 'done' }) },
    }),
  );
  return settled.every(Boolean);
}

async function copy(doing: Doing, { from, key }: Extract<Action, { kind: 'copy' }>): Promise<boolean> {
  const { client, ledger, bodies, id, who } = doing;
  ledger.expect(key, id, { body: undefined, etag: undefined });
  const isOfItself = from === key;
  const source = isOfItself ? undefined : ledger.begin(from, who, `source of the copy ${id}`);
  const target = ledger.begin(key, who, isOfItself ? `copy of itself ${id}` : `copy ${id} of ${from}`);
  const reply = await client.copy(from, key, id);
  const body = reply.kind === 'done' ? bodies.byEtag(reply.value.etag) : undefined;
  const hasBody = (held: Held): boolean => {
    if (held === null) return false;
    const other = ledger.content(from, held.writer)?.body;
    return other === undefined || other.sha256 === body?.sha256;
  };
  const copied = put(id, id);
  if (reply.kind === 'done') {
    const { etag } = reply.value;
    if (body === undefined)
      ledger.report('torn', key, `copy ${id} was answered with the ETag ${etag}, which nobody sent`);
    else ledger.expect(key, id, { body, etag });
  }
  if (source)
    settle(doing, source, {
      reply,
      ways: { done: () => ({ step: seen(hasBody), text: `had ${body?.id}`, isRead: true }) },
    });
  if (reply.kind === 'refused' && isAbsence(reply) && !isOfItself) {
    target.dropped('there is no source');
    return true;
  }
  const effect: Operation['step'] = (before) => (isOfItself && before === nothing ? undefined : copied(before));
  const done: Operation['step'] = (before) => (isOfItself && !hasBody(heldIn(before)) ? undefined : copied(before));
  return settle(doing, target, { reply, ways: { effect, done: () => ({ step: done, text: `took ${body?.id}` }) } });
}

async function copyAsItIs(
  doing: Doing,
  { from, key, ifAbsent }: Extract<Action, { kind: 'copy-as-it-is' }>,
): Promise<boolean> {
  const { client, ledger, who } = doing;
  const writer = fixedWriter(from);
  const content = ledger.content(from, writer);
  if (content === undefined) throw new Error(`${from} was never written`);
  ledger.expect(key, writer, content);
  const open = ledger.begin(key, who, `copy of ${from} as it is${ifAbsent ? ', if absent' : ''}`);
  const effect = ifAbsent ? putIfAbsent(writer, writer) : put(writer, writer);
  return settle(doing, open, {
    reply: await client.copy(from, key, undefined, ifAbsent ? { IfNoneMatch: '*' } : {}),
    ways: {
      effect,
      done: () => ({ step: effect, text: 'done' }),
      refused: ({ status }) =>
        ifAbsent && (status === 412 || status === 409) ? present('there is one', status) : undefined,
    },
  });
}

/** The id of what a fixed key holds. */
export const fixedWriter = (key: string): string => `the-${key.replace('/', '-')}`;

const retryMs = 100;

// Parts that were acknowledged stay, whatever dies: a client goes on with its upload when the system is back.
async function upload(
  doing: Doing,
  { key, partSizes, isAborted }: Extract<Action, { kind: 'multipart' }>,
): Promise<boolean> {
  const { client, ledger, bodies, id, who } = doing;
  const body = bodies.make(id, partSizes, true);
  const begun = await client.beginUpload(key, id);
  if (begun.kind === 'refused') doing.onWrong(`${begun.status} ${begun.code}`);
  if (begun.kind !== 'done') return begun.kind === 'refused';
  const etags: string[] = [];
  for (const [index, bytes] of partsOf(body).entries()) {
    const etag = await untilAnswered(() => client.sendPart(key, begun.value, { number: index + 1, bytes }));
    if (etag.kind === 'refused') {
      ledger.report('lost', key, `part ${index + 1} of the upload ${id}: ${etag.status} ${etag.code}`);
      return true;
    }
    etags.push(etag.value);
  }
  if (isAborted) return (await client.abortUpload(key, begun.value)).kind !== 'unknown';
  ledger.expect(key, id, { body, etag: body.etag });
  const effect = put(id, id);
  const open = ledger.begin(key, who, `completed upload ${id} (${body.sizeBytes} bytes)`);
  return settle(doing, open, {
    reply: await client.completeUpload(key, begun.value, etags),
    ways: {
      effect,
      done: (etag) => {
        if (etag !== body.etag)
          ledger.report('torn', key, `upload ${id} was answered with the ETag ${etag}, not ${body.etag}`);
        return { step: effect, text: 'done' };
      },
    },
  });
}

async function untilAnswered<T>(
  send: () => Promise<Reply<T>>,
): Promise<Extract<Reply<T>, { kind: 'done' | 'refused' }>> {
  for (;;) {
    const reply = await send();
    if (reply.kind === 'done' || reply.kind === 'refused') return reply;
    await delay(retryMs);
  }
}

function shownAnswer(ledger: ObjectLedger, key: string, shown: Shown, expectedSha256?: (body: Body) => string): Answer {
  ledger.check(key, shown, expectedSha256);
  return {
    step: seen((held) => held?.writer === shown.writer),
    text: `showed ${shown.writer}`,
    isRead: true,
    shows: shown.writer,
  };
}

async function readWhole(doing: Doing, key: string, send: Promise<Reply<Shown>>): Promise<boolean> {
  const open = doing.ledger.begin(key, doing.who, 'read');
  return settle(doing, open, { reply: await send, ways: { done: (shown) => shownAnswer(doing.ledger, key, shown) } });
}

async function readRange(doing: Doing, { key, fromByte }: Extract<Action, { kind: 'range' }>): Promise<boolean> {
  const { client, ledger, who } = doing;
  const open = ledger.begin(key, who, `read from byte ${fromByte}`);
  const isShort = (held: Held): boolean => {
    const body = held === null ? undefined : ledger.content(key, held.writer)?.body;
    return held !== null && (body === undefined || body.sizeBytes <= fromByte);
  };
  return settle(doing, open, {
    reply: await client.get(key, { Range: `bytes=${fromByte}-` }),
    ways: {
      done: (shown) => shownAnswer(ledger, key, shown, (body) => sha256Of(bytesOf(body).subarray(fromByte))),
      refused: ({ status }) => (status === 416 ? { step: seen(isShort), text: 'too short', isRead: true } : undefined),
    },
  });
}

async function readIf(
  doing: Doing,
  { kind, key }: { readonly kind: 'if-match' | 'if-none-match'; readonly key: string },
): Promise<boolean> {
  const { client, ledger, who, random } = doing;
  const etag = random.pick(ledger.etags(key)) ?? '"none"';
  const open = ledger.begin(key, who, `read ${kind} ${etag}`);
  const condition = ledger.begin(key, who, `the condition of the read ${kind} ${etag}`);
  const has = (isSame: boolean) => (held: Held) => {
    const known = held === null ? undefined : ledger.content(key, held.writer)?.etag;
    return held !== null && (known === undefined || (known === etag) === isSame);
  };
  // LocalStack looks at the condition first and opens the object afterwards (provider.py, get_object): a write may come
  // between, so each has a moment of its own.
  let holds: Answer | undefined;
  const isAnswered = await settle(doing, open, {
    reply: await client.get(key, kind === 'if-match' ? { IfMatch: etag } : { IfNoneMatch: etag }),
    ways: {
      done: (shown) => {
        holds = { step: seen(has(kind === 'if-match')), text: 'holds', isRead: true };
        return shownAnswer(ledger, key, shown);
      },
      refused: ({ status }) =>
        status === (kind === 'if-match' ? 412 : 304)
          ? { step: seen(has(status === 304)), text: `${status}`, isRead: true }
          : undefined,
    },
  });
  if (holds) condition.answered(holds);
  else condition.dropped('not told apart');
  return isAnswered;
}

async function readTags(doing: Doing, key: string): Promise<boolean> {
  const open = doing.ledger.begin(key, doing.who, 'read the tags');
  const done = (tags: string): Answer => ({
    step: seen((held) => held?.tags === tags),
    text: `tags of ${tags}`,
    isRead: true,
  });
  return settle(doing, open, { reply: await doing.client.readTags(key), ways: { done } });
}

async function readSetting(doing: Doing, setting: Setting): Promise<boolean> {
  const open = doing.ledger.begin(settingKey(setting), doing.who, 'read');
  const done = (shows: string): Answer => ({
    step: seen((held) => held?.writer === shows),
    text: `showed ${shows}`,
    isRead: true,
    shows,
  });
  return settle(doing, open, { reply: await doing.client.readSetting(setting), ways: { done } });
}

/** A listing sees every key once, at some moment between its first page and its last. */
async function list(doing: Doing, pageSize: number): Promise<boolean> {
  const { client, ledger, who } = doing;
  const opens = objectKeys.map((key) => ({ key, open: ledger.begin(key, who, 'list') }));
  const reply = await client.list(pageSize);
  if (reply.kind === 'refused') doing.onWrong(`list: ${reply.status} ${reply.code}`);
  if (reply.kind !== 'done') {
    for (const { open } of opens) open.unanswered(undefined, reply.kind);
    return reply.kind === 'refused';
  }
  for (const key of reply.value.keys())
    if (!objectKeys.includes(key)) ledger.report('torn', key, 'is listed, and nobody sent it');
  for (const { key, open } of opens) {
    const etag = reply.value.get(key);
    const isListed = (held: Held): boolean => {
      const known = held === null ? undefined : ledger.content(key, held.writer)?.etag;
      return held !== null && (known === undefined || known === etag);
    };
    open.answered(etag === undefined ? absent : { step: seen(isListed), text: `listed ${etag}`, isRead: true });
  }
  return true;
}
