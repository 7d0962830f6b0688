// Every difference that is meant, with its reason. One that is not here fails the run.

export interface Explanation {
  /** Where it is seen: at the two doors, or before and after a restore. */
  readonly at: 'doors' | 'restore';
  /** Names of cases, or all of them. */
  readonly cases: readonly string[] | 'any';
  /** Whether the reason holds for this pair of exchanges: as it should be, and as it is. */
  holds(before: string, after: string): boolean;
  readonly reason: string;
  /** Whether the emulator differs so from itself, now and then: no difference, or the table would change from run to run. */
  readonly isChance?: boolean;
}

/** The keeper refuses with that code, and says so in words that match. */
const refusedWith =
  (code: string, words = /./) =>
  (_before: string, after: string) =>
    isKeepers(after) && after.includes(`<Code>${code}</Code>`) && words.test(after);

const notImplemented = (words: RegExp) => refusedWith('NotImplemented', words);

// The first that holds gives the reason: those of single cases come before those of all.
const atTheDoors: readonly Omit<Explanation, 'at'>[] = [
  {
    cases: [
      'a wrong Content-MD5 over an object that is there',
      'a wrong x-amz-checksum-crc32 over an object that is there',
    ],
    holds: (before, after) => statusOf(before) === 200 && !before.includes('\n\n') && after.includes('\n\n'),
    reason:
      'LocalStack has emptied the object by the time it refuses what should replace it: its head is answered, its bytes are gone. The keeper puts it back (P1).',
  },
  {
    cases: ['copying from a source that names no key', 'copying from a source that is empty'],
    holds: refusedWith('InvalidURI'),
    reason: 'Refused with 400 by both; LocalStack calls it InvalidArgument.',
  },
  {
    cases: [
      'a batch delete with broken XML',
      'a batch delete with a comment inside',
      'a batch delete with a CDATA section',
      'an upload with no part named',
      'an upload with its completion without a body',
      'an upload with its completion in broken XML',
    ],
    holds: refusedWith('MalformedXML'),
    reason:
      'XML that is broken, empty, or holds comments or CDATA is refused as malformed: no document may mean one thing to the keeper and another to the emulator.',
  },
  {
    cases: ['an upload with no part named'],
    holds: (_before, after) => after === 'the SDK threw MalformedXML',
    reason: 'The same refusal as the SDK tells it; MalformedXML is what AWS answers.',
  },
  {
    cases: ['an object with a content disposition in Latin-1'],
    holds: sameInAnotherOrder,
    reason:
      'A Content-Disposition with bytes beyond ASCII is passed on as the first header: Node changes its bytes otherwise.',
  },
  {
    cases: ['forms that are broken'],
    holds: (before, after) => after.replace('\nTransfer-Encoding: chunked', '') === before,
    reason:
      'An answer that LocalStack ends by closing the connection is ended by the last chunk, and the connection kept.',
  },
  {
    cases: ['the absolute form of a target'],
    holds: (_before, after) => isKeepers(after) && statusOf(after) === 400,
    reason: 'The absolute form is for forward proxies, which the keeper is not; no S3 client sends it.',
  },
  {
    cases: ['a header of 30 KiB'],
    holds: (before) => before.startsWith('no answer') || before === 'nothing',
    reason: 'LocalStack cuts the connection; the keeper answers from its store, or with 503.',
  },
  {
    cases: 'any',
    holds: (before, after) =>
      isKeepers(after) && statusOf(before) === statusOf(after) && codeOf(before) === codeOf(after),
    reason:
      'The keeper sees by itself that this must fail: the same status and error code, without the words and headers of the emulator.',
  },
  {
    cases: 'any',
    holds: (before, after) =>
      statusOf(before) >= 400 && notImplemented(/Refused by the Keepsake keeper/)(before, after),
    reason: 'Fails without the keeper, too; the keeper refuses what it does not keep before the emulator sees it.',
  },
  {
    cases: 'any',
    holds: notImplemented(/one current version of a key|object-lock/),
    reason:
      'Versions, object locks and replication are refused: the keeper keeps one current version of a key, and could not bring the others back.',
  },
  {
    cases: 'any',
    holds: (before, after) =>
      after.startsWith('DELETE') &&
      notImplemented(/effect of \?(acl|accelerate|logging|notification|requestPayment)\./)(before, after),
    reason: 'S3 has no such DELETE (AWS answers 405); LocalStack takes it for a DELETE of the whole bucket or object.',
  },
  {
    cases: 'any',
    holds: notImplemented(/does not know how to keep the effect of \?/),
    reason:
      'A call whose effect the keeper does not know is refused: passed through, it would be lost with the emulator (P2).',
  },
  {
    cases: 'any',
    holds: notImplemented(/appending to an object/),
    reason:
      'Appending belongs to directory buckets, which the keeper does not keep; LocalStack takes it for a plain PUT.',
  },
  {
    cases: 'any',
    holds: refusedWith('InvalidURI', /percent-encoded UTF-8/),
    reason: 'What is no percent-encoded UTF-8 names no key: AWS answers 400, too. LocalStack guesses.',
  },
];

const afterARestore: readonly Omit<Explanation, 'at'>[] = [
  {
    cases: ['Last-Modified'],
    holds: (before, after) => Date.parse(after) > Date.parse(before),
    reason: 'It is the time of the restore: no call of S3 sets it.',
  },
  {
    cases: 'any',
    holds: (before, after) => /publicAccessBlock/.test(before) && membersOf(before) === membersOf(after),
    reason: 'LocalStack lists members that were left out in an order that changes with each of its starts.',
    isChance: true,
  },
];

// Of other emulators, with the keeper or without.
const ofEmulators: readonly Omit<Explanation, 'at'>[] = [
  {
    cases: 'any',
    holds: (before, after) => withoutEchoes(before) === withoutEchoes(after),
    reason: 'moto tells of an object with which headers it was put, and the keeper puts it back with its own.',
  },
  {
    cases: 'any',
    holds: (before, after) => /^GET \S*\?uploads/.test(before) && membersOf(before) === membersOf(after),
    reason: 'floci lists uploads in no order: by their ids.',
  },
];

export const explanations: readonly Explanation[] = [
  ...atTheDoors.map((one) => ({ at: 'doors' as const, ...one })),
  ...afterARestore.map((one) => ({ at: 'restore' as const, ...one })),
  ...ofEmulators.flatMap((one) => [
    { at: 'doors' as const, ...one },
    { at: 'restore' as const, ...one },
  ]),
];

/** Whether the keeper itself made this answer. */
export function isKeepers(exchange: string): boolean {
  return exchange.includes('<RequestId>keepsake</RequestId>');
}

/** The status in the first line of an exchange. */
export function statusOf(exchange: string): number {
  return Number(/ → (\d{3})/.exec(exchange)?.[1]);
}

function codeOf(exchange: string): string | undefined {
  return /<Code>([^<]*)</.exec(exchange)?.[1];
}

function withoutEchoes(exchange: string): string {
  return exchange.replace(/^(x-amz-content-sha256|x-amz-sdk-checksum-algorithm|content-md5|expires): .*\n?/gm, '');
}

function sameInAnotherOrder(before: string, after: string): boolean {
  const sorted = (text: string) => text.split('\n').sort().join('\n');
  return sorted(before) === sorted(after);
}

function membersOf(exchange: string): string {
  return exchange.split(/(?=<)/).sort().join('');
}
