// JSON logs, object first, then a short message. Never a secret, never a body: what might hold one is redacted by name.
import pino, { type Logger } from 'pino';

export type { Logger };

/** Field names whose values never reach a log, at any of the first two levels. */
const secretFields = ['password', 'secretAccessKey', 'sessionToken', 'databaseUrl', 'authorization', 'token'];

/** A logger for one part. `level`: a pino level, `silent` included. Writes to stderr, so stdout stays for results. */
export function createLogger(part: string, level = 'info'): Logger {
  return pino(
    {
      level,
      base: { part },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: [...secretFields, ...secretFields.map((field) => `*.${field}`)], censor: '***' },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

/** A logger that says nothing: for tests, and for a command whose output is its result. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}
