import { expect, test } from 'vitest';
import {
  booleanSetting,
  choiceSetting,
  durationSetting,
  type Environment,
  integerSetting,
  optionalUrl,
  parseDurationMs,
  readSettings,
  readTogether,
  sizeSetting,
  textSetting,
} from './config.ts';

const settings = {
  name: textSetting('NAME', 'what it is called'),
  secret: textSetting('SECRET', 'a password', { isSecret: true, fallback: 'x' }),
  level: choiceSetting('LEVEL', 'how much is said', ['info', 'debug'], { fallback: 'info' }),
  isOn: booleanSetting('ON', 'whether it is on', { fallback: false }),
  count: integerSetting('COUNT', 'how many', { min: 1, max: 9 }, { fallback: 3 }),
  url: optionalUrl('URL', 'where it is', ['http:']),
  ageMs: durationSetting('AGE', 'how old', { fallback: 1000 }),
  sizeBytes: sizeSetting('SIZE', 'how large', { fallback: 1 }),
};

test('gives defaults for what is not set or empty, and trims what is', () => {
  expect(readSettings({ NAME: ' a ', LEVEL: '', COUNT: '  ' }, settings)).toEqual({
    name: 'a',
    secret: 'x',
    level: 'info',
    isOn: false,
    count: 3,
    url: undefined,
    ageMs: 1000,
    sizeBytes: 1,
  });
});

test('reads every kind', () => {
  const env = { NAME: 'a', LEVEL: 'debug', ON: 'Yes', COUNT: '9', URL: 'http://h:1/', AGE: '1.5h', SIZE: '2KiB' };
  expect(readSettings(env, settings)).toMatchObject({
    level: 'debug',
    isOn: true,
    count: 9,
    url: 'http://h:1',
    ageMs: 5_400_000,
    sizeBytes: 2048,
  });
});

test.each([
  ['LEVEL', 'loud', 'one of info, debug'],
  ['ON', 'maybe', 'true or false'],
  ['COUNT', '10', 'a whole number from 1 to 9'],
  ['COUNT', '1e0', 'a whole number from 1 to 9'],
  ['URL', 'ftp://h', 'a URL that begins with http://'],
  ['AGE', '5 minutes', 'a time such as 90s'],
  ['SIZE', '-1', 'a size in bytes'],
])('refuses %s=%s and says that it expected %s', (name, value, expected) => {
  expect(() => readSettings({ NAME: 'a', [name]: value }, settings)).toThrow(expected);
});

test('reports all faults at once, and never a secret', () => {
  const read = () =>
    readSettings(
      { SECRET: 'hunter2', ON: 'x', COUNT: 'y' },
      { ...settings, secret: integerSetting('SECRET', 'a pin', { min: 0, max: 1 }, { isSecret: true }) },
    );
  expect(read).toThrow(/^4 settings can't be used:/);
  expect(read).toThrow(/NAME is not set[\s\S]*SECRET[\s\S]*ON[\s\S]*COUNT/);
  expect(read).not.toThrow(/hunter2/);
});

test('asks for conflicts only once every value could be read', () => {
  const conflict = () => [{ what: 'these two exclude each other', remedy: 'Unset one.' }];
  expect(() => readSettings({ NAME: 'a' }, settings, conflict)).toThrow('these two exclude each other. Unset one.');
});

test('freezes what it gives', () => {
  expect(Object.isFrozen(readSettings({ NAME: 'a' }, settings))).toBe(true);
});

test.each([
  ['0', 0],
  ['250ms', 250],
  ['90s', 90_000],
  ['7d', 604_800_000],
  ['1', undefined],
  ['1y', undefined],
  ['', undefined],
])('reads the time %j as %s ms', (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms);
});

test('readers called together tell all faults at once, a shared one once', () => {
  const [name, count] = [{ name: settings.name }, { name: settings.name, count: settings.count }];
  const readers = [
    (env: Environment) => readSettings(env, name),
    (env: Environment) => readSettings(env, count),
  ] as const;
  expect(readTogether({ NAME: 'a' }, readers)).toEqual([{ name: 'a' }, { name: 'a', count: 3 }]);
  expect(() => readTogether({ COUNT: 'x' }, readers)).toThrow(
    /^2 settings can't be used:\n.*NAME is not set.*\n.*COUNT can't be used/,
  );
  const broken = () => {
    throw new TypeError('a bug');
  };
  expect(() => readTogether({}, [...readers, broken])).toThrow('a bug');
});
