// Which key an HTML form names. LocalStack tells it in its answer; other emulators don't, or not in all letters.
// RFC 7578; https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTForms.html

/** Sees a form as it passes, its beginning only: all fields that count stand before the file. */
export interface FormReader {
  write(chunk: Uint8Array): void;
  /** The keys that the form may have made: with the file's name put in, and as it stands. Empty when it names none. */
  keys(): readonly string[];
}

const maxFieldBytes = 64 * 1024; // S3 takes at most 20 KB of them

export function createFormReader(contentType: string): FormReader {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  return {
    write(chunk) {
      if (bytes >= maxFieldBytes) return;
      const kept = chunk.slice(0, maxFieldBytes - bytes); // a view would hold the whole chunk
      chunks.push(kept);
      bytes += kept.length;
    },
    keys: () => (boundary === undefined ? [] : keysIn(Buffer.concat(chunks).toString('latin1'), boundary)),
  };
}

// Byte for byte as Latin-1: the framing is ASCII, and a value's UTF-8 is read when it is cut out.
function keysIn(form: string, boundary: string): readonly string[] {
  let key: string | undefined;
  for (const part of `\r\n${form}`.split(`\r\n--${boundary}`).slice(1)) {
    const headEnd = part.indexOf('\r\n\r\n');
    const head = headEnd < 0 ? part : part.slice(0, headEnd);
    const name = parameterOf(head, 'name');
    if (name === 'key' && headEnd >= 0) key ??= utf8(part.slice(headEnd + 4));
    if (name !== 'file') continue;
    const file = utf8(parameterOf(head, 'filename') ?? '').replace(/^.*[/\\]/s, '');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of S3's
    return key === undefined ? [] : [...new Set([key.replaceAll('${filename}', () => file), key])];
  }
  return key === undefined ? [] : [key];
}

function parameterOf(head: string, name: string): string | undefined {
  const disposition = /^content-disposition:(.*)$/im.exec(head)?.[1] ?? '';
  const [, quoted, plain] =
    new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;]+))`, 'i').exec(disposition) ?? [];
  return quoted?.replace(/\\(.)/g, '$1') ?? plain;
}

const utf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString();
