// The Job that creates the bucket: idempotent, so it may run at any time and again. A Job's template can't be changed,
// so its name carries its checksum: a changed one is a new Job, and finished ones remove themselves.
import { Duration } from 'cdk8s';
import * as kplus from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { Component, type ComponentProps } from '../component.ts';
import { keepsakeContainer, keepsakeUserId } from '../keepsake-container.ts';
import { nameByContent } from '../patches.ts';
import { failAtOnce, mountScratch, podProps, seal } from '../pods.ts';
import type { SharedSettings } from './shared-settings.ts';

export interface BucketProps extends ComponentProps {
  readonly settings: SharedSettings;
}

export class Bucket extends Component {
  constructor(scope: Construct, props: BucketProps) {
    super(scope, 'bucket', props);
    const { settings, environment } = props;
    const image = environment.images.keepsake;
    const job = new kplus.Job(this, 'job', {
      ...podProps('bucket', keepsakeUserId, settings.checksums),
      metadata: { name: 'keepsake-bucket' },
      restartPolicy: kplus.RestartPolicy.NEVER,
      backoffLimit: 3,
      activeDeadline: Duration.minutes(15),
      ttlAfterFinished: Duration.hours(1),
    });
    const container = job.addContainer(
      keepsakeContainer('bucket', { image, command: ['bucket', 'ensure', '--wait', '10m'], envFrom: settings.envFrom }),
    );
    mountScratch(job, container, '/tmp');
    seal(job, 'bucket');
    failAtOnce(job, container, [2]);
    nameByContent(job);
  }
}
