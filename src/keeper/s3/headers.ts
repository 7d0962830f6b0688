// Which headers of a request or an answer describe an object, so that sending them again makes the same object.

/** Headers to send again when the thing is put back: content type, x-amz-meta-*, checksums, ACL… Lower-case names. */
export type ReplayHeaders = Readonly<Record<string, string>>;

const describing = new Set([
  ...['content-type', 'content-encoding', 'content-language', 'content-disposition', 'cache-control', 'expires'],
  ...['x-amz-storage-class', 'x-amz-tagging', 'x-amz-acl', 'x-amz-website-redirect-location'],
  ...['x-amz-grant-full-control', 'x-amz-grant-read', 'x-amz-grant-read-acp', 'x-amz-grant-write'],
  ...['x-amz-grant-write-acp', 'x-amz-object-ownership', 'x-amz-checksum-algorithm', 'x-amz-checksum-type'],
]);
// Headers that a request may carry but no answer to HEAD does.
const unseen = /^x-amz-(acl|grant-.*|tagging|checksum-algorithm|object-ownership)$/;
const encryption = /^x-amz-server-side-encryption(-aws-kms-key-id|-bucket-key-enabled|-context)?$/;
const checksum = /^x-amz-checksum-(crc32|crc32c|crc64nvme|sha1|sha256)$/;

/** The describing headers of a raw list (name, value, name, value…), values as they came (Latin-1). */
export function replayHeaders(raw: readonly string[]): ReplayHeaders {
  const kept: Record<string, string> = {};
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    const value = raw[i + 1] ?? '';
    if (!isDescribing(name)) continue;
    // Of one that repeats LocalStack takes the first, of metadata the last. Where it can be asked, it is (hasRepeated).
    if (name in kept && !name.startsWith('x-amz-meta-')) continue;
    kept[name] = value;
  }
  const encoding = kept['content-encoding'];
  if (encoding !== undefined) {
    // aws-chunked is how the body travels, not what the object is.
    const encodings = encoding.split(',').filter((one) => one.trim().toLowerCase() !== 'aws-chunked');
    if (encodings.length > 0) kept['content-encoding'] = encodings.join(',');
    else delete kept['content-encoding'];
  }
  return kept;
}

const ofTheRequest =
  /^x-amz-(date|content-sha256|security-token|user-agent|decoded-content-length|trailer|sdk-.*|id-2)$/;

/** The headers that make a call on a sub-resource what it is: to be sent again with the same body. */
export function settingHeaders(raw: readonly string[]): ReplayHeaders {
  const kept: Record<string, string> = {};
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    const isKept = name === 'content-type' || name === 'content-md5' || name.startsWith('x-amz-');
    if (isKept && !ofTheRequest.test(name)) kept[name] = raw[i + 1] ?? '';
  }
  return kept;
}

/** The checksums in a raw list of headers, and their type. */
export function checksumHeaders(raw: readonly string[]): ReplayHeaders {
  const kept: Record<string, string> = {};
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    if (checksum.test(name)) kept[name] = raw[i + 1] ?? '';
  }
  return kept;
}

/**
 * Described headers with the checksums that the emulator answered instead of those that it was told: one that it did not
 * look at would be refused beside its own. Those told stand where it answers none.
 */
export function withAnswered(said: ReplayHeaders, answered: ReplayHeaders): ReplayHeaders {
  if (Object.keys(answered).length === 0) return said;
  return { ...Object.fromEntries(Object.entries(said).filter(([name]) => !checksum.test(name))), ...answered };
}

/** Whether a describing header comes more than once: which of them counts only the emulator knows. */
export function hasRepeated(raw: readonly string[]): boolean {
  const names = raw.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
  return names.some((name, i) => isDescribing(name) && names.indexOf(name) < i);
}

/** Of described headers, what only a request says: the ACL it asked for. */
export function unseenHeaders(headers: ReplayHeaders): ReplayHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => unseen.test(name)));
}

/** One header of a raw list; the first when it repeats. */
export function rawHeader(raw: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < raw.length; i += 2) if (raw[i]?.toLowerCase() === name) return raw[i + 1];
  return undefined;
}

/** Headers as the flat list that `node:http` sends as it is. */
export function toRawHeaders(headers: ReplayHeaders): string[] {
  return Object.entries(headers).flat();
}

function isDescribing(name: string): boolean {
  return describing.has(name) || name.startsWith('x-amz-meta-') || encryption.test(name) || checksum.test(name);
}
