// The reconciler as a CronJob, and the repair as a CronJob that never runs by itself. To run it:
//   kubectl create job --from=cronjob/keepsake-repair fix-1
//
// Their account may write the report and Events, nothing else (see report-guard.ts for what RBAC can't say).
import { Cron, Duration } from 'cdk8s';
import * as kplus from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { cluster } from '../../src/shared/names.ts';
import { Component, type ComponentProps } from '../component.ts';
import { exact } from '../exact.ts';
import { keepsakeContainer, keepsakeUserId, roleAnnotations } from '../keepsake-container.ts';
import { failAtOnce, mountScratch, podProps, seal } from '../pods.ts';
import { addReportGuard } from './report-guard.ts';
import type { SharedSettings } from './shared-settings.ts';

/** Less than the time between two runs: the first one may come before database and bucket. */
const patience = '3m';

export interface ReconcilerProps extends ComponentProps {
  readonly settings: SharedSettings;
}

/** One of the two CronJobs. */
interface RunProps {
  readonly name: string;
  readonly command: readonly string[];
  readonly schedule: string;
  readonly isSuspended: boolean;
  readonly deadline: Duration;
}

export class Reconciler extends Component {
  readonly #settings: SharedSettings;
  readonly #account: kplus.ServiceAccount;

  constructor(scope: Construct, props: ReconcilerProps) {
    super(scope, 'reconciler', props);
    const { environment } = props;
    this.#settings = props.settings;
    this.#account = this.#createAccount();
    addReportGuard(this, environment.namespace);
    this.#addRun({
      name: cluster.reconcilerCronJob,
      command: ['reconcile', '--wait', patience],
      schedule: environment.integrity.schedule,
      isSuspended: false,
      deadline: Duration.minutes(30),
    });
    this.#addRun({
      name: cluster.repairCronJob,
      command: ['reconcile', '--fix', '--wait', patience],
      schedule: '0 0 1 1 *',
      isSuspended: true,
      deadline: Duration.hours(2),
    });
  }

  #createAccount(): kplus.ServiceAccount {
    const metadata = { name: 'reconciler' };
    const account = new kplus.ServiceAccount(this, 'service-account', {
      metadata: { ...metadata, annotations: roleAnnotations(this.environment) },
    });
    const role = new kplus.Role(this, 'role', { metadata });
    // create and patch: server-side apply; get, list and delete: the history and its pruning.
    role.allow(['get', 'list', 'create', 'patch', 'delete'], kplus.ApiResource.CONFIG_MAPS);
    role.allow(['create'], kplus.ApiResource.custom({ apiGroup: 'core', resourceType: 'events' }));
    new kplus.RoleBinding(this, 'role-binding', { metadata, role: exact(role) }).addSubjects(account);
    return account;
  }

  #addRun({ name, command, schedule, isSuspended, deadline }: RunProps): void {
    const { images, integrity, namespace } = this.environment;
    const job = new kplus.CronJob(this, name, {
      ...podProps('reconciler', keepsakeUserId, this.#settings.checksums),
      metadata: { name },
      schedule: cronOf(schedule),
      timeZone: 'Etc/UTC',
      suspend: isSuspended,
      concurrencyPolicy: kplus.ConcurrencyPolicy.FORBID,
      startingDeadline: Duration.minutes(5),
      successfulJobsRetained: 3,
      failedJobsRetained: 3,
      activeDeadline: deadline,
      backoffLimit: 3,
      restartPolicy: kplus.RestartPolicy.NEVER,
      serviceAccount: exact(this.#account),
      automountServiceAccountToken: true,
    });
    const container = job.addContainer(
      keepsakeContainer('reconciler', {
        image: images.keepsake,
        command,
        envFrom: this.#settings.envFrom,
        env: {
          REPORT_TARGET: 'configmap',
          REPORT_NAMESPACE: namespace,
          INTEGRITY_GRACE: integrity.grace,
          KEEPSAKE_DATA: '/tmp',
        },
      }),
    );
    mountScratch(job, container, '/tmp');
    seal(job, 'reconciler');
    failAtOnce(job, container, [1, 2]);
  }
}

function cronOf(schedule: string): Cron {
  const [minute, hour, day, month, weekDay, ...rest] = schedule.trim().split(/\s+/);
  if (!(minute && hour && day && month && weekDay) || rest.length > 0)
    throw new Error(`integrity.schedule: expected cron's five fields, such as "*/5 * * * *", got "${schedule}"`);
  return Cron.schedule({ minute, hour, day, month, weekDay });
}
