// An intent's account of its change. An intent has fields for the bucket and the key; all else is in its operation.
import type { Affected } from '../put-back/agree.ts';
import type { Intent } from '../store/contract.ts';

/** The operation as an intent keeps it, with what the intent has no field for. */
export function describeOperation(operation: string, { uploadId, partNumber, setting }: Affected): string {
  return JSON.stringify({ operation, uploadId, partNumber, setting });
}

/** The things that the change of an intent may have touched. */
export function affectedBy({ bucket, key, operation }: Intent): Affected {
  const { uploadId, partNumber, setting } = JSON.parse(operation) as Partial<Affected>;
  return {
    bucket,
    keys: key === null ? null : [key],
    ...(uploadId !== undefined && { uploadId }),
    ...(partNumber !== undefined && { partNumber }),
    ...(setting !== undefined && { setting }),
  };
}
