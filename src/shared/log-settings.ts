// How much is logged, for every part alike.
import { choiceSetting, type Environment, readSettings } from './config.ts';

const levels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

export type LogLevel = (typeof levels)[number];

const logLevel = choiceSetting('LOG_LEVEL', 'how much is logged', levels, { fallback: 'info' });

export const logSettings = { logLevel } as const;

/** @throws KeepsakeError `InvalidSettings` */
export function readLogLevel(env: Environment, fallback: LogLevel = 'info'): LogLevel {
  return readSettings(env, { logLevel: { ...logLevel, fallback } }).logLevel;
}
