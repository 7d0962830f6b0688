// Whether the machine was started since: what an emulator wrote without fsync is gone then, and a mark in it proves nothing.
import { readFileSync } from 'node:fs';

/** Another text after each start of the machine (Linux, in a container too); empty where it can't be told. */
export function machineStart(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return ''; // no Linux
  }
}
