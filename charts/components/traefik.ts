// The ingress controller of the local cluster, on port 80 of its node. It has a namespace of its own, because a host
// port is more than `baseline` allows, and sees the Ingresses of ours only.
import * as kplus from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { Component, type ComponentProps } from '../component.ts';
import { exact } from '../exact.ts';
import { makeClusterScoped } from '../patches.ts';
import { httpProbe, mountScratch, podProps, resources, seal, startedWhen } from '../pods.ts';

export const traefikClassName = 'traefik';

/** Ports inside its pod: it runs as nobody, and the node's port 80 leads to `web`. */
const entryPoints = { web: 8000, ping: 9000 } as const;
const userId = 65532;

/** Traefik's own question. It listens a moment before it knows the way to `/ping`, and until then answers 404. */
const isUp = `traefik healthcheck --ping --ping.entrypoint=ping --entrypoints.ping.address=:${entryPoints.ping}`;

export class Traefik extends Component {
  constructor(scope: Construct, props: ComponentProps) {
    const { namespace: watched, images } = props.environment;
    const namespace = traefikNamespace(watched);
    super(scope, 'traefik', { ...props, namespace });
    const ownNamespace = new kplus.Namespace(this, 'namespace', {
      metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } },
    });
    const ingressClass = new kplus.k8s.KubeIngressClass(this, 'class', {
      metadata: { name: traefikClassName },
      spec: { controller: 'traefik.io/ingress-controller' },
    });
    makeClusterScoped(ownNamespace, ingressClass);
    const workload = new kplus.Deployment(this, 'deployment', {
      ...podProps('traefik', userId),
      metadata: { name: 'traefik' },
      serviceAccount: exact(this.#createAccount(watched)),
      automountServiceAccountToken: true,
      replicas: 1,
      strategy: kplus.DeploymentStrategy.recreate(), // two can't have the same host port
    });
    const container = workload.addContainer({
      name: 'traefik',
      image: images.traefik,
      imagePullPolicy: kplus.ImagePullPolicy.IF_NOT_PRESENT,
      args: [
        `--entrypoints.web.address=:${entryPoints.web}`,
        '--entrypoints.web.transport.respondingtimeouts.readtimeout=0s', // an upload may take its time
        `--entrypoints.ping.address=:${entryPoints.ping}`,
        '--ping=true',
        '--ping.entrypoint=ping',
        '--providers.kubernetesingress=true',
        `--providers.kubernetesingress.namespaces=${watched}`,
        `--providers.kubernetesingress.ingressclass=${traefikClassName}`,
        // An API without a ready pod answers 503; without this its paths would fall through to the page, or be a 404.
        '--providers.kubernetesingress.allowemptyservices=true',
        '--global.checknewversion=false',
        '--global.sendanonymoususage=false',
      ],
      ports: [{ name: 'web', number: entryPoints.web, hostPort: 80 }],
      startup: startedWhen(isUp, { withinSeconds: 60 }),
      readiness: httpProbe('/ping', { port: entryPoints.ping, everySeconds: 5, failures: 2 }),
      liveness: httpProbe('/ping', { port: entryPoints.ping, everySeconds: 10, failures: 6 }),
      resources: resources({ cpuMillis: 50, memoryMiB: 64, memoryLimitMiB: 256 }),
    });
    mountScratch(workload, container, '/tmp');
    seal(workload, 'traefik');
  }

  /** An account that may read what Traefik's Ingress provider watches: in the one namespace, and classes and nodes. */
  #createAccount(watched: string): kplus.ServiceAccount {
    const account = new kplus.ServiceAccount(this, 'service-account', { metadata: { name: 'traefik' } });
    const role = new kplus.Role(this, 'role', { metadata: { name: 'traefik', namespace: watched } });
    role.allowRead(
      kplus.ApiResource.SERVICES,
      kplus.ApiResource.ENDPOINT_SLICES,
      kplus.ApiResource.SECRETS, // certificates of Ingresses; its provider can't be told to do without
      kplus.ApiResource.INGRESSES,
    );
    const binding = new kplus.RoleBinding(this, 'role-binding', {
      metadata: { name: 'traefik', namespace: watched },
      role: exact(role),
    });
    binding.addSubjects(account);
    const name = `${watched}-traefik`;
    const clusterRole = new kplus.ClusterRole(this, 'cluster-role', { metadata: { name } });
    clusterRole.allowRead(kplus.ApiResource.INGRESS_CLASSES, kplus.ApiResource.NODES);
    const everywhere = { metadata: { name }, role: exact<kplus.IClusterRole>(clusterRole) };
    const clusterBinding = new kplus.ClusterRoleBinding(this, 'cluster-role-binding', everywhere);
    clusterBinding.addSubjects(account);
    makeClusterScoped(clusterRole, clusterBinding);
    return account;
  }
}

export function traefikNamespace(watched: string): string {
  return `${watched}-ingress`;
}
