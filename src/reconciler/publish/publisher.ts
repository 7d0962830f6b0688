// Chooses the publisher by the settings.
import type { ReconcilerConfig } from '../config.ts';
import { createFilePublisher } from './file-publisher.ts';
import type { ReportPublisher } from './report-publisher.ts';

/** The publisher that the settings ask for; null for none. @throws KeepsakeError `ClusterUnreachable` */
export async function createPublisher(config: ReconcilerConfig): Promise<ReportPublisher | null> {
  switch (config.target) {
    case 'none':
      return null;
    case 'file':
      return createFilePublisher(config.manifestFile, config.namespace);
    case 'configmap': {
      const { createClusterPublisher } = await import('./cluster-publisher.ts'); // large, and seldom needed
      return createClusterPublisher(config);
    }
  }
}
