// The multipart form of an upload, read as a stream: the file goes to `receive` while it comes, nothing is buffered here.
// The promise settles with the first fault, however much of the request is still to come.
import type { Readable } from 'node:stream';
import type { Request, Response } from 'express';
import multer, { MulterError, type StorageEngine } from 'multer';
import { KeepsakeError } from '../../shared/errors.ts';
import { cleanLabel } from './label.ts';
import { watchForStall } from './stall.ts';

const fileField = 'image';

export interface ImageForm<T> {
  /** Empty when the form has none. */
  readonly title: string;
  /** The result of `receive` for the file. */
  readonly file: T;
}

interface FormReader<T> {
  /** Takes the file in. `originalName` is a label: cleaned, cut, of any script. */
  readonly receive: (body: Readable, originalName: string) => Promise<T>;
  /** How long the client may stall. */
  readonly idleMs: number;
}

/**
 * Reads the form. @throws KeepsakeError for a form that is not one file `image` with at most a `title`; whatever
 * `receive` throws. `receive` may still be at work then: the caller that passed it ends it.
 */
export function readImageForm<T>(request: Request, response: Response, reader: FormReader<T>): Promise<ImageForm<T>> {
  if (!request.is('multipart/form-data')) throw notAForm(request.get('content-type'));
  const { promise, resolve, reject } = Promise.withResolvers<ImageForm<T>>();
  const stopWatch = watchForStall(request, reader.idleMs, reject);
  const storage = new FileToReceiver(reader.receive, reject);
  const beginning = keepBeginning(request);
  const limits = { fields: 10, parts: 20, fieldNameSize: 100, fieldSize: 4096 };
  const read = multer({ storage, limits, defParamCharset: 'utf8' }).any();
  read(request, response, (error: unknown) => {
    if (error !== undefined && error !== null) reject(asFormError(error));
    else if (storage.received) resolve(storage.received.then((file) => ({ title: titleOf(request.body), file })));
    else reject(missingFile(request.body, beginning()));
  });
  return promise.finally(stopWatch);
}

/** Multer's storage engine that stores nothing: it hands the one file on. */
class FileToReceiver<T> implements StorageEngine {
  received: Promise<T> | undefined;
  readonly #receive: FormReader<T>['receive'];
  readonly #fail: (error: unknown) => void;

  constructor(receive: FormReader<T>['receive'], fail: (error: unknown) => void) {
    this.#receive = receive;
    this.#fail = fail;
  }

  _handleFile(_request: Request, file: Express.Multer.File, done: (error?: unknown) => void): void {
    // Multer reads a refused request to its end before it says so; the answer must not wait for that.
    const refuse = (error: unknown) => {
      this.#fail(asFormError(error));
      done(error);
    };
    if (file.fieldname !== fileField) refuse(unexpectedField(file.fieldname));
    else if (this.received) refuse(tooManyFiles());
    else {
      this.received = this.#receive(file.stream, cleanLabel(file.originalname, 255));
      this.received.then(() => done(), refuse);
    }
  }

  _removeFile(_request: Request, _file: Express.Multer.File, done: (error: Error | null) => void): void {
    done(null); // the caller that passed `receive` undoes its work
  }
}

function titleOf(fields: Readonly<Record<string, unknown>>): string {
  const title = fields.title ?? '';
  if (typeof title !== 'string') throw malformed('more than one title');
  return title;
}

function asFormError(error: unknown): unknown {
  if (error instanceof MulterError)
    return malformed(`${error.message}${error.field ? `: ${error.field.slice(0, 100)}` : ''}`, error);
  // Busboy and multer throw plain errors; anything else is ours.
  if (!(error instanceof Error) || error instanceof KeepsakeError || error.constructor !== Error) return error;
  if (/unexpected end|aborted|closed/i.test(error.message))
    return new KeepsakeError(
      'IncompleteUpload',
      { what: 'the upload broke off', got: error.message, remedy: 'Send the image again; nothing of it was kept.' },
      error,
    );
  return malformed(error.message, error);
}

function malformed(got: string, cause?: unknown): KeepsakeError {
  return new KeepsakeError(
    'BadRequest',
    {
      what: 'the form can not be read',
      expected: `multipart/form-data with one file ${fileField} and at most one title`,
      got,
      remedy: `Send it as browsers do, or with curl -F ${fileField}=@file.`,
    },
    cause,
  );
}

function notAForm(contentType: string | undefined): KeepsakeError {
  return new KeepsakeError('UnsupportedMediaType', {
    what: 'the request is no form with a file',
    expected: 'multipart/form-data',
    got: contentType?.slice(0, 100) ?? 'no Content-Type',
    remedy: `Send the image as the field ${fileField} of a form: curl -F ${fileField}=@file.`,
  });
}

/** The first bytes of a request, for telling of a part that the parser passes over in silence. */
function keepBeginning(request: Request): () => string {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  const keep = (chunk: Buffer): void => {
    chunks.push(chunk.subarray(0, beginningBytes));
    sizeBytes += chunk.length;
    if (sizeBytes >= beginningBytes) request.off('data', keep);
  };
  request.on('data', keep);
  return () => Buffer.concat(chunks).toString('latin1');
}

const beginningBytes = 4096;

function missingFile(fields: Readonly<Record<string, unknown>>, beginning: string): KeepsakeError {
  const text = fields[fileField];
  return new KeepsakeError('MissingFile', {
    what: 'the form has no file',
    expected: `one file in the field ${fileField}`,
    got: typeof text === 'string' ? textInstead(text, beginning) : nothingInstead(beginning),
    remedy: `Choose a file, or send one with curl -F ${fileField}=@file.`,
  });
}

// A part is a file by its filename, or by the type application/octet-stream. Source: RFC 7578, 4.2; HTML, multipart/form-data.
function textInstead(text: string, beginning: string): string {
  if (text === '') return 'an empty text in that field';
  const type = /^content-type:\s*([^\r\n]{1,80})/im.exec(beginning)?.[1];
  return type === undefined ? 'a text in that field' : `a part of the type ${type} that names no file (filename="…")`;
}

function nothingInstead(beginning: string): string {
  const disposition = /^content-disposition:[^\r\n]{0,80}/im.exec(beginning)?.[0];
  const isReadable =
    disposition === undefined || /^content-disposition:\s*form-data\s*;.*\bname\*?=/i.test(disposition);
  if (isReadable) return 'none';
  return `a part whose Content-Disposition can't be read: ${JSON.stringify(disposition)}`;
}

function tooManyFiles(): KeepsakeError {
  return new KeepsakeError('TooManyFiles', {
    what: 'the form has more than one file',
    expected: `one file in the field ${fileField}`,
    remedy: 'Send each image as a request of its own.',
  });
}

function unexpectedField(name: string): KeepsakeError {
  return new KeepsakeError('UnexpectedField', {
    what: 'the file is in a field of another name',
    expected: fileField,
    got: JSON.stringify(name.slice(0, 100)),
    remedy: `Name the field ${fileField}.`,
  });
}
