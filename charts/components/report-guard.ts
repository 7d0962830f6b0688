// The rule that RBAC can't express: RBAC knows names or all, and reports have a time in their names. An admission
// policy (stable since Kubernetes 1.30) refuses the reconciler's account every ConfigMap whose name isn't the report's
// or begins with it.
import { ApiObject } from 'cdk8s';
import { cluster } from '../../src/shared/names.ts';
import type { Component } from '../component.ts';
import { makeClusterScoped } from '../patches.ts';

export function addReportGuard(chart: Component, namespace: string): void {
  const metadata = { name: `${namespace}-report-guard` };
  const guard = new ApiObject(chart, 'guard', {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata,
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: [''],
            apiVersions: ['v1'],
            operations: ['CREATE', 'UPDATE', 'DELETE'],
            resources: ['configmaps'],
          },
        ],
      },
      matchConditions: [
        {
          name: 'reconciler',
          expression: `request.userInfo.username == 'system:serviceaccount:${namespace}:reconciler'`,
        },
      ],
      validations: [
        {
          expression: `(object != null ? object : oldObject).metadata.name.matches('^${cluster.reportConfigMap}(-.+)?$')`,
          message: `the reconciler may write no ConfigMap but ${cluster.reportConfigMap} and its history`,
          reason: 'Forbidden',
        },
      ],
    },
  });
  const binding = new ApiObject(chart, 'guard-binding', {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata,
    spec: {
      policyName: metadata.name,
      validationActions: ['Deny'],
      matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
    },
  });
  makeClusterScoped(guard, binding);
}
